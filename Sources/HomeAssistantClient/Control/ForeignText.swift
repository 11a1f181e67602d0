/// Text of Home Assistant's that becomes a part of a sentence of ours.
enum ForeignText {
    private static let limit = 400

    /// On one line, bounded, and without `secrets`: Home Assistant quotes what it finds fault with.
    static func shown(_ text: String, hiding secrets: [String]) -> String {
        var text = text
        // The longest first, so that one that begins with another leaves no rest.
        for secret in secrets.sorted(by: { $0.utf8.count > $1.utf8.count }) where !secret.isEmpty {
            text = text.replacing(secret, with: "‹secret›")
        }
        let line = String(text.unicodeScalars.map { $0.properties.generalCategory.isShown ? Character($0) : " " })
        return line.count > limit ? line.prefix(limit) + "…" : line
    }
}

extension Unicode.GeneralCategory {
    /// Control characters, also those that change the direction of writing, and separators of lines are not.
    fileprivate var isShown: Bool {
        ![.control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned].contains(self)
    }
}
