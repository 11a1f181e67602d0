import BridgeCore
import Testing

@testable import BridgeCommand

@Suite struct DoctorTests {
    private static let now = Timestamp(microseconds: 1_795_000_000_000_000)

    private static func clock(_ offset: Int64) -> Finding.Grade {
        DatabaseExamination.clock(
            of: "Clock", whose: "It", at: now.adding(seconds: offset), between: now, and: now.adding(seconds: 1)
        ).grade
    }

    @Test func aClockMayBeOffByASecondOrTwo() {
        #expect([-2, 0, 1, 2].map(Self.clock) == [.mind, .well, .well, .well])
        #expect([-1, 3, 60].map(Self.clock) == [.well, .mind, .mind])
        #expect([-60, 62, -3_600].map(Self.clock) == [.wrong, .wrong, .wrong])
        let behind = DatabaseExamination.clock(
            of: "Clock", whose: "The database's", at: Self.now.adding(seconds: -90), between: Self.now, and: Self.now)
        #expect(behind.what.contains("90.0 s behind") || behind.what.contains("behind"))
    }

    @Test func aCertificateIsRenewedInTime() {
        func grade(_ days: Int64) -> Finding.Grade {
            MachineExamination.expiry(of: "C", "It", Self.now.adding(seconds: days * 86_400), now: Self.now).grade
        }
        #expect([-1, 0, 1, 13, 14, 400].map(grade) == [.wrong, .wrong, .mind, .mind, .well, .well])
    }
}
