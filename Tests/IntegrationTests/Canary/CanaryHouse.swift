import BridgeCore
import Foundation
import TestSupport

/// A fake Home Assistant with secrets in its states, in every way in which states come: live, in the snapshot, in the history.
struct CanaryHouse {
    /// One for each way, so that whatever is found says where it came from.
    static let live = "canarylive5d0c6a1f9e2b4873"
    static let snapshot = "canarysnapshot77b1e0c4a952"
    static let history = "canaryhistory3fe8d7a6c510"
    static let letter = "canaryletter90ab12cd34ef56"
    static let imported = "canaryimport64fd0e7b2a1c98"
    static let code = "canarycode2468"
    static let states = [live, snapshot, history, letter, imported, code]

    let fake: FakeHomeAssistant
    let past = FakeHistory()

    init() throws {
        let past = past
        fake = try ProcessRig.fake { behaviour in
            behaviour.states = [
                Self.state("camera.yard", Self.snapshot, at: .now.adding(seconds: -60)),
                Self.state("media_player.hall", Self.snapshot, at: .now.adding(seconds: -60)),
            ]
            behaviour.onCommand = { past.reply(to: $0) }
        }
    }

    /// Attributes as cameras and media players have them, and a few that people make.
    static func attributes(_ secret: String) -> String {
        let web = "eyJhbGciOiJIUzI1NiJ9.\(secret).c2lnbmF0dXJl"
        return """
            {"access_token":"\(secret)","entity_picture":"/api/camera_proxy/camera.yard?token=\(secret)&cache=1",\
            "media_content_id":"http://h:8123/media/a.mp3?authSig=\(web)","stream":"rtsp://admin:\(secret)@10.0.0.5/s",\
            "note":"{\\"password\\":\\"\(secret)\\"}","jwt":"\(web)","friendly_name":"Yard"}
            """
    }

    static func state(_ entity: String, _ secret: String, at time: Timestamp) -> String {
        """
        {"entity_id":"\(entity)","state":"idle","attributes":\(attributes(secret)),"last_changed":"\(time.iso8601)",\
        "last_updated":"\(time.iso8601)","context":{"id":"c","parent_id":null,"user_id":null}}
        """
    }

    static func change(_ entity: String, _ secret: String, at time: Timestamp = .now) -> (type: String, json: String) {
        (
            "state_changed",
            """
            {"event_type":"state_changed","data":{"entity_id":"\(entity)","old_state":\(state(entity, secret, at: time)),\
            "new_state":\(state(entity, secret, at: time))},"origin":"LOCAL","time_fired":"\(time.iso8601)",\
            "context":{"id":"c","parent_id":null,"user_id":null}}
            """
        )
    }

    /// States, a call of a lock's service, an event that cannot be stored as it is, and one that cannot be read.
    func live() {
        let time = Timestamp.now.iso8601
        fake.push([
            Self.change("camera.yard", Self.live), Self.change("media_player.hall", Self.live),
            (
                "call_service",
                """
                {"event_type":"call_service","data":{"domain":"lock","service":"unlock","service_data":\
                {"entity_id":"lock.door","code":"\(Self.code)"}},"origin":"LOCAL","time_fired":"\(time)","context":{"id":"d"}}
                """
            ),
            (
                "odd",
                """
                {"event_type":"odd","data":{"text":"a\\u0000b","token":"\(Self.letter)"},"time_fired":"\(time)",\
                "context":{"id":"e"}}
                """
            ),
            (
                "odd",
                """
                {"event_type":"odd","data":{"n":1e999,"api_key":"\(Self.letter)"},"time_fired":"\(time)",\
                "context":{"id":"f"}}
                """
            ),
        ])
    }

    /// Whole frames that are no JSON from some place on.
    func cutOff() {
        for text in [
            #"{"id":3,"type":"event","event":{"event_type":"odd","data":{"access_token":"\#(Self.letter)"#,
            #"[{"type":"event","event":{"u":"/x?token=\#(Self.letter)&y=1"}},nonsense]"#,
        ] { fake.push(frames: ServerFrame.encode(Array(text.utf8))) }
    }
}
