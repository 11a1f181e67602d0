import BridgeConcurrency
import BridgeCore
import Logging
import Store

/// Analyses once a day each house that this process speaks for. A failure is logged and tried again; nothing waits for it.
package struct DecisionKeeper: Sendable {
    /// How often things happen.
    package struct Pacing: Sendable {
        /// After the start, and after a connection came to this process, so that a bridge that starts again and again does not
        /// read weeks of events each time.
        package var first = Duration.seconds(900)
        package var between = Duration.seconds(86_400)
        package var afterFailure = Duration.seconds(3_600)
        /// How often it looks what is due.
        package var look = Duration.seconds(60)

        package init() {}
    }

    private let workplace: AutomationWorkplace
    private let analysis: DecisionAnalysis
    private let pacing: Pacing
    /// Told after each pass that ended well.
    private let onPass: (@Sendable (ConnectionID, DecisionAnalysis.Report) -> Void)?

    /// A keeper that has not started.
    package init(
        _ workplace: AutomationWorkplace, limits: DecisionAnalysis.Limits = DecisionAnalysis.Limits(),
        pacing: Pacing = Pacing(), onPass: (@Sendable (ConnectionID, DecisionAnalysis.Report) -> Void)? = nil
    ) {
        self.workplace = workplace
        analysis = DecisionAnalysis(workplace.pool, limits: limits, auditKeys: workplace.auditKeys)
        self.pacing = pacing
        self.onPass = onPass
    }

    /// Runs until the task is cancelled.
    package func run() async {
        var due: [ConnectionID: ContinuousClock.Instant] = [:]
        while !Task.isCancelled {
            await pass(&due)
            guard (try? await Task.sleep(for: pacing.look.scaled)) != nil else { return }
        }
    }

    /// Analyses what is due, one house after the other.
    private func pass(_ due: inout [ConnectionID: ContinuousClock.Instant]) async {
        let connections: [StoredConnection]
        do {
            connections = try await ConnectionRepository(workplace.pool).list()
        } catch {
            workplace.logger.debug(
                "Cannot list the connections to analyse. Trying again.", metadata: [LoggingKeys.error: "\(error)"])
            return
        }
        // Those that another bridge speaks for by now begin anew when they come back.
        due = due.filter { place in connections.contains { $0.id == place.key && isOurs($0.id) } }
        for connection in connections where isOurs(connection.id) && !Task.isCancelled {
            let time = due[connection.id] ?? .now + pacing.first.scaled
            due[connection.id] = time
            guard time <= .now else { continue }
            due[connection.id] = .now + (await analyse(connection) ? pacing.between : pacing.afterFailure).scaled
        }
    }

    private func isOurs(_ connection: ConnectionID) -> Bool {
        workplace.claims.map { $0(connection) != nil } ?? true
    }

    private func analyse(_ connection: StoredConnection) async -> Bool {
        var logger = workplace.logger
        logger[metadataKey: LoggingKeys.connectionID] = "\(connection.id)"
        var claims: LeaseClaims?
        if let claim = workplace.claims {
            // Another bridge speaks for it by now.
            guard let own = claim(connection.id) else { return false }
            claims = own
        }
        do {
            let report = try await analysis.run(connection, under: claims)
            logger.log(
                level: report.recorded.isEmpty ? .debug : .notice, "Analysed what happened in the house.",
                metadata: [
                    "decisions": "\(report.recorded.count)", "events": "\(report.events)",
                    "automations": "\(report.automations)", "days": "\(report.days)",
                ])
            onPass?(connection.id, report)
            return true
        } catch {
            if Task.isCancelled { return false }
            logger.warning(
                "Cannot analyse what happened in the house. Trying again later.",
                metadata: [LoggingKeys.error: "\(error)"])
            return false
        }
    }
}
