/// What a person did to an entity, as a service that an automation could call.
struct RoutineAction: Sendable, Hashable {
    let service: String
    /// Members of the service's data besides the entity.
    var data: [String: String] = [:]
    /// What a person would say that they do.
    let words: String

    /// The action that brings `entity` into `state`; `nil` where no automation should do that by itself, such as unlocking a
    /// door.
    init?(entity: String, state: String) {
        guard let dot = entity.firstIndex(of: ".") else { return nil }
        let domain = String(entity[..<dot])
        switch (domain, state) {
        case ("light", "on"), ("switch", "on"), ("fan", "on"), ("input_boolean", "on"), ("humidifier", "on"),
            ("remote", "on"), ("media_player", "on"):
            self.init(service: "\(domain).turn_on", words: "switch on")
        case ("light", "off"), ("switch", "off"), ("fan", "off"), ("input_boolean", "off"), ("humidifier", "off"),
            ("remote", "off"), ("media_player", "off"), ("climate", "off"):
            self.init(service: "\(domain).turn_off", words: "switch off")
        case ("media_player", "playing"): self.init(service: "media_player.media_play", words: "start")
        case ("media_player", "paused"): self.init(service: "media_player.media_pause", words: "pause")
        case ("cover", "open"), ("cover", "opening"): self.init(service: "cover.open_cover", words: "open")
        case ("cover", "closed"), ("cover", "closing"): self.init(service: "cover.close_cover", words: "close")
        case ("valve", "closed"), ("valve", "closing"): self.init(service: "valve.close_valve", words: "close")
        case ("lock", "locked"), ("lock", "locking"): self.init(service: "lock.lock", words: "lock")
        case ("vacuum", "cleaning"): self.init(service: "vacuum.start", words: "start")
        case ("vacuum", "returning"): self.init(service: "vacuum.return_to_base", words: "send home")
        case ("lawn_mower", "mowing"): self.init(service: "lawn_mower.start_mowing", words: "start")
        case ("climate", "heat"), ("climate", "cool"), ("climate", "auto"), ("climate", "heat_cool"),
            ("climate", "dry"), ("climate", "fan_only"):
            self.init(
                service: "climate.set_hvac_mode", data: ["hvac_mode": state], words: "set to \(state)")
        case ("input_select", _), ("select", _):
            self.init(service: "\(domain).select_option", data: ["option": state], words: "set to \(state)")
        default: return nil
        }
    }

    private init(service: String, data: [String: String] = [:], words: String) {
        self.service = service
        self.data = data
        self.words = words
    }

    /// Whether a person should look twice: it moves something heavy, or shuts somebody out.
    var isDelicate: Bool {
        ["cover.", "lock.", "valve.", "climate.", "lawn_mower.", "humidifier."].contains { service.hasPrefix($0) }
    }
}
