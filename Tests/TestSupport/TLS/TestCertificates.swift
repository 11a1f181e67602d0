import Foundation

/// A certificate authority and server certificates, good ones and bad ones, made with the `openssl` command in a directory of their own.
///
/// The directory is removed with the last reference.
package final class TestCertificates: Sendable {
    /// What is right or wrong with a certificate.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case valid
        case expired
        case notYetValid
        case wrongName
        case selfSigned
    }

    /// A certificate and its key, as PEM files.
    package struct Server: Sendable, Codable {
        package let certificateFile: String
        package let keyFile: String
    }

    /// The command did not do what it should.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// The names that the good certificate is issued for.
    package static let names = ["localhost", "homeassistant.test"]

    /// The authority to trust, a PEM file.
    package let authorityFile: String

    private let directory: URL

    /// Makes all of them; takes a few tenths of a second.
    package init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        authorityFile = directory.appending(path: "ca.pem").path
        try makeAuthority()
        let good = "subjectAltName=DNS:localhost,DNS:homeassistant.test,IP:127.0.0.1,IP:::1"
        let decade = ("20200101000000Z", "20490101000000Z")
        try makeServer(.valid, names: good, from: decade.0, until: decade.1)
        try makeServer(.expired, names: good, from: "20200101000000Z", until: "20210101000000Z")
        try makeServer(.notYetValid, names: good, from: "20480101000000Z", until: "20490101000000Z")
        try makeServer(.wrongName, names: "subjectAltName=DNS:other.example", from: decade.0, until: decade.1)
        try makeSelfSigned(names: good)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// The files of one certificate.
    package func server(_ kind: Kind) -> Server {
        Server(
            certificateFile: directory.appending(path: "\(kind.rawValue).pem").path,
            keyFile: directory.appending(path: "\(kind.rawValue).key").path)
    }

    /// The SHA-256 of a certificate's public key in base64, as `openssl` gives it.
    package func pin(_ kind: Kind) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = [
            "-c",
            "openssl x509 -in \"$0\" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64",
            server(kind).certificateFile,
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: "openssl gave no digest of the key") }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func makeAuthority() throws {
        // `openssl ca` and not `x509 -req`: only it sets both dates before OpenSSL 3.4.
        let configuration = """
            [ca]
            default_ca = test
            [test]
            database = \(directory.path)/index.txt
            serial = \(directory.path)/serial
            new_certs_dir = \(directory.path)
            certificate = \(authorityFile)
            private_key = \(directory.path)/ca.key
            default_md = sha256
            policy = anything
            unique_subject = no
            [anything]
            commonName = supplied
            [req]
            distinguished_name = name
            [name]
            [authority]
            basicConstraints = critical,CA:TRUE
            keyUsage = critical,keyCertSign,cRLSign
            """
        try Data(configuration.utf8).write(to: directory.appending(path: "ca.cnf"))
        try Data().write(to: directory.appending(path: "index.txt"))
        try Data("1000\n".utf8).write(to: directory.appending(path: "serial"))
        try openssl(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
                + ["-config", "ca.cnf", "-extensions", "authority", "-subj", "/CN=Test Authority", "-days", "7300"]
                + ["-keyout", "ca.key", "-out", "ca.pem"])
    }

    private func makeServer(_ kind: Kind, names: String, from: String, until: String) throws {
        let name = kind.rawValue
        try Data((names + "\n").utf8).write(to: directory.appending(path: "\(name).ext"))
        try openssl(
            ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
                + ["-config", "ca.cnf", "-subj", "/CN=Test Server", "-keyout", "\(name).key", "-out", "\(name).csr"])
        try openssl(
            ["ca", "-batch", "-notext", "-config", "ca.cnf", "-in", "\(name).csr", "-out", "\(name).pem"]
                + ["-extfile", "\(name).ext", "-startdate", from, "-enddate", until])
    }

    private func makeSelfSigned(names: String) throws {
        try openssl(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
                + ["-config", "ca.cnf", "-addext", names, "-subj", "/CN=Test Server", "-days", "7300"]
                + ["-keyout", "selfSigned.key", "-out", "selfSigned.pem"])
    }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = directory
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let words = arguments.prefix(2).joined(separator: " ")
            throw Failure(description: "openssl \(words) failed: \(String(decoding: text, as: UTF8.self))")
        }
    }
}
