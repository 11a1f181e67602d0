import BridgeCore
import Testing

@Suite struct RedactorTests {
    static let token =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjYW5hcnkiLCJpYXQiOjE3MDB9.c2lnbmF0dXJlLW9mLWNhbmFyeS1fMTIz"

    @Test(arguments: [
        // JSON Web Tokens, wherever they stand.
        ("token is \(token).", "token is ‹redacted›."),
        ("\(token)", "‹redacted›"),
        ("a,\(token),b", "a,‹redacted›,b"),
        ("(\(token))", "(‹redacted›)"),
        ("Sent \(token). Then more.", "Sent ‹redacted›. Then more."),
        ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "‹redacted›"),
        // Cut up by quoting.
        (#"eyJhbGciOiJIUzI1NiJ9"."eyJpc3MiOiJjIn0"."c2lnbmF0dXJl""#, #"‹redacted›""#),
        (#"'eyJhbGciOiJIUzI1NiJ9' + '.eyJpc3MiOiJjIn0' + '.c2lnbmF0dXJl'"#, "'‹redacted›'"),
        // Names of secrets.
        (#"{"type":"auth","access_token":"abc"}"#, #"{"type":"auth","access_token":"‹redacted›"}"#),
        (#"{"type": "auth", "access_token" : "a b,c"}"#, #"{"type": "auth", "access_token" : "‹redacted›"}"#),
        (#"{\"access_token\":\"abc\",\"x\":1}"#, #"{\"access_token\":\"‹redacted›\",\"x\":1}"#),
        (#"{"access_token":"a\"b","x":1}"#, #"{"access_token":"‹redacted›","x":1}"#),
        ("{'access_token': 'abc', 'x': 1}", "{'access_token': '‹redacted›', 'x': 1}"),
        ("ACCESS_TOKEN=abc next", "ACCESS_TOKEN=‹redacted› next"),
        ("access-token: abc", "access-token: ‹redacted›"),
        ("accessToken=abc", "accessToken=‹redacted›"),
        (#"Optional(["access_token": "abc"])"#, #"Optional(["access_token": "‹redacted›"])"#),
        ("GET /x?access_token=abc&y=1", "GET /x?access_token=‹redacted›&y=1"),
        ("PGPASSWORD=hunter2 psql", "PGPASSWORD=‹redacted› psql"),
        ("host=h password=hunter2 dbname=d", "host=h password=‹redacted› dbname=d"),
        ("host=h password = 'hun ter\\'2' dbname=d", "host=h password = '‹redacted›' dbname=d"),
        ("password='never closed", "password='‹redacted›"),
        ("PassWord: hunter2", "PassWord: ‹redacted›"),
        ("Authorization: Bearer abcdefgh12345", "Authorization: ‹redacted›"),
        ("sent bearer abcdefgh12345 there", "sent bearer ‹redacted› there"),
        // URLs.
        ("postgresql://u:hunter2@h/d?sslmode=require", "postgresql://u:‹redacted›@h/d?sslmode=require"),
        ("postgres://u:p@ss@h/d", "postgres://u:‹redacted›@h/d"),
        ("postgres://u:pa/ss@h/d", "postgres://u:‹redacted›@h/d"),
        ("postgres://h/d?user=u&password=hunter2", "postgres://h/d?user=u&password=‹redacted›"),
        (#"url="https://a:b@h:8123/x""#, #"url="https://a:‹redacted›@h:8123/x""#),
        ("HTTPS://A:B@H", "HTTPS://A:‹redacted›@H"),
    ])
    func takesSecretsOut(text: String, expected: String) {
        #expect(Redactor.redact(text) == expected)
    }

    @Test(arguments: [
        "Home Assistant rejected the token of connection home.",
        "password authentication failed for user \"bridge\"",
        "http://homeassistant.local:8123/a@b",
        "http://[::1]:8123/a@b",
        "postgresql://bridge@localhost/db",
        "eyJ is the start of a token",
        "heyJoe, the bearer of news",
        "key=value a:b x = y",
        "",
        "=", ":", "://", "password=", "password", "access_token:", "eyJ", "🏠 ☕️ ‹x›",
    ])
    func leavesOtherTextAlone(text: String) {
        #expect(Redactor.redact(text) == text)
    }

    @Test func isTheSameWhenDoneTwice() {
        let once = Redactor.redact("access_token=abc postgres://u:p@h eyJhbGciOiJIUzI1NiJ9.e30.abc")
        #expect(Redactor.redact(once) == once)
    }

    @Test func staysFastOnHostileText() {
        let hostile = [
            String(repeating: "://", count: 10_000), String(repeating: "eyJ.", count: 10_000),
            String(repeating: "password=", count: 10_000), String(repeating: "://a:b@", count: 5_000),
            String(repeating: "://a:b/", count: 5_000), String(repeating: "://a@b/", count: 5_000),
            String(repeating: "bearer ", count: 5_000), String(repeating: "x:", count: 10_000),
        ]
        let elapsed = ContinuousClock().measure {
            for text in hostile { _ = Redactor.redact(text) }
        }
        #expect(elapsed < .seconds(30))
    }

    @Test(arguments: ["access_token", "HA_TOKEN", "PGPASSWORD", "token", "db.password", "Authorization"])
    func knowsNamesOfSecrets(name: String) { #expect(Redactor.isSecret(key: name)) }

    @Test(arguments: ["connection.name", "tokens", "token_count", "error", "state"])
    func knowsNamesThatAreNone(name: String) { #expect(!Redactor.isSecret(key: name)) }
}
