import BridgeCore
import FoundationEssentials
import Testing

@testable import PostgresClient

@Suite("Errors")
struct PostgresErrorTests {
    @Test(
        arguments: [
            "40001", "40P01", "08006", "08001", "57P01", "57P02", "57P03", "53100", "53200", "53300", "55P03", "25006",
            "57014", "57P05", "25P03", "25P04", "08P01", "58030",
        ])
    func thatPassAreRetriable(_ state: String) {
        let error = PostgresError(.server, "m", sqlState: state)
        #expect(error.isRetriable && !error.rejectsData && !error.needsAttention)
    }

    @Test(arguments: ["22P02", "22021", "22003", "23502", "23514", "54001", "54000"])
    func aboutDataAreNotRetriable(_ state: String) {
        let error = PostgresError(.server, "m", sqlState: state)
        #expect(error.rejectsData && !error.isRetriable && !error.needsAttention && !error.isConnectionLoss)
    }

    @Test(arguments: ["28P01", "28000", "42P01", "42501", "42601", "3D000", "3F000"])
    func aboutRightsAndSchemaNeedAPerson(_ state: String) {
        let error = PostgresError(.server, "m", sqlState: state)
        #expect(error.needsAttention && !error.isRetriable && !error.rejectsData)
    }

    @Test func ofALostSessionAreRetriableWhateverEndedItButForAPersonsPart() {
        for state in ["57P01", "25P03", "XX000", "P0001", "53200", nil] {
            let error = PostgresError(.connectionLost, "m", sqlState: state)
            #expect(error.isRetriable && error.isConnectionLoss, "\(state ?? "none")")
        }
        for state in ["28P01", "3D000"] {
            let error = PostgresError(.connectionFailed, "m", sqlState: state)
            #expect(error.needsAttention && !error.isRetriable, "\(state)")
        }
        #expect(!PostgresError(.server, "m", sqlState: "25P02").isConnectionLoss)
        #expect(!PostgresError(.server, "m", sqlState: "XX000").isRetriable)
    }

    @Test func nameTheLeaseThatWasLost() {
        let id = ConnectionID()
        let error = PostgresError(.server, "m", sqlState: "HB001", detail: id.uuid.uuidString.lowercased())
        #expect(error.isLostLease && error.lostLease == id)
        #expect(!error.isRetriable && !error.rejectsData && !error.isConnectionLoss && !error.needsAttention)
        #expect(PostgresError(.server, "m", sqlState: "HB001", detail: "no id").lostLease == nil)
        #expect(PostgresError(.server, "m", sqlState: "HB002", detail: id.uuid.uuidString).lostLease == nil)
    }

    @Test func tellDuplicatesAndLostSessionsApart() {
        #expect(PostgresError(.server, "m", sqlState: "23505").isDuplicate)
        #expect(!PostgresError(.server, "m", sqlState: "23505").rejectsData)
        #expect(PostgresError(.server, "m", sqlState: "25006").isConnectionLoss)
        #expect(PostgresError(.connectionFailed, "m", sqlState: "28P01").isRetriable == false)
        for code in PostgresError.Code.allCases {
            let isLoss = [.connectionFailed, .connectionLost, .deadlineExceeded].contains(code)
            #expect(PostgresError(code, "m").isRetriable == isLoss)
            #expect(PostgresError(code, "m").isConnectionLoss == isLoss)
            #expect(PostgresError(code, "m").shortDescription == code.rawValue)
        }
        #expect(PostgresError(.server, "m", sqlState: "40001").shortDescription == "40001")
    }

    @Test func maskData() {
        #expect(
            ErrorText.primary("invalid input syntax for type integer: \"secret\"", sqlState: "22P02")
                == "invalid input syntax for type integer: \"…\"")
        #expect(
            ErrorText.primary("invalid byte sequence for encoding \"UTF8\": 0xff 0x41", sqlState: "22021")
                == "invalid byte sequence for encoding \"…\": …")
        #expect(
            ErrorText.primary("relation \"x\" does not exist", sqlState: "42P01") == "relation \"x\" does not exist")
        #expect(ErrorText.detail("Failing row contains (secret, 1).", sqlState: "23502") == nil)
        #expect(
            ErrorText.detail("Key (id, \"timestamp\")=(secret, 2026) already exists.", sqlState: "23505")
                == "Key (id, \"timestamp\")")
        #expect(ErrorText.detail("Process 1 waits.", sqlState: "40P01") == "Process 1 waits")
        #expect(ErrorText.copyLine(inContext: "COPY ev, line 12, column a: \"x, line 3\"") == 12)
        #expect(ErrorText.copyLine(inContext: "PL/pgSQL function f() line 3 at RAISE") == nil)
    }

    @Test func readTheStateOfARefusedConnection() {
        let text = """
            connection to server at "127.0.0.1", port 5432 failed: FATAL:  28P01: password authentication failed for user "a"
            LOCATION:  auth_failed, auth.c:326
            """
        let (message, state) = ErrorText.connectionFailure(text)
        #expect(state == "28P01")
        #expect(
            message
                == "connection to server at \"127.0.0.1\", port 5432 failed: FATAL: password authentication failed for user \"a\""
        )
        #expect(ErrorText.connectionFailure("connection refused\n\tIs the server running?").sqlState == nil)
    }
}
