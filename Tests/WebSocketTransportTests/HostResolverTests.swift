import BridgeConcurrency
import Testing

@testable import WebSocketTransport

#if canImport(Glibc)
    import Glibc
#endif

@Suite(.timeLimit(.minutes(1)))
struct HostResolverTests {
    private func addresses(_ texts: [String]) -> [IPAddress] { texts.compactMap { IPAddress($0) } }

    @Test(arguments: [
        "127.0.0.1", "10.0.0.1", "172.16.1.1", "192.168.1.5", "100.64.0.1", "8.8.8.8", "::1", "fd00::5", "fc00::1",
        "2001:db8::1", "::ffff:192.168.1.5", "64:ff9b::c0a8:105",
    ]) func allows(text: String) throws {
        #expect(AddressPolicy().verdict(for: try #require(IPAddress(text)), isSecure: true) == .allowed)
    }

    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "224.0.0.251", "239.255.255.255", "255.255.255.255",
        "240.0.0.1", "::", "fe80::1", "febf::1", "ff02::fb", "::ffff:169.254.169.254", "::ffff:0.0.0.0",
        "::ffff:224.0.0.1", "::169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
    ]) func refuses(text: String) throws {
        let verdict = AddressPolicy().verdict(for: try #require(IPAddress(text)), isSecure: true)
        guard case .refused = verdict else {
            Issue.record("\(text) is allowed")
            return
        }
    }

    @Test func takesNumericAddressesAsTheyAre() async throws {
        let resolver = HostResolver()
        #expect(
            try await resolver.resolve(host: "127.0.0.1", port: 8123, isSecure: true).map(\.description) == [
                "127.0.0.1:8123"
            ])
        #expect(
            try await resolver.resolve(host: "::1", port: 8123, isSecure: true).map(\.description) == ["[::1]:8123"])
        #expect(
            try await resolver.resolve(host: "::ffff:10.1.2.3", port: 1, isSecure: true).map(\.address) == ["10.1.2.3"])
    }

    @Test func resolvesLocalhost() async throws {
        let found = try await HostResolver().resolve(host: "localhost", port: 1, isSecure: true)
        #expect(found.contains { $0.address == "127.0.0.1" || $0.address == "::1" })
    }

    @Test(arguments: ["", "a b", "a/b", "fe80::1%eth0", "name:8123", "a\0b"]) func refusesWhatIsNoName(
        host: String
    ) async {
        await #expect { try await HostResolver().resolve(host: host, port: 1, isSecure: true) } throws: {
            ($0 as? HostResolverError)?.code == .invalidName
        }
    }

    @Test func tellsANameThatDoesNotExist() async {
        await #expect {
            try await HostResolver().resolve(host: "no-such-host.invalid", port: 1, isSecure: true)
        } throws: {
            let code = ($0 as? HostResolverError)?.code
            // Without a name server the same lookup fails for the moment only.
            return code == .notFound || code == .temporaryFailure || code == .timeout
        }
    }

    @Test func alternatesFamiliesFromThePreferredOneOn() {
        let found = HostResolver.alternate(
            addresses(["2001:db8::1", "2001:db8::2", "2001:db8::3", "10.0.0.1", "10.0.0.2", "10.0.0.1"]))
        #expect(
            found.map(\.description) == ["2001:db8::1", "10.0.0.1", "2001:db8::2", "10.0.0.2", "2001:db8::3"])
        #expect(HostResolver.alternate([]) == [])
    }

    @Test func leavesOutWhatThePolicyRefuses() async throws {
        let mixed = addresses(["169.254.169.254", "fe80::1", "192.168.1.5"])
        let resolver = HostResolver(threads: 1, timeout: .seconds(5)) { _ in mixed }
        #expect(
            try await resolver.resolve(host: "mixed.test", port: 1, isSecure: true).map(\.address) == ["192.168.1.5"])
        let bad = addresses(["169.254.169.254"])
        let refusing = HostResolver(threads: 1, timeout: .seconds(5)) { _ in bad }
        await #expect { try await refusing.resolve(host: "metadata.test", port: 1, isSecure: true) } throws: {
            ($0 as? HostResolverError)?.code == .refusedByPolicy && "\($0)".contains("169.254.169.254")
        }
    }

    @Test func aStuckLookupTimesOutAndHoldsUpNoOther() async throws {
        let gate = LockedBox(false)
        let good = addresses(["10.0.0.1"])
        let resolver = HostResolver(threads: 2, timeout: .milliseconds(500)) { host in
            while host == "slow.test" && !gate.withLock({ $0 }) { usleep(1000) }
            return good
        }
        async let slow = resolver.resolve(host: "slow.test", port: 1, isSecure: true)
        for _ in 0..<20 { #expect(try await resolver.resolve(host: "quick.test", port: 1, isSecure: true).count == 1) }
        do {
            _ = try await slow
            Issue.record("resolved")
        } catch let error as HostResolverError {
            #expect(error.code == .timeout)
        }
        gate.withLock { $0 = true }
    }
}
