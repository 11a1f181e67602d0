import BridgeCore
import FoundationEssentials
import Testing

@testable import Store

#if canImport(Glibc)
    import Glibc
#endif

/// How long a long chain takes; runs where HA_BRIDGE_TEST_AUDIT_ROWS says how long, in a release build to mean anything.
@Suite(.needsPostgres) struct AuditScaleTests {
    private static let rows = getenv("HA_BRIDGE_TEST_AUDIT_ROWS").flatMap { Int(String(cString: $0)) } ?? 0

    @Test(.enabled(if: rows > 0)) func aLongChainVerifies() async throws {
        try await AuditHouse.with { house in
            let clock = ContinuousClock()
            let connection = house.connections[0]
            let written = try await clock.measure {
                for start in stride(from: 0, to: Self.rows, by: 1_000) {
                    try await house.append(
                        (start..<min(Self.rows, start + 1_000)).map { AuditHouse.row(.connections, connection, $0) },
                        to: .connections, keys: house.keys)
                }
            }
            var report = AuditReport()
            let verified = try await clock.measure { report = try await house.verify() }
            #expect(report.isSound)
            #expect(report.chains.first?.verifiedThrough == Int64(Self.rows))
            let chain = AuditChain(.connections, connection)
            try await house.tamper(
                "UPDATE home_assistant_audit_log SET success = NOT success WHERE \(AuditHouse.place(chain, Int64(Self.rows / 2)))"
            )
            var findings: [String] = []
            let searched = try await clock.measure { findings = try await house.findings(of: chain) }
            #expect(findings == ["edited \(Self.rows / 2)"])
            print(
                "\(Self.rows) rows: written in \(written), verified in \(verified), an edit in the middle found in \(searched)"
            )
        }
    }
}
