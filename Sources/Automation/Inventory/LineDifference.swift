/// What changed between two texts, line by line.
package struct LineDifference: Sendable, Equatable {
    /// One line of either text.
    package enum Line: Sendable, Equatable {
        case same(String)
        case removed(String)
        case added(String)
        /// So many lines that are the same and are not shown.
        case skipped(Int)
    }

    package let lines: [Line]

    /// Whether nothing changed.
    package var isEmpty: Bool {
        !lines.contains { line in
            switch line {
            case .removed, .added: true
            case .same, .skipped: false
            }
        }
    }

    /// Compares `old` and `new`, and keeps `context` lines around each change.
    package init(from old: [String], to new: [String], context: Int = 3) {
        let difference = new.difference(from: old)
        var removed: Set<Int> = []
        var added: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): added.insert(offset)
            }
        }
        var all: [Line] = []
        var left = 0
        var right = 0
        while left < old.count || right < new.count {
            if removed.contains(left) {
                all.append(.removed(old[left]))
                left += 1
            } else if added.contains(right) {
                all.append(.added(new[right]))
                right += 1
            } else if left < old.count {
                all.append(.same(old[left]))
                left += 1
                right += 1
            } else {
                break
            }
        }
        lines = Self.shortened(all, context: context)
    }

    private static func shortened(_ lines: [Line], context: Int) -> [Line] {
        var isShown = [Bool](repeating: false, count: lines.count)
        for (index, line) in lines.enumerated() {
            if case .same = line { continue }
            for near in max(0, index - context)...min(lines.count - 1, index + context) { isShown[near] = true }
        }
        var kept: [Line] = []
        var hidden = 0
        for (index, line) in lines.enumerated() {
            guard isShown[index] else {
                hidden += 1
                continue
            }
            if hidden > 0 { kept.append(.skipped(hidden)) }
            hidden = 0
            kept.append(line)
        }
        if hidden > 0 { kept.append(.skipped(hidden)) }
        return kept
    }
}
