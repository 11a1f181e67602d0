/// The release of this program.
package enum BridgeVersion {
    /// Semantic version.
    package static let string = "0.1.0"
    /// How the program names itself in audit rows and to servers.
    package static let userAgent = "ha-bridge/\(string)"
}
