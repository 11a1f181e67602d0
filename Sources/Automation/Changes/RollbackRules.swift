import HomeAssistantClient
import Store

/// Which versions may be written back to Home Assistant. Pure.
package enum RollbackRules {
    /// Why `backup` may not be written, as a sentence; `nil` where it may. `isKnownFromFile` says that this version, or one with
    /// the same digest, was read from Home Assistant's file.
    package static func objection(to backup: StoredBackup, isKnownFromFile: Bool) -> String? {
        guard let snapshot = ConfigurationValue(json: backup.snapshot), case .object(var parts) = snapshot else {
            return "Version \(backup.version) holds no configuration."
        }
        guard case .string(let id) = snapshot["id"], !id.isEmpty else {
            return """
                Version \(backup.version) has no id of its own, by which Home Assistant's configuration API would know it. Change it \
                in the file where it stands.
                """
        }
        // Versions of old may have sealed an id that looked like a secret.
        parts["id"] = nil
        guard isKnownFromFile || !ConfigurationComparison.hasPlaceholder(.object(parts)) else {
            return """
                Version \(backup.version) holds values that may have come from !secret, and was not read from the file where they \
                stand. Written back, they would stand in the file in clear. Write the automation anew in Home Assistant.
                """
        }
        return nil
    }
}
