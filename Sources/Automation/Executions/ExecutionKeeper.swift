import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging
import PostgresClient
import Store

/// Keeps `automation_executions` in step with what really ran: an event tells that an automation's actions began, its trace how
/// that ended. Home Assistant keeps five traces of each automation and tells of none; a run whose trace was dropped before it
/// could be read is there as `unknown`. A failure is logged and tried again; nothing here holds up an event.
package final class ExecutionKeeper: Sendable {
    /// One session that is followed.
    private struct Follower {
        let number: Int
        let wake: Mailbox<Void>
        var inbox = SignalInbox()
    }

    private struct State {
        var followers: [ConnectionID: Follower] = [:]
        var lastNumber = 0
        /// Until when the stored events of a connection have been searched by this process.
        var searchedUntil: [ConnectionID: Timestamp] = [:]
    }

    private let workplace: AutomationWorkplace
    private let pacing: ExecutionPacing
    private let leftovers: SharedLook
    private let state = LockedBox(State())

    /// A keeper that works in `workplace`; where that has claims, only for connections whose lease is held.
    package init(_ workplace: AutomationWorkplace, pacing: ExecutionPacing = ExecutionPacing()) {
        self.workplace = workplace
        self.pacing = pacing
        let repository = ExecutionRepository(workplace.pool)
        leftovers = SharedLook(age: (pacing.housekeeping / 4).scaled) {
            try await repository.connectionsWithLeftovers()
        }
    }

    /// Tells what the event stream said of automations, after the events are stored. May be called from any thread, as often as
    /// there are events; never waits.
    package func receive(_ signal: AutomationSignal, of connection: ConnectionID) {
        let wake = state.withLock { state -> Mailbox<Void>? in
            guard let follower = state.followers[connection] else { return nil }
            let isFirst = state.followers[connection]?.inbox.note(signal) ?? false
            return isFirst ? follower.wake : nil
        }
        wake?.push(())
    }

    /// Reads the runs of the connection's automations until the session behind `port` ends or the task is cancelled.
    package func follow(_ connection: ConnectionID, over port: CommandPort) async {
        var logger = workplace.logger
        logger[metadataKey: LoggingKeys.connectionID] = "\(connection)"
        let wake = Mailbox<Void>(timer: workplace.timer)
        let (number, searched) = enrol(connection, wake)
        defer { dismiss(connection, number) }
        let desk = ExecutionDesk(
            connection: connection, workplace: workplace, pacing: pacing, leftovers: leftovers, searchedUntil: searched,
            logger: logger)
        let watch = TraceWatch(
            desk: desk, reader: TraceReader(port, answerLimit: pacing.answerLimit), pacing: pacing, wake: wake,
            takeInbox: { [self] in takeInbox(connection, number) }, logger: logger)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await desk.writeAlways() }
            group.addTask { await desk.keepHouse() }
            group.addTask { await watch.readDetailsAlways() }
            group.addTask { await watch.readAlways() }
            // The reader alone ends by itself: when the session does.
            _ = await group.next()
            group.cancelAll()
        }
        if !Task.isCancelled {
            await watch.giveUpDetails()
            await desk.writeOnce()
        }
        let until = await desk.searchedUntil
        state.withLock { $0.searchedUntil[connection] = until }
    }

    private func takeInbox(_ connection: ConnectionID, _ number: Int) -> SignalInbox {
        state.withLock { state in
            guard state.followers[connection]?.number == number else { return SignalInbox() }
            let inbox = state.followers[connection]?.inbox ?? SignalInbox()
            state.followers[connection]?.inbox = SignalInbox()
            return inbox
        }
    }

    private func enrol(_ connection: ConnectionID, _ wake: Mailbox<Void>) -> (Int, Timestamp?) {
        state.withLock { state in
            state.lastNumber += 1
            state.followers[connection] = Follower(number: state.lastNumber, wake: wake)
            return (state.lastNumber, state.searchedUntil[connection])
        }
    }

    /// Unless a later session has taken the place.
    private func dismiss(_ connection: ConnectionID, _ number: Int) {
        state.withLock { state in
            if state.followers[connection]?.number == number { state.followers[connection] = nil }
        }
    }
}

/// What has been told since someone last looked. Bounded by the number of automations, not by that of events.
struct SignalInbox: Sendable {
    /// Automations that were triggered or changed, by entity id.
    private(set) var entities: Set<String> = []
    /// The oldest `automation_triggered` among them.
    private(set) var triggeredFrom: Timestamp?
    /// Automations may be new or have other ids.
    private(set) var isOtherHouse = false

    /// More automations than any house has.
    private static let limit = 50_000

    var isEmpty: Bool { entities.isEmpty && triggeredFrom == nil && !isOtherHouse }

    /// Adds a signal, and says whether it is the first one.
    mutating func note(_ signal: AutomationSignal) -> Bool {
        let isFirst = isEmpty
        switch signal {
        case .triggered(let entity, let time):
            if entities.count < Self.limit { entities.insert(entity) }
            triggeredFrom = min(triggeredFrom ?? time, time)
        case .stateChanged(let entity):
            if entities.count < Self.limit { entities.insert(entity) }
        case .reloaded, .registryChanged:
            isOtherHouse = true
        case .notificationAnswered:
            return false
        }
        return isFirst
    }
}
