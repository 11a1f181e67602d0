import BridgeCore
import Cryptography
import Glibc
import PostgresClient
import Store

/// Writes down what a command did, in the same go.
struct AuditTrail: Sendable {
    private let repository: AuditLogRepository
    private let account: String

    init(_ pool: PostgresPool, _ settings: BridgeSettings, _ context: CommandContext) {
        repository = AuditLogRepository(pool, keys: context.auditKeys(settings))
        // The database knows whose connection it is, this says who sat at the machine.
        account = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "uid \(geteuid())"
    }

    /// Appends one row. `details` and `message` are free of secrets: nobody can take them back.
    func record(
        _ action: AuditAction, connection: ConnectionID?, user: UserID, success: Bool = true,
        details: [String: JSONValue] = [:], message: String? = nil, duration: Duration? = nil
    ) async throws {
        let details = details.merging(["account": .string(account), "by": .string("command")]) { own, _ in own }
        let entry = AuditEntry(
            connectionID: connection, userID: user, action: action,
            details: try JSONValue.object(details).text(indented: false), userAgent: BridgeVersion.userAgent,
            success: success, errorMessage: message, durationMS: duration.map(TimeText.milliseconds),
            createdAt: TimeText.now())
        do {
            try await repository.append([entry])
        } catch {
            let failure = CommandFailure(error)
            throw CommandFailure(
                failure.status,
                "What was asked for is done, but the audit log could not be written: \(failure.message)")
        }
    }
}

extension CommandContext {
    /// The keys that sign and verify the audit trail. Throws `CryptographyError` where the keyring cannot be used.
    func requireAuditKeys(_ settings: BridgeSettings) throws(CryptographyError) -> AuditKeys {
        AuditKeys(try Keyring.load(path: settings.keyFile))
    }

    /// The keys that sign what a command writes to the audit trail; `nil`, with a word to the person, where the keyring cannot be
    /// used: what was asked for is done all the same.
    func auditKeys(_ settings: BridgeSettings) -> AuditKeys? {
        do {
            return try requireAuditKeys(settings)
        } catch {
            // Before there is a keyring, nothing is signed, and nothing is wrong.
            guard error.code != .keyringMissing else { return nil }
            console.note(
                "\(error.message) The audit row of this command is not signed, and ha-bridge audit verify will say so.")
            return nil
        }
    }
}
