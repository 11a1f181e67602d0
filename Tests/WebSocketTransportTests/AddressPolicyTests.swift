import BridgeConcurrency
import Testing

@testable import WebSocketTransport

@Suite struct AddressPolicyTests {
    private func verdict(
        _ text: String, _ policy: AddressPolicy = AddressPolicy(), isSecure: Bool = true
    ) throws -> AddressPolicy.Verdict { policy.verdict(for: try #require(IPAddress(text)), isSecure: isSecure) }

    private func networks(_ texts: String...) throws -> AddressPolicy {
        AddressPolicy(allowedNetworks: try texts.map { try #require(IPNetwork($0)) })
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3", "10.1.2.4", false), ("192.168.4.0/22", "192.168.7.255", true),
        ("192.168.4.0/22", "192.168.8.0", false),
        ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "8.8.8.8", false),
        ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::1", false), ("2001:db8::/33", "2001:db8:7fff::1", true),
        ("2001:db8::/33", "2001:db8:8000::1", false), ("10.1.2.3/8", "10.9.9.9", true),
        ("::ffff:10.0.0.0/104", "10.9.9.9", true), ("::ffff:10.0.0.0/104", "11.9.9.9", false),
    ]) func aNetworkHoldsItsAddresses(network: String, address: String, isIn: Bool) throws {
        let network = try #require(IPNetwork(network))
        #expect(network.contains(try #require(IPAddress(address))) == isIn)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0/8", "::/129", "::ffff:10.0.0.0/95",
        "home.local", "10.0.0.0/ 8", "10.0.0.0/+8",
    ]) func refusesWhatIsNoNetwork(text: String) { #expect(IPNetwork(text) == nil) }

    @Test func onlyTheAllowedNetworksAreConnectedTo() throws {
        let policy = try networks("192.168.1.0/24", "fd00::/8")
        for good in ["192.168.1.7", "fd12::1", "::ffff:192.168.1.7", "64:ff9b::c0a8:107", "2002:c0a8:0107::1"] {
            #expect(try verdict(good, policy) == .allowed, "\(good)")
        }
        for bad in ["192.168.2.7", "127.0.0.1", "::1", "8.8.8.8", "2001:db8::1", "64:ff9b::c0a8:207"] {
            guard case .refused(let reason) = try verdict(bad, policy) else {
                Issue.record("\(bad) is allowed")
                continue
            }
            #expect(reason.contains("HA_BRIDGE_ALLOWED_NETWORKS"))
        }
        // What is never connected to cannot be allowed.
        let everything = try networks("0.0.0.0/0", "::/0")
        for never in ["169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "64:ff9b::a9fe:a9fe"] {
            #expect(try verdict(never, everything) != .allowed, "\(never)")
        }
    }

    /// Forms that carry 169.254.169.254, or another address that is refused, to where it leads.
    @Test(arguments: [
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1:a9fe:a9:fe00::", "2002:a9fe:a9fe::1",
        "2001:0:1234::5601:5601", "::ffff:0:169.254.169.254", "2001:db8::5efe:169.254.169.254",
        "2001:db8::200:5efe:169.254.169.254", "::169.254.169.254", "fd00:ec2::254",
    ]) func aFormThatCarriesAnAddressIsJudgedByIt(text: String) throws { #expect(try verdict(text) != .allowed) }

    @Test func withoutTLSOnlyLoopbackAndPrivateAddresses() throws {
        for good in [
            "127.0.0.1", "127.8.8.8", "::1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1",
            "100.127.255.255", "fc00::1", "fdff::1", "::ffff:10.1.2.3",
        ] {
            #expect(try verdict(good, isSecure: false) == .allowed, "\(good)")
        }
        for bad in [
            "8.8.8.8", "172.32.0.1", "172.15.255.255", "100.128.0.1", "192.169.0.1", "11.0.0.1", "2001:db8::1",
            "fe00::1",
            "64:ff9b::808:808", "2002:808:808::1",
        ] {
            guard case .refused(let reason) = try verdict(bad, isSecure: false) else {
                Issue.record("\(bad) is allowed")
                continue
            }
            #expect(reason.contains("https://"))
            #expect(try verdict(bad) == .allowed)
        }
    }

    @Test func theLoopItselfRefusesATargetThatNoResolverHasSeen() {
        func fault(_ address: String, isSecure: Bool) -> String? {
            WebSocketTarget(address: address, host: "home.example", port: 8123, isSecure: isSecure).fault
        }
        #expect(fault("169.254.169.254", isSecure: true)?.contains("link-local") == true)
        #expect(fault("8.8.8.8", isSecure: false)?.contains("https://") == true)
        #expect(fault("8.8.8.8", isSecure: true) == nil && fault("10.0.0.1", isSecure: false) == nil)
    }

    @Test func theDatabaseIsNeverConnectedTo() async throws {
        let policy = AddressPolicy(forbiddenServers: [
            .init(host: "db.test", port: 5432), .init(host: nil, port: 5433), .init(host: "gone.test", port: 5434),
        ])
        let addresses = try ["10.0.0.5", "10.0.0.6"].map { try #require(IPAddress($0)) }
        let resolver = HostResolver(policy: policy, threads: 1, timeout: .seconds(5)) {
            host throws(HostResolverError) in
            switch host {
            case "db.test": [addresses[0]]
            case "both.test": addresses
            default: throw HostResolverError(code: .notFound, message: "none")
            }
        }
        func resolve(_ host: String, _ port: UInt16) async throws -> [String] {
            try await resolver.resolve(host: host, port: port, isSecure: false).map(\.address)
        }
        #expect(try await resolve("db.test", 8123) == ["10.0.0.5"])
        #expect(try await resolve("both.test", 5432) == ["10.0.0.6"])
        #expect(try await resolve("10.0.0.7", 5434) == ["10.0.0.7"])
        for (host, port) in [
            ("db.test", 5432), ("10.0.0.5", 5432), ("127.0.0.1", 5433), ("127.0.0.9", 5433), ("::1", 5433),
        ] {
            await #expect { try await resolve(host, UInt16(port)) } throws: { "\($0)".contains("the database") }
        }
    }

    @Test func eachLookupIsJudgedAnew() async throws {
        // A name that leads elsewhere the second time: what was good before says nothing.
        let answers = try ["192.168.1.5", "169.254.169.254", "8.8.8.8"].map { try #require(IPAddress($0)) }
        let lookups = LockedBox(0)
        let resolver = HostResolver(threads: 1, timeout: .seconds(5)) { _ in
            [
                answers[
                    lookups.withLock { count in
                        count += 1
                        return count - 1
                    }]
            ]
        }
        func resolve() async throws -> [String] {
            try await resolver.resolve(host: "rebinding.test", port: 80, isSecure: false).map(\.address)
        }
        #expect(try await resolve() == ["192.168.1.5"])
        await #expect { try await resolve() } throws: { ($0 as? HostResolverError)?.code == .refusedByPolicy }
        await #expect { try await resolve() } throws: { ($0 as? HostResolverError)?.code == .refusedByPolicy }
    }
}
