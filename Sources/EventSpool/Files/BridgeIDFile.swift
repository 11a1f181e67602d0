import BridgeCore
import Glibc

/// The file `bridge-id`: which bridge this is, the same after each restart.
enum BridgeIDFile {
    static let name = "bridge-id"

    /// Reads the id; makes one the first time, or when the file is damaged. Then the damaged one moves to the quarantine.
    static func readOrMake(in directory: SpoolDirectory) throws(SpoolError) -> (id: BridgeID, wasDamaged: Bool) {
        let text = try directory.text(of: name)
        if let text, let id = parse(text) { return (id, false) }
        if text != nil {
            let target = "\(SpoolDirectory.quarantineName)/\(name).\(Timestamp.now.microseconds)"
            _ = renameat(directory.descriptor, name, directory.descriptor, target)
        }
        let id = BridgeID()
        try write(id, in: directory)
        return (id, text != nil)
    }

    /// Puts `id` back when the file is gone or says something else. Returns whether that was needed.
    static func restore(_ id: BridgeID, in directory: SpoolDirectory) throws(SpoolError) -> Bool {
        if let text = try directory.text(of: name), parse(text) == id { return false }
        try write(id, in: directory)
        return true
    }

    private static func write(_ id: BridgeID, in directory: SpoolDirectory) throws(SpoolError) {
        try directory.replace(name, with: "\(id)\n")
    }

    private static func parse(_ text: String) -> BridgeID? {
        // Someone may have copied it by hand, with or without the end of the line.
        var text = Substring(text)
        while text.last?.isWhitespace == true { text.removeLast() }
        return BridgeID(String(text))
    }
}
