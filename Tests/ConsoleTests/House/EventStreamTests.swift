import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import NIOCore
import Store
import TestSupport
import Testing

@testable import Console

@Suite("The stream of events", .enabled(if: TestDatabase.isAvailable))
struct EventStreamTests {
    /// Takes what a stream writes.
    private struct Collector: ResponseBodyWriter {
        let text: LockedBox<String>

        func write(_ buffer: ByteBuffer) async throws { text.withLock { $0 += String(buffer: buffer) } }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    private static let quick = EventTailHub.Limits(
        tails: 5, tailsOfUser: 3, interval: .milliseconds(20), heartbeat: .milliseconds(50), sight: .milliseconds(40),
        credential: .milliseconds(40))

    private final class Stand: Sendable {
        let hub = LockedBox<EventTailHub?>(nil)
    }

    private func with(_ body: (ConsoleHouse, EventTailHub) async throws -> Void) async throws {
        let stand = Stand()
        let area: Console.Area = { endpoints, services in
            let hub = EventTailHub(EventRepository(services.system), limits: Self.quick, logger: services.logger)
            stand.hub.withLock { $0 = hub }
            EventStreamEndpoint.add(to: &endpoints, services, hub: hub)
        }
        try await ConsoleHouse.with(areas: [area]) { house in
            let hub = try #require(stand.hub.withLock { $0 })
            try await body(house, hub)
        }
    }

    /// Opens a stream as `person`.
    private func open(_ query: String = "", _ house: ConsoleHouse, as person: Principal) async -> Response {
        let name = ConsoleHouse.NamedAuthenticator.header
        let request = Request(
            head: HTTPRequest(
                method: .get, scheme: "http", authority: "127.0.0.1", path: "/api/v1/events/stream\(query)",
                headerFields: [name: person.username]),
            body: .init(buffer: ByteBuffer()))
        return await house.console.respond(to: request, context: ConsoleContext(remoteAddress: "127.0.0.1"))
    }

    /// Waits for what must come; a test that waits in vain is ended by the time limit.
    private func until(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(10)) }
    }

    @Test("Each sees new events of one's own houses that pass the filter", .timeLimit(.minutes(1)))
    func events() async throws {
        try await with { house, hub in
            try await house.store([.init(ago: 2, entity: "light.old", new: "on")], in: house.cabin)
            let (own, all, doors) = (LockedBox(""), LockedBox(""), LockedBox(""))
            let streams = [
                (await open("", house, as: house.bert), own), (await open("", house, as: house.anna), all),
                (await open("?entity=*door*", house, as: house.anna), doors),
            ]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (response, text) in streams {
                    #expect(response.status == .ok)
                    #expect(response.headers[.contentType] == "text/event-stream; charset=utf-8")
                    group.addTask { try await response.body.write(Collector(text: text)) }
                }
                // The first look has been taken once a sign of life came.
                try await until { [own, all, doors].allSatisfy { $0.withLock { $0.contains(": \n") } } }
                let id = try await house.store([.init(ago: 0, entity: "light.b", new: "on")], in: house.cabin)[0]
                try await house.store([.init(ago: 0, entity: "lock.door_1", new: "on")], in: house.home)
                try await until { own.withLock { $0.contains("light.b") } && doors.withLock { $0.contains("door_1") } }
                try await until { all.withLock { $0.contains("light.b") && $0.contains("door_1") } }
                let text = own.withLock { $0 }
                #expect(text.hasPrefix("retry: 3000\n\n"))
                #expect(text.contains("event: event\nid: \(id)\ndata: {\"id\":\"\(id)\""))
                #expect(!text.contains("door_1"))
                #expect(!text.contains("light.old"))
                #expect(!doors.withLock { $0.contains("light.b") })
                group.cancelAll()
                while let ended = await group.nextResult() { _ = ended }
            }
        }
    }

    @Test("Who goes away frees the place, and there are only so many", .timeLimit(.minutes(1)))
    func places() async throws {
        try await with { house, hub in
            var streams: [Response] = []
            for _ in 0..<3 { streams.append(await open("", house, as: house.bert)) }
            #expect(await open("", house, as: house.bert).status.code == 429)
            for _ in 0..<2 { streams.append(await open("", house, as: house.anna)) }
            #expect(await open("", house, as: house.carl).status.code == 503)
            #expect(hub.count == 5)
            // Two as a client that is cut off while it is written to, one that never was.
            await withTaskGroup(of: Void.self) { group in
                for response in streams.suffix(2) {
                    group.addTask { try? await response.body.write(Collector(text: LockedBox(""))) }
                }
                group.cancelAll()
            }
            streams.removeAll()
            try await until { hub.count == 0 }
            #expect(await open("", house, as: house.bert).status == .ok)
            #expect(await open("?connection=\(house.home)", house, as: house.bert).status.code == 404)
            #expect(await open("?entity=", house, as: house.bert).status.code == 400)
        }
    }

    @Test("A house that is taken away is seen no more, and a user that is gone is shown out", .timeLimit(.minutes(1)))
    func rights() async throws {
        try await with { house, hub in
            let allowed = LockedBox(true)
            let sight = LockedBox(TailSight.houses([house.cabin]))
            let tail = try hub.open(
                TailFilter(connection: nil, entity: nil, type: nil), as: house.bert, sight: .houses([house.cabin]),
                checks: EventTailHub.Checks(
                    sight: { sight.withLock { $0 } }, isAllowed: { allowed.withLock { $0 } }))
            let text = LockedBox("")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while let pieces = await tail.next() {
                        for piece in pieces { text.withLock { $0 += String(buffer: piece) } }
                    }
                }
                try await until { text.withLock { $0.contains(": \n") } }
                sight.withLock { $0 = .houses([house.home]) }
                // The new sight holds once an event of the other house came.
                var number = 0
                while !text.withLock({ $0.contains("light.home") }) {
                    number += 1
                    try await house.store([.init(ago: 0, entity: "light.home\(number)", new: "on")], in: house.home)
                    try await Task.sleep(for: .milliseconds(20))
                }
                try await house.store([.init(ago: 0, entity: "light.cabin", new: "on")], in: house.cabin)
                try await house.store([.init(ago: 0, entity: "light.last", new: "on")], in: house.home)
                try await until { text.withLock { $0.contains("light.last") } }
                #expect(!text.withLock { $0.contains("light.cabin") })
                allowed.withLock { $0 = false }
                try await group.waitForAll()
            }
        }
    }

    @Test("A slow client loses the oldest and is told how many")
    func slow() async throws {
        let tail = EventTail(byteLimit: 100, left: {})
        for number in 0..<10 {
            tail.offer(EventTail.Piece(text: ByteBuffer(string: String(repeating: "\(number)", count: 30)), events: 2))
        }
        tail.end()
        let pieces = await tail.next()
        let texts = (pieces ?? []).map { String(buffer: $0) }
        #expect(texts.first == "event: lost\ndata: {\"count\":14}\n\n")
        #expect(texts.dropFirst().map { $0.prefix(1) } == ["7", "8", "9"])
        #expect(await tail.next() == nil)
    }

    @Test(
        "Patterns",
        arguments: [
            ("*", "", true), ("light.*", "light.a", true), ("light.*", "switch.a", false), ("?", "ab", false),
            ("*a*b*", "xaxxb", true), ("a*b", "ab", true), ("a*b", "abc", false), ("*.k?tchen", "light.kitchen", true),
            ("a", "a", true), ("", "a", false), ("**", "x", true),
        ])
    func globs(pattern: String, text: String, matches: Bool) {
        #expect(Glob.matches(pattern, text) == matches)
    }
}
