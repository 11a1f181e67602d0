/// One table of a registry, as the statements need it that bring it up to date.
struct RegistryTable: Sendable {
    struct Column: Sendable {
        let name: String
        /// The type that its values have in the JSON of a listing.
        var type = "text"
    }

    let name: String
    /// The column that, beside the connection, identifies a row.
    let key: String
    /// The other columns that Home Assistant fills.
    let columns: [Column]
    /// A column that no two rows of a connection share while they are there, besides the key. A row in which it changes is taken
    /// out first and comes back with its new value: two rows may have swapped theirs.
    var unique: String?

    private static let labels = Column(name: "labels", type: "text[]")

    private static func texts(_ names: String...) -> [Column] { names.map { Column(name: $0) } }

    static let areas = RegistryTable(
        name: "home_assistant_areas", key: "area_id",
        columns: texts("name", "floor_id", "floor_name") + [Column(name: "aliases", type: "text[]"), labels])
    static let labelTable = RegistryTable(
        name: "home_assistant_labels", key: "label_id", columns: texts("name", "description", "color"))
    static let devices = RegistryTable(
        name: "home_assistant_devices", key: "device_id",
        columns: texts(
            "name", "area_id", "manufacturer", "model", "software_version", "via_device_id", "disabled_by") + [labels])
    static let entities = RegistryTable(
        name: "home_assistant_entities", key: "registry_id",
        columns: texts(
            "entity_id", "unique_id", "platform", "name", "device_id", "area_id", "device_class", "entity_category",
            "disabled_by", "hidden_by") + [labels],
        unique: "entity_id")

    // MARK: SQL

    /// The listing `$2`, an array of objects, as rows.
    private var listing: String {
        let columns = [Column(name: key)] + columns
        return """
            listing AS MATERIALIZED (
                SELECT * FROM jsonb_to_recordset($2::jsonb)
                    AS listed (\(columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")))
            )
            """
    }

    /// Marks the rows of connection `$1` that the listing `$2` does not have, and says of each whether it is gone: otherwise it
    /// comes back at once with another value in `unique`.
    var removal: String {
        let unchanged = unique.map { " AND listing.\($0) = known.\($0)" } ?? ""
        return """
            WITH \(listing)
            UPDATE \(name) AS known SET removed_at = now(), updated_at = now()
            WHERE known.connection_id = $1 AND known.removed_at IS NULL
                AND NOT EXISTS (SELECT FROM listing WHERE listing.\(key) = known.\(key)\(unchanged))
            RETURNING NOT EXISTS (SELECT FROM listing WHERE listing.\(key) = known.\(key)) AS is_gone
            """
    }

    /// Inserts what is new in the listing `$2` of connection `$1`, and updates what has changed or has come back. Returns for
    /// each row whether it is new. Rows that are as they were are only read.
    var upsert: String {
        let names = columns.map(\.name)
        func list(of table: String) -> String { names.map { "\(table).\($0)" }.joined(separator: ", ") }
        return """
            WITH \(listing)
            INSERT INTO \(name) AS target (connection_id, \(key), \(names.joined(separator: ", ")))
            SELECT $1::uuid, listing.\(key), \(list(of: "listing"))
            FROM listing
            LEFT JOIN \(name) AS known ON known.connection_id = $1 AND known.\(key) = listing.\(key)
            WHERE known.\(key) IS NULL OR known.removed_at IS NOT NULL
                OR (\(list(of: "known"))) IS DISTINCT FROM (\(list(of: "listing")))
            ON CONFLICT (connection_id, \(key)) DO UPDATE SET
                \(names.map { "\($0) = EXCLUDED.\($0)" }.joined(separator: ", ")), updated_at = now(), removed_at = NULL
            RETURNING target.first_seen_at = now() AS is_new
            """
    }

    /// Notes which of the entities that connection `$1` has had another id than the listing `$2` gives them.
    static let noteRenames = """
        WITH \(entities.listing)
        INSERT INTO home_assistant_entity_renames (connection_id, registry_id, old_entity_id, new_entity_id)
        SELECT known.connection_id, known.registry_id, known.entity_id, listing.entity_id
        FROM home_assistant_entities AS known
        JOIN listing ON listing.registry_id = known.registry_id
        WHERE known.connection_id = $1 AND known.entity_id <> listing.entity_id
        ON CONFLICT DO NOTHING
        RETURNING old_entity_id, new_entity_id
        """

    /// The rows of connection `$1` that are there, with arrays as texts whose elements U+001F separates.
    var selection: String {
        let list = ([Column(name: key)] + columns).map { column in
            column.type == "text" ? column.name : "array_to_string(\(column.name), E'\\x1f') AS \(column.name)"
        }
        return """
            SELECT \(list.joined(separator: ", ")) FROM \(name)
            WHERE connection_id = $1 AND removed_at IS NULL
            ORDER BY \(key)
            """
    }
}
