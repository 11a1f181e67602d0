/// A table or one of its indexes, and what it takes on disk.
package struct StoragePiece: Sendable, Equatable {
    /// The table's name; the months of events count as `home_assistant_events`.
    package let table: String
    /// The index; `nil` for the rows themselves, with what is stored out of line.
    package let index: String?
    package let bytes: Int

    package init(table: String, index: String?, bytes: Int) {
        self.table = table
        self.index = index
        self.bytes = bytes
    }
}
