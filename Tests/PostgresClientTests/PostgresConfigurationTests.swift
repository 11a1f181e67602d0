import PostgresClient
import Testing

@Suite("Connection strings")
struct PostgresConfigurationTests {
    @Test(arguments: [
        ("postgresql://anna:s3cret-word@db.example:5433/house", "postgresql://anna@db.example:5433/house"),
        ("postgres://anna@[fd00::1]:5432/house?sslmode=require", "postgresql://anna@[fd00::1]:5432/house"),
        ("host=db.example user=anna password='s3cret word' dbname=house", "postgresql://anna@db.example/house"),
        (
            "postgresql://anna:s3cret-word@one:1,two:2/house?target_session_attrs=read-write",
            "postgresql://anna@one:1,two:2/house"
        ),
        ("host=one,two port=5432 dbname=house", "postgresql://one:5432,two:5432/house"),
        ("postgresql://%2Frun%2Fpostgresql/house", "postgresql:///run/postgresql/house"),
        ("dbname=house", "postgresql:///house"),
    ])
    func areDescribedWithoutTheirPassword(_ text: String, _ expected: String) throws {
        #expect(try PostgresConfiguration(text).redactedDescription == expected)
    }

    @Test(arguments: [
        "", "   ", "nonsense", "host=localhost password=hunter22 oops", "host=localhost hunter22=1",
        "postgresql://anna:hunter22@host:port/house", "postgresql://anna:hunter22/rest@host/house",
        "postgresql://anna:hunter22@more@host/house", "postgresql://anna:22/hunter22@host/house",
        "postgresql://anna:hunter22@[::1/house", "postgresql://anna:hunter22%zz@host/house", "host=a port=hunter22",
        "host=a port=70000", "host='unclosed hunter22", "postgresql://h/db?hunter22=1", "host=a,b,c port=1,2",
    ])
    func thatCannotBeUsedAreRefusedWithoutQuotingThem(_ text: String) {
        do {
            _ = try PostgresConfiguration(text)
            Issue.record("Accepted.")
        } catch {
            #expect(error.code == .configuration)
            #expect(error.needsAttention && !error.isRetriable)
            #expect(!error.description.contains("hunter22"))
            #expect(error.description.hasPrefix("The "))
        }
    }

    @Test(arguments: [
        ("postgresql://a:1,b:2/house", "read-write"), ("host=a,b dbname=house", "read-write"),
        ("hostaddr=10.0.0.1,10.0.0.2 dbname=house", "read-write"), ("postgresql://a:1/house", nil),
        ("postgresql://a:1,b:2/house?target_session_attrs=any", "any"),
        ("postgresql://a:1/house?target_session_attrs=standby", "standby"),
    ])
    func ofSeveralServersAskForTheOneThatWrites(_ text: String, _ expected: String?) throws {
        let uri = try PostgresConfiguration(text).uri()
        let wish = uri.split(separator: "&").first { $0.contains("target_session_attrs=") }?.split(separator: "=").last
        #expect(wish.map(String.init) == expected)
    }

    @Test func keepWhatTheOwnerSet() throws {
        let own = try PostgresConfiguration("host=a connect_timeout=9 application_name=mine password=p@ss/w")
        let uri = own.uri(database: "ot her")
        #expect(uri.hasPrefix("postgresql:///ot%20her?"))
        #expect(uri.contains("connect_timeout=9") && uri.contains("application_name=mine"))
        #expect(uri.contains("password=p%40ss%2Fw") && uri.contains("tcp_user_timeout=15000"))
        // libpq sorts the options its own way; none may be lost or changed.
        let again = try PostgresConfiguration(uri).uri(database: "ot her")
        #expect(Set(again.dropFirst(22).split(separator: "&")) == Set(uri.dropFirst(22).split(separator: "&")))
    }
}
