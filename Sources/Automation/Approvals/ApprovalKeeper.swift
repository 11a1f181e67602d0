import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging
import PostgresClient
import Store

/// Shows in each house what waits for a decision, sends it to the phones of those who decide where they wish so, and takes their
/// answers from the event stream. A failure is logged and tried again; nothing waits for it.
///
/// Each notification is a write to Home Assistant: none is made under an emergency stop.
package final class ApprovalKeeper: Sendable {
    private struct House {
        /// Wakes the session that is followed; `nil` between two of them.
        var wake: Mailbox<Void>?
        var number = 0
        var answers: [PhoneAnswer] = []
    }

    private let workplace: AutomationWorkplace
    private let pacing: ApprovalPacing
    private let phones: ApprovalNotificationRepository
    private let houses = LockedBox<[ConnectionID: House]>([:])
    private let waiting: SharedLook

    /// More answers than people give between two looks; what comes beyond is dropped.
    private static let answersAtMost = 100

    /// A keeper that works in `workplace`.
    package init(_ workplace: AutomationWorkplace, pacing: ApprovalPacing = ApprovalPacing()) {
        self.workplace = workplace
        self.pacing = pacing
        let phones = ApprovalNotificationRepository(workplace.pool, keys: workplace.auditKeys)
        self.phones = phones
        waiting = SharedLook(age: (pacing.look / 2).scaled) { try await phones.connectionsToTell() }
    }

    /// Takes a signal of the event stream. May be called from any thread; never waits.
    package func receive(_ signal: AutomationSignal, of connection: ConnectionID) {
        guard case .notificationAnswered(let name, let person, let reply) = signal,
            let action = ApprovalAction(name), let digest = try? action.tokenDigest()
        else { return }
        let answer = PhoneAnswer(
            workflow: action.workflow, isApproval: action.isApproval, tokenDigest: digest, homeAssistantUser: person,
            reply: reply)
        let wake = houses.withLock { houses -> Mailbox<Void>? in
            var house = houses[connection] ?? House()
            guard house.answers.count < Self.answersAtMost, !house.answers.contains(answer) else { return nil }
            house.answers.append(answer)
            houses[connection] = house
            return house.wake
        }
        wake?.push(())
    }

    /// Works over the session behind `port` until the task is cancelled.
    package func follow(_ connection: ConnectionID, over port: CommandPort) async {
        var logger = workplace.logger
        logger[metadataKey: LoggingKeys.connectionID] = "\(connection)"
        let wake = Mailbox<Void>(timer: workplace.timer)
        let number = houses.withLock { houses -> Int in
            houses[connection, default: House()].wake = wake
            houses[connection, default: House()].number += 1
            return houses[connection]?.number ?? 0
        }
        defer {
            houses.withLock { if $0[connection]?.number == number { $0[connection]?.wake = nil } }
        }
        var desk = ApprovalDesk(
            connection: connection, port: port, workplace: workplace, phones: phones, waiting: waiting, pacing: pacing,
            logger: logger)
        while !Task.isCancelled {
            await takeAnswers(connection, logger)
            await desk.tell()
            guard !Task.isCancelled else { return }
            _ = await wake.next(until: .now + pacing.look.scaled)
        }
    }

    /// Judges the answers one by one. One that could not be judged stays for the next time, in the next session if need be.
    private func takeAnswers(_ connection: ConnectionID, _ logger: Logger) async {
        while let answer = houses.withLock({ $0[connection]?.answers.first }) {
            do {
                let verdict = try await phones.take(answer, of: connection, at: .now)
                houses.withLock { houses in
                    houses[connection]?.answers.removeAll { $0 == answer }
                }
                Self.log(verdict, answer, logger)
            } catch {
                if !Task.isCancelled {
                    logger.warning(
                        "Cannot store what a phone answered to a proposal. Trying again.",
                        metadata: [LoggingKeys.error: "\(error)"])
                }
                return
            }
        }
    }

    private static func log(_ verdict: PhoneVerdict, _ answer: PhoneAnswer, _ logger: Logger) {
        switch verdict {
        case .counted(let workflow):
            logger.notice(
                "A phone decided a proposal.",
                metadata: [
                    "workflow.id": "\(workflow.id)", "vote": answer.isApproval ? "approved" : "rejected",
                    LoggingKeys.state: "\(workflow.status.rawValue)",
                ])
        case .refused(let reason):
            logger.warning(
                "An answer of a phone to a proposal does not count.",
                metadata: ["workflow.id": "\(answer.workflow)", LoggingKeys.reason: "\(reason.rawValue)"])
        }
    }
}
