import FoundationEssentials
import PostgresClient
import Store
import TestSupport
import Testing

/// How failures in a row are counted, and how long each lets the job wait.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct JobFailureTests {
    private static let retry = Duration.seconds(15)...Duration.seconds(100)

    @Test func eachFailureInARowDoublesThePauseAndAGoodRunForgets() async throws {
        try await TestDatabase.withHouse { house in
            let jobs = MaintenanceJobRepository(house.pool)
            try await jobs.register([("a", .zero), ("b", .zero)])
            func hold() async throws -> MaintenanceJobRepository.Hold {
                try #require(try await jobs.take("a", as: UUID(), name: "here", for: .seconds(60), onlyWhenDue: false))
            }
            func fail(_ error: String) async throws -> MaintenanceJobRepository.Failure? {
                try await jobs.fail(
                    try await hold(), error: error, duration: .seconds(1), retry: Self.retry, spread: 1)
            }
            func left() async throws -> Int {
                let rows = try await house.session.query(
                    """
                    SELECT round(extract(epoch FROM next_run_at - last_finished_at))::integer AS seconds
                    FROM maintenance_job WHERE job_name = 'a'
                    """)
                return try #require(rows.first).int("seconds")
            }
            var failures: [MaintenanceJobRepository.Failure] = []
            for error in ["no disk", "no disk", "no table", "no table"] {
                failures.append(try #require(try await fail(error)))
                #expect(try await left() == Int(try #require(failures.last).pause / .seconds(1)))
            }
            #expect(failures.map(\.inARow) == [1, 2, 3, 4])
            #expect(failures.map(\.isNew) == [true, false, true, false])
            #expect(failures.map(\.pause) == [.seconds(15), .seconds(30), .seconds(60), .seconds(100)])
            let isDone = try await jobs.finish(
                try await hold(), summary: nil, items: 0, duration: .zero, pause: .seconds(5))
            #expect(isDone)
            // The same words again, but after a good run.
            let again = try #require(try await fail("no table"))
            #expect(again.inARow == 1 && again.isNew && again.pause == .seconds(15))
            let rows = try await jobs.list()
            #expect(rows.map(\.errorCount) == [5, 0] && rows.map(\.runCount) == [6, 0])
        }
    }

    @Test func whoHasLostTheJobWritesNothing() async throws {
        try await TestDatabase.withHouse { house in
            let jobs = MaintenanceJobRepository(house.pool)
            try await jobs.register([("a", .zero)])
            let old = try #require(
                try await jobs.take("a", as: UUID(), name: "old", for: .zero, onlyWhenDue: false))
            let new = try await jobs.take("a", as: UUID(), name: "new", for: .seconds(60), onlyWhenDue: false)
            #expect(new != nil)
            let failure = try await jobs.fail(
                old, error: "late", duration: .zero, retry: Self.retry, spread: 1)
            #expect(failure == nil)
            let row = try #require(try await jobs.list().first)
            #expect(row.isHeld && row.holderName == "new" && row.errorCount == 0 && row.lastError == nil)
        }
    }
}
