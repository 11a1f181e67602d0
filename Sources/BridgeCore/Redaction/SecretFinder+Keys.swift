/// Values of keys: `"access_token":"…"`, the same inside a string, and as Python prints it.
extension SecretFinder {
    /// The secret value of the key whose closing quote is at `quote`.
    @inline(__always)
    mutating func valueOfKey(endingAt quote: Int) -> SecretPlace? {
        guard quote >= 4 else { return nil }
        let slashes = base[quote - 1] == 0x5C ? backslashes(before: quote) : 0
        // Most keys go by here.
        guard quote - slashes >= 4, SecretNames.mayBeKnown(base, end: quote - slashes) else { return nil }
        return value(quote: quote, slashes: slashes)
    }

    @inline(never)
    private mutating func value(quote: Int, slashes: Int) -> SecretPlace? {
        let colon = skipBlanks(quote + 1, isNested: slashes > 0)
        guard colon < count, base[colon] == 0x3A, let level = Self.level(slashes: slashes),
            let start = nameStart(end: quote - slashes, mark: base[quote], slashes: slashes),
            let kind = SecretNames.kind(base, start: start, end: quote - slashes)
        else { return nil }
        let value = skipBlanks(colon + 1, isNested: slashes > 0)
        guard value < count else { return nil }
        switch kind {
        case .serviceData:
            if slashes == 0 {
                noteServiceData(key: start - 1, value: value)
            } else if quote >= codesEnd {
                // In a string: to its end every code counts, whatever the service.
                codesEnd = max(codesEnd, text(from: start - 1, slashes: 0, level: 0)?.range.upperBound ?? 0)
            }
            return nil
        case .code where quote >= codesEnd: return nil
        case .code, .text, .textOrNumber: break
        }
        if base[quote] == 0x27 { return base[value] == 0x27 ? pythonText(from: value + 1) : nil }
        if base[value] == 0x22 || base[value] == 0x5C { return text(from: value, slashes: slashes, level: level) }
        return kind == .text ? nil : number(at: value)
    }

    /// Behind blanks, and in a string also behind escapes that stand for them: `\n`, `\\n`, `\u0009`.
    private func skipBlanks(_ start: Int, isNested: Bool) -> Int {
        var index = run(from: start, while: SecretBytes.isBlank)
        guard isNested else { return index }
        while index < count, base[index] == 0x5C {
            let letter = run(from: index, limit: 64) { $0 == 0x5C }
            guard letter < count else { return index }
            switch base[letter] {
            case 0x6E, 0x72, 0x74: index = letter + 1
            case 0x75 where letter + 4 < count && base[letter + 1] == 0x30 && base[letter + 2] == 0x30:
                index = letter + 5
            default: return index
            }
            index = run(from: index, while: SecretBytes.isBlank)
        }
        return index
    }

    /// How deep a string lies in others whose quotes have so many backslashes: 0, 1, 3, 7, …
    private static func level(slashes: Int) -> Int? {
        slashes & (slashes + 1) == 0 && slashes < 64 ? (slashes + 1).trailingZeroBitCount : nil
    }

    /// Where the name begins that ends before `end`, when a quote like the one behind it stands before it.
    private func nameStart(end: Int, mark: UInt8, slashes: Int) -> Int? {
        var start = end
        let first = max(0, end - 128)
        while start > first, base[start - 1] >= 0x20, base[start - 1] != mark,
            base[start - 1] != 0x5C
        {
            start -= 1
        }
        guard start > slashes, base[start - 1] == mark else { return nil }
        return backslashes(before: start - 1) == slashes ? start : nil
    }

    /// The inside of the string at `value`, which begins with as many backslashes as its key.
    private func text(from value: Int, slashes: Int, level: Int) -> SecretPlace? {
        let start = value + slashes + 1
        guard start <= count, base[value + slashes] == 0x22,
            slashes == 0 || (value..<value + slashes).allSatisfy({ base[$0] == 0x5C })
        else { return nil }
        var index = start
        while index < count {
            if base[index] == 0x22, let end = textEnd(quote: index, level: level) {
                return SecretPlace(range: start..<max(start, end))
            }
            index += 1
        }
        return SecretPlace(range: start..<count)
    }

    /// What stands between single quotes in a text of the frame.
    private func pythonText(from start: Int) -> SecretPlace? {
        var index = start
        while index < count {
            if base[index] == 0x22 || base[index] == 0x27 && base[index - 1] != 0x5C {
                return SecretPlace(range: start..<max(start, index - backslashes(before: index)))
            }
            index += 1
        }
        return SecretPlace(range: start..<count)
    }

    private func number(at start: Int) -> SecretPlace? {
        let end = run(from: start) {
            SecretBytes.isDigit($0) || $0 == 0x2D || $0 == 0x2E || $0 | 0x20 == 0x65 || $0 == 0x2B
        }
        // Literals such as `false` have an `e` as well, but no number begins with a letter.
        guard end > start, SecretBytes.isDigit(base[start]) || base[start] == 0x2D else { return nil }
        return SecretPlace(range: start..<end, isNumber: true)
    }
}

/// Codes that are given to locks, alarms and garage doors: `"service_data":{"code":"1234"}` beside `"domain":"lock"`.
extension SecretFinder {
    /// Has codes count as secrets up to the end of the object at `value`, unless its service is known to take none.
    private mutating func noteServiceData(key: Int, value: Int) {
        guard value < count, base[value] == 0x7B, codesEnd < count else { return }
        guard workLeft > 0 else {
            codesEnd = count
            return
        }
        var scanner = JSONScanner(UnsafeBufferPointer(start: base, count: count), range: value..<count)
        let end: Int
        do throws(JSONScanError) {
            end = try scanner.skipValue().upperBound
        } catch {
            // Cut off: all that is left belongs to it.
            codesEnd = count
            return
        }
        workLeft -= end - value
        guard let domain = domainBefore(key) ?? domainAfter(scanner) else {
            codesEnd = max(codesEnd, end)
            return
        }
        let name = UnsafeBufferPointer(start: base + domain.lowerBound, count: domain.count)
        if SecretNames.guardedDomains.contains(where: { $0.elementsEqual(name) }) { codesEnd = max(codesEnd, end) }
    }

    /// The domain among the members before the key at `key`, as far as those are plain texts, as Home Assistant writes them.
    private func domainBefore(_ key: Int) -> Range<Int>? {
        var position = key
        while true {
            position = skipBlanksBack(position)
            guard position > 0, base[position - 1] == 0x2C, let value = textBack(skipBlanksBack(position - 1)) else {
                return nil
            }
            let colon = skipBlanksBack(value.lowerBound - 1)
            guard colon > 0, base[colon - 1] == 0x3A, let name = textBack(skipBlanksBack(colon - 1)) else { return nil }
            if isDomain(name) { return value }
            position = name.lowerBound - 1
        }
    }

    /// The domain among the members after what `scanner` has just read.
    private func domainAfter(_ scanner: JSONScanner) -> Range<Int>? {
        var scanner = scanner
        while (try? scanner.nextMember()) == true {
            guard let key = try? scanner.key(), let value = try? scanner.skipValue() else { return nil }
            if isDomain(key.start..<key.end), value.count >= 2, base[value.lowerBound] == 0x22 {
                return value.lowerBound + 1..<value.upperBound - 1
            }
        }
        return nil
    }

    private func isDomain(_ name: Range<Int>) -> Bool {
        UnsafeBufferPointer(start: base + name.lowerBound, count: name.count).elementsEqual("domain".utf8)
    }

    /// The inside of the plain string that ends before `end`.
    private func textBack(_ end: Int) -> Range<Int>? {
        guard end >= 2, base[end - 1] == 0x22 else { return nil }
        var start = end - 1
        while start > 0, end - start < 300, base[start - 1] != 0x22, base[start - 1] != 0x5C { start -= 1 }
        return start > 0 && base[start - 1] == 0x22 ? start..<end - 1 : nil
    }

    private func skipBlanksBack(_ index: Int) -> Int {
        var index = index
        while index > 0, SecretBytes.isBlank(base[index - 1]) { index -= 1 }
        return index
    }
}
