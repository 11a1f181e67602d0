import BridgeCore
import Cryptography
import FoundationEssentials
import Glibc
import Observability

/// What this machine has for the bridge: its state directory, the disk below it, the keyring, the model, the certificate, and the
/// bridge itself.
struct MachineExamination {
    private static let keyAge: Int64 = 400
    private let settings: BridgeSettings
    private let now: Timestamp

    init(_ settings: BridgeSettings, now: Timestamp = TimeText.now()) {
        self.settings = settings
        self.now = now
    }

    func findings() async -> [Finding] {
        [stateDirectory(), disk(), spool(), keyring(), model(), certificate(), await bridge()].compactMap(\.self)
    }

    private func stateDirectory() -> Finding {
        let path = settings.stateDirectory
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            return .wrong(
                "State", "There is no directory \(path).",
                "Make it for the user of the bridge, or name another: HA_BRIDGE_STATE_DIR.")
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            return .wrong(
                "State", "This user may not write to \(path), where received events wait for the database.",
                "Run doctor as the user of the bridge, or give the directory to that user.")
        }
        guard status.st_mode & 0o007 == 0 else {
            return .mind(
                "State", "Everybody on this machine may look into \(path).", "Run: chmod o-rwx \(path)")
        }
        return .well("State", "\(path) is there and may be written.")
    }

    /// The disk must take what waits while the database is away.
    private func disk() -> Finding? {
        var status = statvfs()
        guard statvfs(settings.stateDirectory, &status) == 0 else { return nil }
        let free = Int(status.f_bavail) * Int(status.f_frsize)
        let wanted = max(0, settings.spoolMaxBytes - spoolBytes())
        let text = "\(ByteText.of(free)) are free below \(settings.stateDirectory)"
        guard free >= 64 << 20, status.f_favail > 64 || status.f_files == 0 else {
            return .wrong("Disk", text + ": hardly an event can be kept.", "Make room now.")
        }
        guard free >= wanted else {
            return .mind(
                "Disk", text + ", less than the \(ByteText.of(wanted)) that may wait there while the database is away.",
                "Make room, or lower HA_BRIDGE_SPOOL_MAX_BYTES.")
        }
        return .well("Disk", text + ".")
    }

    private func spool() -> Finding {
        let bytes = spoolBytes()
        let text = "\(ByteText.of(bytes)) of \(ByteText.of(settings.spoolMaxBytes)) are in the spool"
        guard bytes < settings.spoolMaxBytes / 10 * 8 else {
            return .wrong(
                "Spool", text + ": soon nothing more can be kept.",
                "Bring the database back; what comes after that is missing and becomes a gap.")
        }
        guard bytes < settings.spoolMaxBytes / 10 else {
            return .mind(
                "Spool", text + ".", "The database is away or slow: see PostgreSQL below and ha-bridge status.")
        }
        return .well("Spool", text + ".")
    }

    /// Segments that are written already are cut off from time to time: what is there is what waits, and a little more.
    private func spoolBytes() -> Int {
        let directory = settings.stateDirectory + "/spool"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.reduce(0) { sum, name in
            var status = stat()
            return sum + (stat("\(directory)/\(name)", &status) == 0 ? Int(status.st_blocks) * 512 : 0)
        }
    }

    private func keyring() -> Finding {
        let keyring: Keyring
        do {
            keyring = try Keyring.load(path: settings.keyFile)
        } catch {
            return .wrong(
                "Keyring", "\(error)",
                "Put the copy of \(settings.keyFile) back: without it no stored token can be opened. Where there never was one: ha-bridge key new"
            )
        }
        guard keyring.signer != nil else {
            return .mind(
                "Keyring", "\(settings.keyFile) holds no key that signs the audit trail.", "Run: ha-bridge key rotate")
        }
        let oldest = keyring.summaries.filter(\.isPrimary).map(\.createdAt).min() ?? now
        let days = (now.microseconds - oldest.microseconds) / 86_400_000_000
        guard days < Self.keyAge else {
            return .mind("Keyring", "The keys in use are \(days) days old.", "Run: ha-bridge key rotate")
        }
        return .well(
            "Keyring", "\(settings.keyFile) can be used; its keys are \(days) days old. Keep a copy elsewhere.")
    }

    private func model() -> Finding? {
        switch SentenceModel.load(settings) {
        case .ready: .well("Model", "The language model of the search is installed and whole.")
        case .unusable(let reason): .mind("Model", reason, "Until then the search compares words alone.")
        case .notWanted: nil
        }
    }

    private func certificate() -> Finding? {
        guard let path = settings.httpCertificate else { return nil }
        do {
            _ = try settings.httpIdentity()
            let end = try HTTPIdentity.expiry(ofCertificate: path)
            return Self.expiry(of: "Certificate", "The console's certificate", end, now: now)
        } catch {
            return .wrong("Certificate", "\(error)", "Without it the bridge does not start.")
        }
    }

    /// What to say of a certificate that holds until `end`.
    static func expiry(of subject: String, _ name: String, _ end: Timestamp, now: Timestamp) -> Finding {
        let days = (end.microseconds - now.microseconds) / 86_400_000_000
        let text = "\(name) holds until \(TimeText.table(end))"
        guard end > now else {
            return .wrong(subject, "\(name) has expired at \(TimeText.table(end)).", "Renew it.")
        }
        guard days >= 14 else { return .mind(subject, text + ", \(days) days from now.", "Renew it.") }
        return .well(subject, text + ".")
    }

    private func bridge() async -> Finding {
        let address = settings.httpAddress
        guard let health = await HealthProbe(limit: .seconds(3)).ask(address, overTLS: settings.usesTLS),
            case .object(let members) = health
        else {
            return .mind(
                "Bridge", "None answers at \(address).",
                "Start it: ha-bridge run. Where it runs on another machine or in a container, look there.")
        }
        if case .string(let version)? = members["version"], version != BridgeVersion.string {
            return .mind(
                "Bridge", "The one at \(address) is of version \(version), this program of \(BridgeVersion.string).",
                "Start the bridge again with the new program.")
        }
        guard members["status"] == .string("ok") else {
            return .mind(
                "Bridge", "It runs at \(address) and says: \(Self.complaint(members))",
                "See below, and /readyz?verbose.")
        }
        return .well("Bridge", "It runs at \(address) and is well.")
    }

    private static func complaint(_ members: [String: JSONValue]) -> String {
        guard case .array(let reasons)? = members["reasons"] else { return "that it is not well" }
        let words = reasons.compactMap { if case .string(let text) = $0 { text } else { nil } }
        return words.isEmpty ? "that it is not well" : words.joined(separator: " ")
    }
}
