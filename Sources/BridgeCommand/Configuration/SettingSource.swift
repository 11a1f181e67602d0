/// Where the value of a setting comes from.
enum SettingSource: Sendable, Equatable, CustomStringConvertible {
    case `default`
    /// An environment variable.
    case environment
    /// A line of the file that HA_BRIDGE_CONFIG names.
    case file(path: String, line: Int?)

    var description: String {
        switch self {
        case .default: "default"
        case .environment: "environment"
        case .file(let path, let line?): "file \(path):\(line)"
        case .file(let path, nil): "file \(path)"
        }
    }
}
