import BridgeConcurrency
import Observability

extension BridgeSettings {
    /// Whether this process speaks TLS itself.
    var usesTLS: Bool { httpCertificate != nil }

    /// Throws a `ConfigurationError` where others than this machine would be served in the clear, and nobody said that they may.
    func checkListening() throws(ConfigurationError) {
        guard !httpAddress.isLoopback, !usesTLS, !acceptsPlaintext else { return }
        throw ConfigurationError(problems: [
            "HA_BRIDGE_HTTP_ADDRESS is \(httpAddress), which others reach over the network, and there is no TLS: passwords would "
                + "travel in the clear. Set HA_BRIDGE_HTTP_CERTIFICATE and HA_BRIDGE_HTTP_PRIVATE_KEY, or listen on 127.0.0.1 "
                + "behind a proxy that speaks TLS, or say that you know with HA_BRIDGE_HTTP_PLAINTEXT=accept."
        ])
    }

    /// The certificate and its key; `nil` without TLS. Throws a `ConfigurationError` where they cannot be used.
    func httpIdentity() throws(ConfigurationError) -> HTTPIdentity? {
        guard let httpCertificate, let httpPrivateKey else { return nil }
        do {
            return try HTTPIdentity(certificate: httpCertificate, privateKey: httpPrivateKey)
        } catch {
            throw ConfigurationError(problems: [error.message])
        }
    }

    /// The link that sets a password: `http://127.0.0.1:8099/#/welcome/…`.
    func welcomeLink(_ secret: String) -> String { "\(consoleURL)#/welcome/\(secret)" }

    /// Where a browser on this machine finds the console.
    var consoleURL: String {
        // Who listens everywhere is reached by this machine's own name for itself.
        let host = ["0.0.0.0", "::"].contains(httpAddress.host) ? "localhost" : httpAddress.host
        return "\(usesTLS ? "https" : "http")://\(HTTPAddress(host: host, port: httpAddress.port))/"
    }
}
