/// The beginning of an id, as a person types it.
enum ShortID {
    private static let digits = Set("0123456789abcdef-".utf8)

    /// The one row whose id begins with `typed`, in whatever case.
    ///
    /// - Parameters:
    ///   - noun: what the row is, such as “proposal”.
    ///   - list: the command that shows the ids; with `--all` those that are over, too.
    ///   - rows: those whose id begins so, two of them at most.
    ///
    /// Throws `StoreError` (`.invalidValue`, `.notFound`, `.ambiguous`) and whatever `rows` throws.
    static func find<Row: Sendable>(
        _ typed: String, noun: String, list: String, among rows: (_ prefix: String) async throws -> [Row]
    ) async throws -> Row {
        let prefix = typed.lowercased()
        guard prefix.utf8.count >= 4, prefix.utf8.allSatisfy(digits.contains) else {
            throw StoreError(
                .invalidValue,
                "“\(prefix)” is no id of a \(noun). Give four or more characters of one that \(list) shows.")
        }
        let found = try await rows(prefix)
        guard let row = found.first else {
            throw StoreError(.notFound, "There is no \(noun) whose id begins with \(prefix). See: \(list) --all")
        }
        guard found.count == 1 else {
            throw StoreError(
                .ambiguous,
                "The ids of several \(noun)s begin with \(prefix). Give more characters of the one you mean.")
        }
        return row
    }
}
