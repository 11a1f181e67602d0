import Foundation
import PostgresClient

/// Looks for texts that must be nowhere: in a database, in files, in processes.
struct CanarySearch {
    /// What is looked for.
    let canaries: [String]

    /// Which of `canaries` the bytes hold: as they are, in base64 or as hexadecimal digits.
    private func holds(_ data: Data) -> Bool { forms.contains { data.range(of: $0) != nil } }

    private var forms: [Data] {
        canaries.flatMap { canary -> [Data] in
            let bytes = Data(canary.utf8)
            // The middle of a text in base64 is the same for one of three starts.
            let encoded = (0..<3).map { shift in
                Data(bytes.dropFirst(shift).prefix((bytes.count - shift) / 3 * 3).base64EncodedString().utf8)
            }
            return [bytes, Data(bytes.map { String(format: "%02x", $0) }.joined().utf8)] + encoded
        }
    }

    /// What holds a canary among texts with names.
    func places(in texts: [(name: String, text: String)]) -> [String] {
        texts.filter { holds(Data($0.text.utf8)) }.map(\.name)
    }

    /// The files below `directory` that hold one, or have one in their name.
    func places(below directory: URL, except: Set<String> = []) -> [String] {
        let files = FileManager.default.enumerator(atPath: directory.path)?.compactMap { $0 as? String } ?? []
        return files.filter { name in
            guard !except.contains(name) else { return false }
            let data = FileManager.default.contents(atPath: directory.appending(path: name).path) ?? Data()
            return holds(data) || holds(Data(name.utf8))
        }
    }

    /// The columns of all tables that hold one, bytes and texts of every type, partitions included.
    func places(in session: PostgresConnection) async throws -> [String] {
        let columns = try await session.query(
            """
            SELECT format('%I.%I', n.nspname, t.relname) AS path,
                array_to_json(array_agg(format('%I', a.attname) ORDER BY a.attnum))::text AS names,
                string_agg(format('bool_or(EXISTS (SELECT FROM needles WHERE position(needle IN %s) > 0))::text',
                    format(CASE WHEN a.atttypid = 'bytea'::regtype THEN '%I' ELSE 'convert_to(%I::text, ''UTF8'')' END,
                        a.attname)), ', ' ORDER BY a.attnum) AS checks
            FROM pg_class AS t
            JOIN pg_namespace AS n ON n.oid = t.relnamespace
            JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND t.relkind IN ('r', 'm')
                -- A table of another session cannot be read, and may be gone by now.
                AND t.relpersistence <> 't'
            GROUP BY 1 ORDER BY 1
            """)
        let digits = forms.map { $0.map { String(format: "%02x", $0) }.joined() }
        var places: [String] = []
        for row in columns {
            let path = try row.string("path")
            let names = try JSONDecoder().decode([String].self, from: Data(try row.string("names").utf8))
            let found = try await session.query(
                """
                WITH needles AS MATERIALIZED (SELECT decode(digits, 'hex') AS needle FROM unnest($1::text[]) AS digits)
                SELECT \(try row.string("checks")) FROM \(path)
                """, [.textArray(digits)])
            guard let answer = found.first else { continue }
            for (position, name) in names.enumerated() where try answer[position].optionalString == "true" {
                places.append("\(path).\(name)")
            }
        }
        return places
    }

    /// The processes below `root`, itself included, whose arguments or environment hold one. Needs to be their user, or root.
    func places(inProcessesBelow root: Int32) -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        var family: Set<Int32> = [root]
        var isGrowing = true
        while isGrowing {
            let children = all.filter { id in
                !family.contains(id) && Self.parent(of: id).map(family.contains) == true
            }
            family.formUnion(children)
            isGrowing = !children.isEmpty
        }
        return family.sorted().flatMap { id in
            ["cmdline", "environ"].filter { file in
                FileManager.default.contents(atPath: "/proc/\(id)/\(file)").map(holds) == true
            }.map { "/proc/\(id)/\($0)" }
        }
    }

    private static func parent(of id: Int32) -> Int32? {
        guard let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
            let end = status.lastIndex(of: ")")
        else { return nil }
        return status[end...].split(separator: " ").dropFirst(2).first.flatMap { Int32($0) }
    }
}
