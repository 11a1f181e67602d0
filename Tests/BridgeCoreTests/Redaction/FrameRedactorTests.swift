import BridgeCore
import FoundationEssentials
import Testing

@Suite struct FrameRedactorTests {
    static let token =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjYW5hcnkiLCJpYXQiOjE3MDB9.c2lnbmF0dXJlLW9mLWNhbmFyeS1fMTIz"
    static let mask = String(repeating: "*", count: token.utf8.count)

    /// What is left of `text`, with every run of asterisks as one, so that expectations can be read.
    private static func redacted(_ text: String) -> String {
        let result = FrameRedactor.redacted(text)
        #expect(result.utf8.count == text.utf8.count)
        #expect(FrameRedactor.redacted(result) == result, "Twice is not once.")
        var short = ""
        for character in result where !(character == "*" && short.last == "*") { short.append(character) }
        return short
    }

    @Test(arguments: [
        // As Home Assistant writes them.
        (#"{"access_token":"abc123","x":1}"#, #"{"access_token":"*","x":1}"#),
        (
            #"{"entity_picture":"/api/camera_proxy/camera.yard?token=abc123","x":1}"#,
            #"{"entity_picture":"/api/camera_proxy/camera.yard?token=*","x":1}"#
        ),
        (
            #"{"entity_picture":"/api/media_player_proxy/media_player.tv?token=abc123&cache=9f"}"#,
            #"{"entity_picture":"/api/media_player_proxy/media_player.tv?token=*&cache=9f"}"#
        ),
        (#"{"url":"/local/a.mp3?authSig=\#(token)"}"#, #"{"url":"/local/a.mp3?authSig=*"}"#),
        (#"{"state":"\#(token)"}"#, #"{"state":"*"}"#),
        (#"{"state":"see \#(token). Done"}"#, #"{"state":"see *. Done"}"#),
        (
            #"{"media_content_id":"http://h:8123/api/hls/abcdef012345/master.m3u8"}"#,
            #"{"media_content_id":"http://h:8123/api/hls/*/master.m3u8"}"#
        ),
        (#"{"u":"https://h/api/webhook/abcdef012345"}"#, #"{"u":"https://h/api/webhook/*"}"#),
        (#"{"u":"https://hooks.nabu.casa/gAAAAAbcdef012345"}"#, #"{"u":"https://hooks.nabu.casa/*"}"#),
        // Names of keys.
        (
            #"{"refresh_token":"a","token":"b","password":"c","api_password":"d","api_key":"e"}"#,
            #"{"refresh_token":"*","token":"*","password":"*","api_password":"*","api_key":"*"}"#
        ),
        (
            #"{"client_secret":"a","Authorization":"Bearer b","X-Api-Key":"c","accessToken":"d","authSig":"e"}"#,
            #"{"client_secret":"*","Authorization":"*","X-Api-Key":"*","accessToken":"*","authSig":"*"}"#
        ),
        (
            #"{"webhook_id":"a","noise_psk":"b","wifi password":"c","Cookie":"d","encryption_key":"e","secret":"f"}"#,
            #"{"webhook_id":"*","noise_psk":"*","wifi password":"*","Cookie":"*","encryption_key":"*","secret":"*"}"#
        ),
        (#"{"access_token" : "abc" , "x":1}"#, #"{"access_token" : "*" , "x":1}"#),
        ("{\"access_token\"\n:\t\"abc\"}", "{\"access_token\"\n:\t\"*\"}"),
        (#"{"password":12345678,"x":1}"#, #"{"password":0       ,"x":1}"#),
        // Quotes and escapes in values.
        (#"{"password":"a\"b","x":"c"}"#, #"{"password":"*","x":"c"}"#),
        (#"{"password":"a\\","x":"c"}"#, #"{"password":"*","x":"c"}"#),
        (#"{"password":"ü\ud83d\ude00☕️","x":"c"}"#, #"{"password":"*","x":"c"}"#),
        (#"{"password":"","x":"c"}"#, #"{"password":"","x":"c"}"#),
        // JSON in a string, and JSON in that.
        (#"{"payload":"{\"token\":\"abc\",\"x\":\"y\"}"}"#, #"{"payload":"{\"token\":\"*\",\"x\":\"y\"}"}"#),
        (#"{"payload":"{\"token\": \"a\\\"b\", \"x\":1}"}"#, #"{"payload":"{\"token\": \"*\", \"x\":1}"}"#),
        (
            #"{"p":"{\"q\":\"{\\\"token\\\":\\\"abc\\\",\\\"x\\\":1}\"}"}"#,
            #"{"p":"{\"q\":\"{\\\"token\\\":\\\"*\\\",\\\"x\\\":1}\"}"}"#
        ),
        (#"{"p":"{\"token\":\"never closed","x":"y"}"#, #"{"p":"{\"token\":\"*","x":"y"}"#),
        (#"{"p":"{\n \"token\"\u0009:\n\"abc\",\n \"x\":1}"}"#, #"{"p":"{\n \"token\"\u0009:\n\"*\",\n \"x\":1}"}"#),
        (
            #"{"p":"{\"service_data\":{\"code\":\"12\"}}","code":"34"}"#,
            #"{"p":"{\"service_data\":{\"code\":\"*\"}}","code":"34"}"#
        ),
        (#"{"state":"{'access_token': 'abc', 'x': 'y'}"}"#, #"{"state":"{'access_token': '*', 'x': 'y'}"}"#),
        // URLs.
        (#"{"u":"rtsp://admin:hunter2@10.0.0.5:554/s"}"#, #"{"u":"rtsp://*@10.0.0.5:554/s"}"#),
        (#"{"u":"rtsp:\/\/admin:hunter2@10.0.0.5:554\/s"}"#, #"{"u":"rtsp:\/\/*@10.0.0.5:554\/s"}"#),
        (#"{"u":"rtsp://admin:p@ss@10.0.0.5/s"}"#, #"{"u":"rtsp://*@10.0.0.5/s"}"#),
        (#"{"u":"rtsp://admin:pa/ss@10.0.0.5/s"}"#, #"{"u":"rtsp://*@10.0.0.5/s"}"#),
        (#"{"u":"https://ghp_abc@github.com/x"}"#, #"{"u":"https://*@github.com/x"}"#),
        (#"{"u":"http://h/x?a=1&api_key=abc#f"}"#, #"{"u":"http://h/x?a=1&api_key=*#f"}"#),
        (#"{"u":"http://h/x?a=1\u0026token=abc\u0026b=2"}"#, #"{"u":"http://h/x?a=1\u0026token=*\u0026b=2"}"#),
        (#"{"u":"http:\/\/h\/x?token=a\/b\/c&x=1"}"#, #"{"u":"http:\/\/h\/x?token=*&x=1"}"#),
        (
            #"{"u":"http://h/x?u=http%3A%2F%2Fy%3Ftoken%3Dabc%26x%3D1"}"#,
            #"{"u":"http://h/x?u=http%3A%2F%2Fy%3Ftoken%3D*%26x%3D1"}"#
        ),
        (#"{"u":"http://h/x?key=abc&pwd=def"}"#, #"{"u":"http://h/x?key=*&pwd=*"}"#),
        (#"{"m":"host=h password='a b' dbname=d"}"#, #"{"m":"host=h password='*' dbname=d"}"#),
        (#"{"m":"set token=\"a b\" now"}"#, #"{"m":"set token=\"*\" now"}"#),
        (#"{"m":"Authorization: Bearer abcdefgh1234"}"#, #"{"m":"Authorization: Bearer *"}"#),
        (#"{"m":"\n\#(token)"}"#, #"{"m":"\n*"}"#),
        // What was cut off.
        (#"[{"access_token":"abc"#, #"[{"access_token":"*"#),
        (#"{"u":"/api/camera_proxy/c?token=abc"#, #"{"u":"/api/camera_proxy/c?token=*"#),
        (#"{"u":"eyJhbGciOiJIUzI1NiI"#, #"{"u":"*"#),
    ])
    func overwritesSecrets(text: String, expected: String) { #expect(Self.redacted(text) == expected) }

    @Test(arguments: [
        #"{"name":"access_token","x":["token","abc"],"token":null,"password":true,"tokens":"3","secret":{"a":"b"}}"#,
        #"{"token":5,"token_count":"7","jeton":"abc","zugangscode":"x","monkey":"b","state":"password"}"#,
        #"{"state":"The password: none","x":"a=b","y":"key=value","z":"cache_key=1"}"#,
        #"{"u":"http://[::1]:8123/a@b","v":"http://h:8123/a@b","w":"https://h/@me","m":"a@b.org","n":"km/h"}"#,
        #"{"state":"eyJ","x":"heyJoe.is.here","y":"the bearer of news","z":"eyJhbGciOiJIUzI1NiJ9"}"#,
        #"{"code":"1234","error":{"code":"not_found"},"service_data":{"entity_id":"light.a"}}"#,
        #"{"token\\":"abc"}"#, #"{"x":"\"token\" is a word"}"#, #"{"a\"token":1}"#,
        "", "\"", "\"\":", "token", "\"token\":", "\"token\":\"", "=", "?token=", "://", "eyJ", "%3D", "'", "\\", "/",
    ])
    func leavesOtherTextAlone(text: String) { #expect(FrameRedactor.redacted(text) == text) }

    @Test(arguments: ["lock", "alarm_control_panel", "cover"], [#""1234""#, "1234"])
    func overwritesTheCodeOfADoor(domain: String, code: String) {
        let event = { (code: String) in
            #"{"id":1,"type":"event","event":{"event_type":"call_service","data":{"domain":"\#(domain)","service":"open","service_data":{"entity_id":["x.y"],"code":\#(code)}},"code":"kept"}}"#
        }
        let expected = code.hasPrefix("\"") ? #""****""# : "0   "
        #expect(FrameRedactor.redacted(event(code)) == event(expected))
    }

    @Test func findsTheDomainWhereverItStands() {
        let after = #"{"service_data":{"code":"1234"},"service":"unlock","domain":"lock"}"#
        #expect(
            FrameRedactor.redacted(after) == #"{"service_data":{"code":"****"},"service":"unlock","domain":"lock"}"#)
        let blanks = #"{ "domain" : "lock" , "service_data" : { "code" : "1234" } }"#
        #expect(FrameRedactor.redacted(blanks) == #"{ "domain" : "lock" , "service_data" : { "code" : "****" } }"#)
        let other = #"{"domain":"remote","service":"send","service_data":{"code":"1234"}}"#
        #expect(FrameRedactor.redacted(other) == other)
        let unknown = #"{"x":[1],"service_data":{"code":"1234"}}"#
        #expect(FrameRedactor.redacted(unknown) == #"{"x":[1],"service_data":{"code":"****"}}"#)
        let cut = #"{"domain":"remote","service_data":{"code":"1234"#
        #expect(FrameRedactor.redacted(cut) == #"{"domain":"remote","service_data":{"code":"****"#)
        let nested = #"{"domain":"script","service_data":{"domain":"lock","service_data":{"code":"1"},"code":"2"}}"#
        #expect(
            FrameRedactor.redacted(nested)
                == #"{"domain":"script","service_data":{"domain":"lock","service_data":{"code":"*"},"code":"2"}}"#)
    }

    @Test func looksOnlyFromTheGivenPlaceOn() {
        var bytes = Array(#"{"token":"a"}{"token":"b"}"#.utf8)
        #expect(FrameRedactor.redact(&bytes, from: 13) == 1)
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"token":"a"}{"token":"*"}"#)
        #expect(FrameRedactor.redact(&bytes, from: 1_000) == 0)
    }

    /// Every place in a frame, so that no boundary of the search between blocks hides anything.
    @Test func findsASecretAtEachPlace() {
        for padding in 0..<70 {
            let text = String(repeating: "x", count: padding)
            for (before, after) in [
                (#"","token":"\#("abc")"}"#, #"","token":"***"}"#), (#"?token=abc"}"#, #"?token=***"}"#),
                (#" \#(Self.token)"}"#, #" \#(Self.mask)"}"#), (#"://a:b@h"}"#, #"://***@h"}"#),
            ] {
                #expect(FrameRedactor.redacted("{\"a\":\"" + text + before) == "{\"a\":\"" + text + after)
            }
        }
    }

    @Test func staysLinearOnHostileBytes() {
        let parts = [
            "://", "eyJ.", "eyJ", "\"token\":", "\"token\":\"", "\\\"token\\\":\\\"", "token=", "?token=\\\"",
            "'token':'",
            "://a:b@", "://a:b/", "://a@b/", "bearer ", "%3D", "\"service_data\":{", "{\"service_data\":", "/api/hls/",
            "\\", "\\\"", "=", "\\\"service_data\\\":", "\"token\"\\n", "\"password\":1",
            "{\"domain\":\"x\",\"service_data\":{\"a\":",
        ]
        for part in parts {
            var bytes = Array(String(repeating: part, count: 400_000 / part.utf8.count).utf8)
            // Quadratic, any of these would take minutes.
            FrameRedactor.redact(&bytes)
        }
    }
}
