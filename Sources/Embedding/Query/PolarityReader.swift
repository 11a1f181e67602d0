/// Tells whether a question is about something's beginning or its end.
enum PolarityReader {
    /// `.rest` when it has a word of ending, else `.active`.
    static func polarity(of text: String) -> Polarity {
        let stems = Words.split(text).map(Stemmer.stem)
        if stems.contains(where: endings.contains) { return .rest }
        // What was left open is known when it is closed.
        for (first, second) in zip(stems, stems.dropFirst()) where phrases.contains("\(first) \(second)") {
            return .rest
        }
        return .active
    }

    private static let endings = Set(
        Words.split(
            """
            off closed shut stopped ended finished cleared quiet locked disarmed deactivated disabled extinguished
            unplugged ceased completed done idle paused normal dimmed docked undetected vacated emptied aus zu ferme
            eteint apagado cerrado spento chiuso
            """
        ).map(Stemmer.stem))

    private static let phrases = Set(
        [
            "left open", "left on", "left running", "left unlocked", "stood open", "stayed open", "stayed on",
            "remained open", "remained on", "put out", "blown out", "no longer", "not anymore", "all clear",
            "long time", "too long", "for hours", "for ages", "whole night", "all night", "whole day", "all day",
        ].map { Words.split($0).map(Stemmer.stem).joined(separator: " ") })
}
