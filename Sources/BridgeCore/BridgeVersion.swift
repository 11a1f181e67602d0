/// The version of this program, for `--version`, user agents and audit rows.
package enum BridgeVersion {
    /// Semantic version; the one place where it is written.
    package static let string = "0.1.0"

    /// How the bridge names itself to servers: `ha-bridge/0.1.0`.
    package static let userAgent = "ha-bridge/\(string)"
}
