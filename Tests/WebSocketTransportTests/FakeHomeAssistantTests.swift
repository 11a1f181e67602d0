import BridgeCore
import Foundation
import TestSupport
import Testing

@testable import WebSocketTransport

/// What other modules' tests rely on.
@Suite(.timeLimit(.minutes(2)))
struct FakeHomeAssistantTests {
    private func connect(_ server: FakeHomeAssistant, _ commands: [String]) async throws -> TestClient {
        let client = TestClient(try Shared.loop.get(), server.target())
        client.send(#"{"type":"auth","access_token":"fake-token"}"#)
        for command in commands { client.send(command) }
        return client
    }

    @Test func answersTheCommandsOfASession() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        server.update {
            $0.state = "NOT_RUNNING"
            $0.states = [#"{"entity_id":"light.a","state":"on"}"#]
        }
        let client = try await connect(
            server,
            [
                #"{"id":1,"type":"supported_features","features":{"coalesce_messages":1}}"#,
                #"{"id":2,"type":"get_config"}"#,
                #"{"id":3,"type":"auth/current_user"}"#, #"{"id":4,"type":"get_states"}"#, #"{"id":4,"type":"ping"}"#,
                #"{"id":5,"type":"subscribe_events"}"#, #"{"id":6,"type":"no/such"}"#,
                #"{"id":7,"type":"unsubscribe_events","subscription":5}"#,
                #"[{"id":8,"type":"ping"},{"id":9,"type":"ping"}]"#,
            ])
        _ = await client.frames(12)
        let texts = client.history.texts.dropFirst(2)
        let expected = [
            #""id":1,"type":"result","success":true"#, #""state":"NOT_RUNNING""#, #""is_admin":true"#, "light.a",
            "id_reuse",
            #""id":5,"type":"result","success":true"#, "unknown_command", #""id":7,"type":"result","success":true"#,
            #"{"id":8,"type":"pong"}"#, #"{"id":9,"type":"pong"}"#,
        ]
        #expect(texts.count == expected.count)
        for (text, part) in zip(texts, expected) { #expect(text.contains(part)) }
        #expect(server.snapshot.connections.first?.commands.count == 10)
    }

    @Test func refusesAWrongTokenAndCloses() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target())
        client.send(#"{"type":"auth","access_token":"wrong"}"#)
        #expect(
            await client.frames(2).last.map { String(decoding: $0, as: UTF8.self) }?.contains("auth_invalid") == true)
        #expect(await client.closure()?.kind == .peerClosed(code: 1000))
        #expect(server.snapshot.authAttempts == 1)
        #expect(server.snapshot.saw("wrong"))
        #expect(!server.snapshot.saw("fake-token"))
    }

    @Test func letsUsersWhoAreNoAdministratorsSubscribeToWhatHomeAssistantLetsThem() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        server.update { $0.isAdmin = false }
        let client = try await connect(
            server,
            [
                #"{"id":1,"type":"subscribe_events"}"#,
                #"{"id":2,"type":"subscribe_events","event_type":"call_service"}"#,
                #"{"id":3,"type":"subscribe_events","event_type":"state_changed"}"#,
            ])
        let texts = await client.frames(5).map { String(decoding: $0, as: UTF8.self) }
        #expect(texts.map { $0.contains("unauthorized") } == [false, false, true, true, false])
        // The result of a subscription goes out just before the subscription is there.
        #expect(await server.wait { $0.subscriptionCount == 1 })
        #expect(server.push(eventType: "call_service", json: "{}") == 0)
        #expect(server.push(eventType: "state_changed", json: #"{"event_type":"state_changed"}"#) == 1)
        #expect(
            await client.frames(6).last
                == Array(#"{"type":"event","event":{"event_type":"state_changed"},"id":3}"#.utf8))
    }

    @Test func pushesArraysOnlyToThoseWhoAskedForThem() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let plain = try await connect(server, [#"{"id":4,"type":"subscribe_events"}"#])
        _ = await plain.frames(3)
        let coalescing = try await connect(
            server,
            [
                #"{"id":1,"type":"supported_features","features":{"coalesce_messages":1}}"#,
                #"{"id":2,"type":"subscribe_events"}"#,
            ])
        _ = await coalescing.frames(4)
        #expect(await server.wait { $0.subscriptionCount == 2 })
        #expect(server.push([("a", "{}"), ("b", "{}")]) == 4)
        #expect(await plain.frames(5).count == 5)
        let array = #"[{"type":"event","event":{},"id":2},{"type":"event","event":{},"id":2}]"#
        #expect(await coalescing.frames(5).last == Array(array.utf8))
    }

    @Test func replaysRecordedEventsWithLiveIDsAndNothingElse() async throws {
        let lines = [
            #"{"type":"auth_required","ha_version":"2025.4.4"}"#,
            #"{"id":1,"type":"result","success":true,"result":{"event":{"event_type":"x"}}}"#,
            #"{"type":"event","event":{"event_type":"state_changed","data":{"id":7,"t":"a\"b,}ü"}},"id":2}"#,
            #"[{"id":2,"type":"event","event":{"event_type":"one"}}, {"type":"event","event":{"a":{}},"id":3},{"type":"event","event":{ "event_type" : "two" },"id":2}]"#,
        ]
        let recording = RecordedFrames(lines: lines.map { Array($0.utf8) })
        #expect(recording.eventCount == 3)
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = try await connect(
            server,
            [
                #"{"id":1,"type":"supported_features","features":{"coalesce_messages":1}}"#,
                #"{"id":40,"type":"subscribe_events"}"#,
            ])
        _ = await client.frames(4)
        #expect(await server.wait { $0.subscriptionCount == 1 })
        #expect(server.replay(recording) == 3)
        _ = await client.frames(6)
        #expect(
            client.history.texts.suffix(2) == [
                #"{"type":"event","event":{"event_type":"state_changed","data":{"id":7,"t":"a\"b,}ü"}},"id":40}"#,
                #"[{"type":"event","event":{"event_type":"one"},"id":40},{"type":"event","event":{ "event_type" : "two" },"id":40}]"#,
            ])
    }

    @Test func aTestMayAnswerCommandsItself() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        server.update {
            $0.onCommand = { command in
                switch command.type {
                case "mine": .result("42")
                case "mute": .silence
                case "raw": .messages([#"{"x":1}"#, #"{"x":2}"#])
                default: .byDefault
                }
            }
        }
        let client = try await connect(
            server,
            [
                #"{"id":1,"type":"mute"}"#, #"{"id":2,"type":"mine"}"#, #"{"id":3,"type":"raw"}"#,
                #"{"id":4,"type":"ping"}"#,
            ])
        let texts = await client.frames(6).map { String(decoding: $0, as: UTF8.self) }
        #expect(
            texts.dropFirst(2) == [
                #"{"id":2,"type":"result","success":true,"result":42}"#, #"{"x":1}"#, #"{"x":2}"#,
                #"{"id":4,"type":"pong"}"#,
            ])
    }

    @Test func showsAGreetingThatIsNoHomeAssistants() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        server.update { $0.greeting = #"{"hello":"there"}"# }
        let client = TestClient(try Shared.loop.get(), server.target())
        #expect(await client.frames(1).first == Array(#"{"hello":"there"}"#.utf8))
    }
}

/// Its automations, as Home Assistant 2025.4 changes and announces them.
@Suite(.timeLimit(.minutes(2)))
struct FakeAutomationTests {
    /// A client that hears every event, and a way to send requests.
    private struct Rig {
        let server: FakeHomeAssistant
        let client: TestClient

        init() async throws {
            server = try FakeHomeAssistant()
            client = TestClient(try Shared.loop.get(), server.target())
            client.send(#"{"type":"auth","access_token":"fake-token"}"#)
            client.send(#"{"id":1,"type":"subscribe_events"}"#)
            _ = await client.frames(3)
        }

        /// The status of the answer; nil for none.
        func ask(_ method: String, _ body: String? = nil) async throws -> Int? {
            var target = server.target()
            target.path = "/api/config/automation/config/a"
            let request = HTTPRequest(
                method: method, body: body.map { Array($0.utf8) }, token: Secret(Array("fake-token".utf8)))
            let loop = try Shared.loop.get()
            return await withCheckedContinuation { continuation in
                _ = loop.exchange(request, with: target, within: .seconds(10)) { outcome in
                    if case .answered(let response) = outcome {
                        continuation.resume(returning: response.status)
                    } else {
                        continuation.resume(returning: nil)
                    }
                }
            }
        }

        /// What the client heard after its first `count` frames, once there are `more`.
        func heard(after count: Int, _ more: Int) async -> [String] {
            await client.frames(count + more).dropFirst(count).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private let configuration =
        #"{"alias":"The A","trigger":{"platform":"event"},"action":[{"service":"light.turn_on"}]}"#

    @Test func announcesEachChangeAsHomeAssistantDoes() async throws {
        let rig = try await Rig()
        defer { rig.server.stop() }
        #expect(try await rig.ask("POST", configuration) == 200)
        let created = await rig.heard(after: 3, 3)
        #expect(created[0].contains(#""action":"create","entity_id":"automation.the_a""#))
        #expect(created[1].contains(#""old_state":null"#) && created[1].contains(#""state":"on""#))
        #expect(created[2].contains("automation_reloaded"))
        let stored = try #require(rig.server.automations.entries["a"]?.json)
        #expect(stored.contains(#""triggers":[{"platform":"event"}]"#) && stored.contains(#""action":"light.turn_on""#))
        // The same again: no state changes.
        #expect(try await rig.ask("POST", configuration) == 200)
        #expect(await rig.heard(after: 6, 1)[0].contains("automation_reloaded"))
        #expect(try await rig.ask("POST", configuration.replacing("The A", with: "Other")) == 200)
        let changed = await rig.heard(after: 7, 3)
        #expect(changed[0].contains(#""state":"unavailable""#) && changed[1].contains(#""friendly_name":"Other""#))
        #expect(changed[2].contains("automation_reloaded"))
        rig.client.send(
            #"{"id":2,"type":"call_service","domain":"automation","service":"turn_off","target":{"entity_id":"automation.the_a"}}"#
        )
        let off = await rig.heard(after: 10, 2)
        #expect(off[0].contains(#""state":"off""#) && off[1].contains(#""success":true"#))
        // Changes keep it off.
        #expect(try await rig.ask("POST", configuration) == 200)
        #expect(await rig.heard(after: 12, 3)[1].contains(#""state":"off""#))
        #expect(try await rig.ask("DELETE") == 200)
        let gone = await rig.heard(after: 15, 2)
        #expect(gone[0].contains(#""new_state":null"#) && gone[1].contains(#""action":"remove""#))
        #expect(try await rig.ask("DELETE") == 400)
        rig.client.send(#"{"id":3,"type":"get_states"}"#)
        // A deletion announces no reload.
        #expect(await rig.heard(after: 17, 1)[0].contains(#""result":[]"#))
    }

    @Test func refusesWhatHomeAssistantRefuses() async throws {
        let rig = try await Rig()
        defer { rig.server.stop() }
        for body in [
            "{}", "nothing", #"{"trigger":[],"triggers":[],"action":[]}"#, #"{"trigger":[],"action":[],"zzz":1}"#,
            #"{"trigger":{"platform":"nope"},"action":[]}"#,
        ] {
            #expect(try await rig.ask("POST", body) == 400)
        }
        #expect(try await rig.ask("POST", "[]") == 500)
        rig.server.automations.update { $0.isFileBroken = true }
        #expect(try await rig.ask("GET") == 500)
        #expect(rig.server.automations.entries.isEmpty && rig.server.automations.changes.count == 6)
    }
}
