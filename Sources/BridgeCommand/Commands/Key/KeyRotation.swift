import Automation
import BridgeConcurrency
import BridgeCore
import Cryptography
import FoundationEssentials
import Store

/// Brings every sealed value of the database under fresh keys, while others read and write them.
///
/// Each step is whole, and the steps are in an order in which every value opens with the keyring file at every moment: fresh keys
/// are in the file before anything is sealed with them, and old ones leave it after the last value, when the database takes none
/// of theirs any more. So it may end anywhere, and a later run goes on.
struct KeyRotation {
    /// A value that does not open.
    struct Failure: Sendable {
        /// What it is, as the middle of a sentence.
        let subject: String
        let reason: String
        let keyIDs: Set<String>
    }

    struct Result: Sendable {
        var primaryKeyID = ""
        var signingKeyID: String?
        var madeKeys = false
        var resealed: [SealedValueRepository.Place: Int] = [:]
        var failures: [Failure] = []
        var removedKeyIDs: [String] = []
        /// Token keys besides the primary one that the keyring still holds.
        var keptKeyIDs: [String] = []
    }

    let editor: KeyringEditor
    let values: SealedValueRepository
    /// Called with how many values were sealed so far.
    var onProgress: (Int) -> Void = { _ in }

    /// Who acts in the audit log: none of the users.
    static let nobody = UserID(UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))

    /// A page is one transaction.
    private static let pageSize = 50

    /// Rotates, or finishes a rotation that was interrupted. Throws `CryptographyError` and `PostgresError`; what does not open
    /// is no error, see `Result.failures`.
    func run(keepsOld: Bool) async throws -> Result {
        var result = Result()
        var keyring = try editor.keyring()
        if try await values.isRetired(keyring.primaryKeyID) {
            // An old copy of the keyring: the database takes nothing under its key.
            result.madeKeys = true
        } else {
            let count = try await settle(keyring, &result)
            let isUnfinished = try await isUnfinished(keyring, result)
            result.madeKeys = count == 0 && !isUnfinished
        }
        if result.madeKeys {
            keyring = try editor.addFreshKeys()
            CrashPoint.afterKeyAdd.reach()
            try await settle(keyring, &result)
        }
        if !keepsOld {
            let old = Self.oldKeyIDs(of: keyring)
            CrashPoint.beforeKeyRetire.reach()
            try await values.retire(old)
            // What was on its way when the keys were retired.
            try await settle(keyring, &result)
            CrashPoint.beforeKeyRemove.reach()
            let removed = old.subtracting(result.failures.flatMap(\.keyIDs))
            keyring = try editor.removeTokenKeys(removed)
            CrashPoint.afterKeyRemove.reach()
            result.removedKeyIDs = removed.sorted()
        }
        result.primaryKeyID = keyring.primaryKeyID
        result.signingKeyID = keyring.signer?.keyID
        result.keptKeyIDs = Self.oldKeyIDs(of: keyring).sorted()
        return result
    }

    /// Whether a rotation ended between retiring a key and taking it out of the keyring.
    private func isUnfinished(_ keyring: Keyring, _ result: Result) async throws -> Bool {
        for id in Self.oldKeyIDs(of: keyring).subtracting(result.failures.flatMap(\.keyIDs)) {
            if try await values.isRetired(id) { return true }
        }
        return false
    }

    private static func oldKeyIDs(of keyring: Keyring) -> Set<String> {
        Set(keyring.tokenKeyIDs).subtracting([keyring.primaryKeyID])
    }

    /// Seals everything with the primary key that is sealed with another and opens, and returns how much that was. What does not
    /// open replaces the failures of `result`.
    @discardableResult
    private func settle(_ keyring: Keyring, _ result: inout Result) async throws -> Int {
        var total = 0
        while true {
            result.failures = []
            var count = 0
            for place in SealedValueRepository.Place.allCases {
                let resealed = try await pass(place, keyring, &result)
                count += resealed
                if resealed > 0 { result.resealed[place, default: 0] += resealed }
            }
            total += count
            // Somebody may have stored a value under the old key behind the place that this pass had reached.
            if count == 0 { return total }
        }
    }

    private func pass(
        _ place: SealedValueRepository.Place, _ keyring: Keyring, _ result: inout Result
    ) async throws -> Int {
        let sealer = TokenSealer(keyring: keyring)
        var count = 0
        var last: SealedValue?
        while true {
            try Task.checkCancellation()
            let page = try await values.values(
                in: place, notUnder: keyring.primaryKeyID, after: last, limit: Self.pageSize)
            guard let end = page.last else { return count }
            last = end
            var replacements: [SealedValueRepository.Replacement] = []
            for value in page {
                do {
                    replacements.append(.init(value, sealed: try Self.reseal(value, with: sealer)))
                } catch let error as CryptographyError where error.code == .libraryFailure {
                    throw error
                } catch {
                    result.failures.append(Self.failure(of: value, error))
                }
            }
            CrashPoint.beforeReseal.reach()
            count += try await values.replace(replacements, in: place)
            CrashPoint.afterReseal.reach()
            onProgress((result.resealed.values.reduce(0, +)) + count)
        }
    }

    private static func reseal(_ value: SealedValue, with sealer: TokenSealer) throws -> String {
        switch value {
        case .token(let connection):
            return try sealer.reseal(connection.sealedToken, for: try connection.tokenBinding())
        case .backup(let backup):
            return try ConfigurationSealer(sealer).reseal(
                backup.sealedSecrets, of: backup.automation, connection: backup.connection)
        case .proposal(let proposal):
            return try ConfigurationSealer(sealer).reseal(
                proposal.sealedSecrets, of: proposal.automation, connection: proposal.connection)
        }
    }

    private static func failure(of value: SealedValue, _ error: any Error) -> Failure {
        switch value {
        case .token(let connection):
            let remedy =
                connection.removedAt == nil
                ? " Store it anew: ha-bridge connection set-token \(connection.name) --user \(connection.username)" : ""
            return Failure(
                subject: "token of the connection “\(connection.name)” of \(connection.username)",
                reason: "\(error)\(remedy)", keyIDs: value.keyIDs)
        case .backup(let backup):
            return Failure(subject: "sealed values of \(backup)", reason: "\(error)", keyIDs: value.keyIDs)
        case .proposal(let proposal):
            return Failure(subject: "sealed values of \(proposal)", reason: "\(error)", keyIDs: value.keyIDs)
        }
    }
}
