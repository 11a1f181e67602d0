import HomeAssistantClient
import Store

extension StoredBackup {
    /// The configuration as a person reads it, with placeholders for what is sealed; nothing where it cannot be read.
    package var lines: [String] {
        guard let snapshot = ConfigurationValue(json: snapshot) else { return [] }
        return ConfigurationText.lines(ConfigurationSpelling.normalised(snapshot))
    }
}
