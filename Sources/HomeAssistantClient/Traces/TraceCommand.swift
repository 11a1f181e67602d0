import BridgeCore

/// The commands by which Home Assistant hands out the traces of automations, as fields for `CommandPort`. They need an
/// administrator's token.
package enum TraceCommand {
    /// The runs that Home Assistant still has, of one automation or of all: a summary of each, oldest first.
    package static func list(item: String?) -> String {
        #""type":"trace/list","domain":"automation""# + member("item_id", item)
    }

    /// The contexts of these runs. Home Assistant takes a domain only together with an item; without one, the answer holds the
    /// runs of scripts as well.
    package static func contexts(item: String?) -> String {
        guard let item else { return #""type":"trace/contexts""# }
        return #""type":"trace/contexts","domain":"automation""# + member("item_id", item)
    }

    /// One run with all its steps.
    package static func get(item: String, run: String) -> String {
        #""type":"trace/get","domain":"automation""# + member("item_id", item) + member("run_id", run)
    }

    private static func member(_ name: String, _ value: String?) -> String {
        guard let value else { return "" }
        var text = Array(#",""#.utf8) + Array(name.utf8) + Array(#"":"#.utf8)
        JSONText.appendQuoted(value, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
