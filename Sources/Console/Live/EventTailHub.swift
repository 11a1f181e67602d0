import BridgeConcurrency
import BridgeCore
import Logging
import NIOCore
import Store

/// Shows new events to every open tail, with one reader for all of them.
///
/// While a tail is open the newest rows are read some times each second; without one nothing is read. The text of an event is made
/// once; tails of the same filter and the same sight share what is sent.
final class EventTailHub: Sendable {
    struct Limits: Sendable {
        var tails = 256
        var tailsOfUser = 16
        /// What may wait for one client.
        var bytesEach = 1_048_576
        /// How often new rows are looked for.
        var interval = Duration.milliseconds(400)
        var heartbeat = Duration.seconds(15)
        /// How often it is asked which houses a user sees.
        var sight = Duration.seconds(10)
        /// How often it is asked whether a session or token still holds.
        var credential = Duration.seconds(30)
    }

    /// Answers what changes while a tail is open.
    struct Checks: Sendable {
        /// The houses that the user sees now.
        let sight: @Sendable () async throws -> TailSight
        /// Whether the credential still allows to read.
        let isAllowed: @Sendable () async throws -> Bool
    }

    private struct Entry {
        weak var tail: EventTail?
        let filter: TailFilter
        let principal: Principal
        let checks: Checks
        var sight: TailSight
    }

    private struct State {
        var entries: [Int: Entry] = [:]
        var lastNumber = 0
        var reader: Task<Void, Never>?
    }

    private let state = LockedBox(State())
    private let events: EventRepository
    private let limits: Limits
    private let logger: Logger

    /// A hub that reads through `events`, which must see every house.
    init(_ events: EventRepository, limits: Limits = Limits(), logger: Logger) {
        self.events = events
        self.limits = limits
        self.logger = logger
    }

    deinit { state.withLock { $0.reader }?.cancel() }

    /// How many tails are open.
    var count: Int { state.withLock { $0.entries.count } }

    /// Opens a tail, which shows what is stored from now on and is open for as long as somebody holds it. Throws a 429 `Problem`
    /// where the user has too many, and a 503 one where there are too many in all.
    func open(_ filter: TailFilter, as principal: Principal, sight: TailSight, checks: Checks) throws(Problem)
        -> EventTail
    {
        let outcome = state.withLock { state -> Result<EventTail, Problem> in
            guard state.entries.values.count(where: { $0.principal.user == principal.user }) < limits.tailsOfUser else {
                return .failure(
                    Problem(
                        429, "too_many_streams",
                        "You have \(limits.tailsOfUser) streams open, as many as one may. Close one.", retryAfter: 30))
            }
            guard state.entries.count < limits.tails else {
                return .failure(
                    Problem(503, "too_many_streams", "Too many streams are open. Try again soon.", retryAfter: 30))
            }
            state.lastNumber += 1
            let number = state.lastNumber
            let tail = EventTail(byteLimit: limits.bytesEach) { [weak self] in self?.close(number) }
            state.entries[number] = Entry(
                tail: tail, filter: filter, principal: principal, checks: checks, sight: sight)
            // It belongs to no request: it reads for all of them, and ends with the last tail.
            if state.reader == nil { state.reader = Task { [weak self] in await self?.run() } }
            return .success(tail)
        }
        return try outcome.get()
    }

    private func close(_ number: Int) {
        let reader = state.withLock { state -> Task<Void, Never>? in
            state.entries[number] = nil
            guard state.entries.isEmpty else { return nil }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.cancel()
    }

    // MARK: Reading

    private func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.follow() }
            group.addTask { await self.check() }
        }
    }

    /// Reads and hands out until cancelled.
    private func follow() async {
        var cursor = EventCursor(from: Timestamp.now.adding(seconds: -EventCursor.overlap))
        var isFirst = true
        var lastBeat = ContinuousClock.now
        var isFailing = false
        while !Task.isCancelled {
            do {
                repeat {
                    let found = try await events.newer(than: &cursor, limit: Self.batch)
                    // What was stored before the tail was opened is not new.
                    if !isFirst { hand(out: found) }
                    if found.count < Self.batch { break }
                } while !Task.isCancelled
                isFirst = false
                isFailing = false
            } catch {
                if !isFailing, !Task.isCancelled {
                    logger.warning("New events cannot be read for the open streams.", metadata: ["error": "\(error)"])
                }
                isFailing = true
            }
            if ContinuousClock.now - lastBeat >= limits.heartbeat {
                lastBeat = .now
                for entry in snapshot() {
                    entry.tail?.offer(EventTail.Piece(text: ServerSentEvent.heartbeat, events: 0))
                }
            }
            try? await Task.sleep(for: limits.interval)
        }
    }

    private static let batch = 1_000

    private struct Audience: Hashable {
        let filter: TailFilter
        let sight: TailSight
    }

    /// Gives each tail what it shows of `events`, one piece for all of them.
    private func hand(out events: [StoredEvent]) {
        guard !events.isEmpty else { return }
        let texts = events.map(ServerSentEvent.event)
        var pieces: [Audience: EventTail.Piece?] = [:]
        for entry in snapshot() {
            guard let tail = entry.tail else { continue }
            let audience = Audience(filter: entry.filter, sight: entry.sight)
            let piece: EventTail.Piece?
            if let known = pieces[audience] {
                piece = known
            } else {
                piece = Self.piece(for: audience, of: events, texts)
                pieces[audience] = .some(piece)
            }
            if let piece { tail.offer(piece) }
        }
    }

    private static func piece(
        for audience: Audience, of events: [StoredEvent], _ texts: [ByteBuffer]
    ) -> EventTail.Piece? {
        let shown = events.indices.filter {
            audience.sight.includes(events[$0].connectionID) && audience.filter.passes(events[$0])
        }
        guard !shown.isEmpty else { return nil }
        var text = ByteBuffer()
        text.reserveCapacity(shown.reduce(0) { $0 + texts[$1].readableBytes })
        for index in shown { text.writeImmutableBuffer(texts[index]) }
        return EventTail.Piece(text: text, events: shown.count)
    }

    private func snapshot() -> [Entry] { state.withLock { Array($0.entries.values) } }

    // MARK: Rights

    /// Asks again what each user may see and whether each credential holds, until cancelled.
    private func check() async {
        var lastCredential = ContinuousClock.now
        while !Task.isCancelled {
            try? await Task.sleep(for: limits.sight)
            guard !Task.isCancelled else { return }
            await checkSight()
            if ContinuousClock.now - lastCredential >= limits.credential {
                lastCredential = .now
                await checkCredentials()
            }
        }
    }

    /// Once for each user and not for each tail. Where the database does not answer, the last sight stays: nothing new is read
    /// either.
    private func checkSight() async {
        let entries = state.withLock { $0.entries }
        for (user, own) in Dictionary(grouping: entries, by: \.value.principal.user) {
            guard let checks = own.first?.value.checks, let sight = try? await checks.sight() else { continue }
            state.withLock { state in
                for number in own.map(\.key) where state.entries[number]?.principal.user == user {
                    state.entries[number]?.sight = sight
                }
            }
        }
    }

    private func checkCredentials() async {
        let entries = state.withLock { $0.entries }
        for own in Dictionary(grouping: entries.values, by: { "\($0.principal.credential)" }).values {
            guard let checks = own.first?.checks, (try? await checks.isAllowed()) == false else { continue }
            for entry in own { entry.tail?.end() }
        }
    }
}
