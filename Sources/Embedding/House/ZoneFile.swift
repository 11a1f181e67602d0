import FoundationEssentials

/// Finds the system's zone data.
enum ZoneFile {
    private static let directories = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"]
    /// The largest files of the zone data have some kilobytes.
    private static let sizeLimit = 1 << 20

    /// The rules of an IANA name; `nil` for a name that is none or that this machine does not know.
    static func read(named name: String) -> ZoneData? {
        if ["UTC", "Etc/UTC", "GMT"].contains(name) { return .utc }
        guard isZoneName(name) else { return nil }
        for directory in directories {
            guard let file = try? Data(contentsOf: URL(filePath: "\(directory)/\(name)")), file.count <= sizeLimit,
                let data = ZoneData([UInt8](file))
            else { continue }
            return data
        }
        return nil
    }

    /// Home Assistant's word must not lead out of the directory.
    private static func isZoneName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return name.utf8.count <= 64 && parts.count <= 3
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.utf8.allSatisfy { byte in
                        switch byte {
                        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x5F: true
                        default: false
                        }
                    }
            }
    }
}
