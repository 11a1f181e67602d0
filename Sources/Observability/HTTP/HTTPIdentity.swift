import BridgeCore
import NIOSSL

/// The certificate with which the HTTP server shows who it is, and its key.
package struct HTTPIdentity: Sendable {
    let configuration: TLSConfiguration

    /// Reads two PEM files: the certificate with those that lead to it, and the private key. Throws an `HTTPServerError` that names
    /// the file that cannot be used.
    package init(certificate: String, privateKey: String) throws(HTTPServerError) {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificate)
        } catch {
            throw .init(
                code: .badIdentity,
                message:
                    "Cannot use the certificate \(certificate) of HA_BRIDGE_HTTP_CERTIFICATE. It must be a PEM file that this user may read."
            )
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: privateKey, format: .pem)
        } catch {
            throw .init(
                code: .badIdentity,
                message:
                    "Cannot use the key \(privateKey) of HA_BRIDGE_HTTP_PRIVATE_KEY. It must be a PEM file without a password that this user may read."
            )
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            // A key of another certificate shows here, not to the first visitor.
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw .init(
                code: .badIdentity,
                message:
                    "The key \(privateKey) does not belong to the certificate \(certificate), or one of them is of no use for TLS."
            )
        }
        self.configuration = configuration
    }

    /// When the first certificate of a PEM file ends to hold. Throws an `HTTPServerError` for a file that has none.
    package static func expiry(ofCertificate path: String) throws(HTTPServerError) -> Timestamp {
        guard let first = try? NIOSSLCertificate.fromPEMFile(path).first else {
            throw .init(code: .badIdentity, message: "The file \(path) holds no certificate that this user may read.")
        }
        return Timestamp(microseconds: Int64(first.notValidAfter) * 1_000_000)
    }
}
