/// What a state of a kind of entity means, in words.
struct StateWords: Sendable {
    var polarity: Polarity
    /// `was opened`.
    var became: String
    /// `is open`.
    var stands: String
    /// `left open`, for states of which it counts how long they lasted.
    var lasting: String?

    /// The states of one kind of entity, from the narrowest table to the widest. The tables are shared, not copied.
    struct Kind: Sendable {
        fileprivate var tables: [[String: StateWords]] = []

        /// The states of which it counts how long they lasted, in order.
        var lasting: [String] {
            Set(tables.flatMap(\.keys)).filter { self[$0]?.lasting != nil }.sorted()
        }

        subscript(_ state: String) -> StateWords? {
            for table in tables {
                if let words = table[state] { return words }
            }
            return nil
        }
    }

    /// The states of a domain and device class: those of both, of the domain, and of every entity.
    static func kind(domain: String, deviceClass: String?) -> Kind {
        // An option of a list or a text that a person wrote means what it says: "home" there is nobody's arrival.
        let isFree = ["select", "input_select", "text", "input_text"].contains(domain)
        let names = [deviceClass.map { "\(domain)/\($0)" }, domain, isFree ? nil : "*"]
        return Kind(tables: names.compactMap { $0.flatMap { tables[$0] } })
    }

    private static let tables: [String: [String: StateWords]] = {
        var tables: [String: [String: StateWords]] = [:]
        for table in [openingTable, detectionTable, deviceTable, placeTable, weatherTable] {
            for (name, rows) in WordRows.sections(table) {
                for row in rows {
                    guard let (state, words) = words(row) else { continue }
                    tables[name, default: [:]][state] = words
                }
            }
        }
        return tables
    }()

    /// `state | polarity | became | stands | lasting`, the last one optional.
    static func words(_ row: [String]) -> (state: String, words: StateWords)? {
        guard row.count == 4 || row.count == 5 else { return nil }
        let polarity: Polarity
        switch row[1] {
        case "active": polarity = .active
        case "rest": polarity = .rest
        case "neutral": polarity = .neutral
        default: return nil
        }
        return (
            row[0],
            StateWords(polarity: polarity, became: row[2], stands: row[3], lasting: row.count == 5 ? row[4] : nil)
        )
    }
}
