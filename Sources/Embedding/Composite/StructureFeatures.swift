/// What an event is apart from its words: which entity, what kind of thing, what kind of change, where.
///
/// It makes "more like this" work: the same change of the same thing first, then that of its kind.
enum StructureFeatures {
    static let dimensions = 320

    /// The block, not normalised.
    static func block(of document: EmbeddingDocument) -> [Float] {
        var block = FeatureBlock(dimensions: dimensions)
        block.add("kind", document.kind, weight: 1.0)
        block.add("transition", document.transition, weight: 0.6)
        block.add("kind and transition", document.kind, document.transition, weight: 1.6)
        if let entity = document.entityID {
            block.add("entity", entity, weight: 1.0)
            block.add("entity and transition", entity, document.transition, weight: 1.0)
        }
        if let area = document.area { block.add("area", area, weight: 0.5) }
        return block.values
    }
}
