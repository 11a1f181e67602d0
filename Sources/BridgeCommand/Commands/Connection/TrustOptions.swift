import ArgumentParser
import BridgeCore
import FoundationEssentials
import WebSocketTransport

/// What a connection demands of the certificate.
struct TrustOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Certificates in PEM to trust for this connection, in place of the system's. They are stored, not the path.",
            valueName: "file"))
    var caFile: String?

    @Option(
        help: ArgumentHelp(
            "The public key that the certificate must have besides being valid: SHA-256 of its SubjectPublicKeyInfo.",
            valueName: "base64"))
    var pin: String?

    private static let maximumCount = 262_144

    /// What is demanded of `url`. Throws a `CommandFailure` for a file or a key that is none, and for a URL without TLS.
    func trust(for url: HomeAssistantURL) throws -> TLSTrust {
        let trust = TLSTrust(authority: try caFile.map(Self.authority), publicKey: try pin.map(Self.publicKey))
        guard trust == .system || url.isSecure else {
            throw CommandFailure(
                .usage, "\(url.origin) is without TLS, so there is no certificate to demand anything of. Use https://.")
        }
        return trust
    }

    /// The certificates of a file, and nothing else that it may hold.
    static func authority(_ path: String) throws -> String {
        let text: String
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            text = data.count <= maximumCount ? String(decoding: data, as: UTF8.self) : ""
        } catch {
            throw CommandFailure(.usage, "The file \(path) of --ca-file cannot be read. Check its path and mode.")
        }
        guard let certificates = CertificateAuthority.normalised(pem: text) else {
            throw CommandFailure(
                .usage,
                "The file \(path) of --ca-file holds no certificate that can be read, or more than 256 KiB. Give one in PEM,"
                    + " which begins with -----BEGIN CERTIFICATE-----.")
        }
        return certificates
    }

    /// The key as it is stored; curl's spelling is understood, too.
    static func publicKey(_ text: String) throws -> String {
        let key = text.hasPrefix("sha256//") ? String(text.dropFirst(8)) : text
        guard key.utf8.count == 44, Data(base64Encoded: key)?.count == 32 else {
            throw CommandFailure(
                .usage,
                "“\(text)” of --pin is no SHA-256 in base64, which has 44 characters and ends with =. Get it from the"
                    + " certificate: openssl x509 -in cert.pem -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst"
                    + " -sha256 -binary | base64")
        }
        return key
    }
}
