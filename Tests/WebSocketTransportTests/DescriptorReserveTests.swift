import Testing

@testable import WebSocketTransport

@Suite struct DescriptorReserveTests {
    @Test(arguments: [
        (descriptor: 3, limit: 64, isAllowed: true), (57, 64, true), (58, 64, false), (63, 64, false),
        (1_017, 1_024, true), (1_018, 1_024, false), (11, 16, true), (12, 16, false), (5, .max, true),
    ])
    func leavesSomeToTheRestOfTheProcess(descriptor: Int32, limit: Int, isAllowed: Bool) {
        #expect(DescriptorReserve.allows(descriptor, limit: limit) == isAllowed)
    }

    @Test func allowsOneHere() {
        #expect(DescriptorReserve.allowsOne)
    }
}
