import Embedding

/// What `search` and `similar` compare with.
struct SearchDesk {
    /// Turns the question's sentence into a vector; `nil` where words alone are compared.
    let encoder: (any SentenceEncoder)?
    /// Why there is no model although one is wanted, and what to do about it.
    let remark: String?

    /// What `settings` ask for. A model that is missing or damaged costs the quality of the answer, not the answer.
    ///
    /// Throws a `CommandFailure` where the search by meaning is switched off.
    init(_ settings: BridgeSettings) throws {
        guard settings.embedder != .off else {
            throw CommandFailure(
                .configuration,
                "The search by meaning is switched off. Set HA_BRIDGE_EMBEDDER to minilm or lexical, for ha-bridge run as well."
            )
        }
        let model = SentenceModel.load(settings)
        encoder = model.encoder
        remark = if case .unusable(let reason) = model { "Words alone were compared. \(reason)" } else { nil }
    }
}
