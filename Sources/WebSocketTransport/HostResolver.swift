import BridgeConcurrency

#if canImport(Glibc)
    import Glibc
#endif

/// Turns host names into addresses off the event loop, because `getaddrinfo` blocks and cannot be interrupted.
///
/// Lookups run on a few threads of the resolver's own, so that one name whose server is silent does not hold up the others.
package struct HostResolver: Sendable {
    private let policy: AddressPolicy
    private let workers: [ResolverWorker]
    private let timeout: Duration
    private let pending: LockedBox<[Int]>

    /// - Parameters:
    ///   - threads: lookups that may be stuck at once before others wait for them.
    ///   - timeout: the longest that a lookup is waited for.
    ///   - policy: what is asked about every address.
    package init(policy: AddressPolicy = AddressPolicy(), threads: Int = 4, timeout: Duration = .seconds(5)) {
        self.init(policy: policy, threads: threads, timeout: timeout, lookUp: lookUpHost)
    }

    /// With another lookup, for tests.
    init(
        policy: AddressPolicy = AddressPolicy(),
        threads: Int,
        timeout: Duration,
        lookUp: @escaping @Sendable (String) throws(HostResolverError) -> [IPAddress]
    ) {
        self.policy = policy
        workers = (0..<max(threads, 1)).map { _ in ResolverWorker(lookUp: lookUp) }
        pending = LockedBox(Array(repeating: 0, count: max(threads, 1)))
        self.timeout = timeout
    }

    /// Looks `host` up, a name or a numeric address without brackets.
    ///
    /// The result is never empty, holds each address once, alternates between IPv6 and IPv4 (starting with the family that the
    /// system prefers), and leaves out what the policy refuses. Connect to these addresses and to nothing that a second lookup
    /// gives.
    ///
    /// - Throws: `HostResolverError`; `CancellationError` never: the wait is bounded by the timeout.
    package func resolve(
        host: String, port: UInt16, isSecure: Bool
    ) async throws(HostResolverError) -> [ResolvedAddress] {
        let found = try await addresses(of: host)
        let forbidden = await forbiddenAddresses(port: port)
        var allowed: [IPAddress] = []
        var refusal: (address: IPAddress, reason: String)?
        for address in found {
            var verdict = policy.verdict(for: address, isSecure: isSecure)
            let target = address.carried ?? address
            let isLocal = AddressPolicy.isLoopback(target) && forbidden.contains(where: AddressPolicy.isLoopback)
            if isLocal || forbidden.contains(target) {
                verdict = .refused("is where the database listens")
            }
            switch verdict {
            case .allowed: allowed.append(address)
            case .refused(let reason): refusal = refusal ?? (address, reason)
            }
        }
        guard allowed.isEmpty else { return Self.alternate(allowed).map { ResolvedAddress(ip: $0, port: port) } }
        guard let refusal else {
            throw HostResolverError(code: .notFound, message: "\(host) has no address. Check the URL.")
        }
        let subject = refusal.address.description == host ? host : "\(host) leads to \(refusal.address), which"
        throw HostResolverError(
            code: .refusedByPolicy, message: "\(subject) \(refusal.reason). It is not connected to.")
    }

    private func addresses(of host: String) async throws(HostResolverError) -> [IPAddress] {
        if let numeric = IPAddress(host) { return [numeric] }
        guard Self.isPlausible(host) else {
            throw HostResolverError(
                code: .invalidName, message: "\"\(Self.printable(host))\" is not a host name. Check the URL.")
        }
        return try await lookUp(host)
    }

    /// The addresses of the servers that are never connected to at this port. One that cannot be looked up now has none: the
    /// database cannot be reached there either.
    private func forbiddenAddresses(port: UInt16) async -> Set<IPAddress> {
        var forbidden: Set<IPAddress> = []
        for server in policy.forbiddenServers where server.port == port {
            // Any address of this machine's own stands for all.
            let host = server.host ?? "127.0.0.1"
            for address in (try? await addresses(of: host)) ?? [] { forbidden.insert(address.carried ?? address) }
        }
        return forbidden
    }

    private func lookUp(_ host: String) async throws(HostResolverError) -> [IPAddress] {
        let index = pending.withLock { counts in
            let index = counts.indices.min { counts[$0] < counts[$1] } ?? 0
            counts[index] += 1
            return index
        }
        let worker = workers[index]
        let pending = pending
        let timeout = timeout
        let result = await withCheckedContinuation { continuation in
            let answer = FirstAnswer(continuation)
            // Unstructured, because a lookup that is stuck cannot be cancelled and must not be waited for.
            Task {
                let result = await worker.lookUp(host)
                pending.withLock { $0[index] -= 1 }
                answer.give(result)
            }
            let timer = Task {
                guard (try? await Task.sleep(for: timeout)) != nil else { return }
                let message =
                    "The name \(host) was not resolved within \(timeout.components.seconds) s. Check the name server."
                answer.give(.failure(HostResolverError(code: .timeout, message: message)))
            }
            answer.cancelWhenGiven(timer)
        }
        return try result.get()
    }

    /// Each address once, families in turn, the first family first.
    static func alternate(_ addresses: [IPAddress]) -> [IPAddress] {
        var seen: Set<IPAddress> = []
        let unique = addresses.filter { seen.insert($0).inserted }
        guard let first = unique.first else { return [] }
        let preferred = unique.filter { $0.isIPv6 == first.isIPv6 }
        let others = unique.filter { $0.isIPv6 != first.isIPv6 }
        var result: [IPAddress] = []
        for index in 0..<max(preferred.count, others.count) {
            if index < preferred.count { result.append(preferred[index]) }
            if index < others.count { result.append(others[index]) }
        }
        return result
    }

    private static func isPlausible(_ host: String) -> Bool {
        // A colon means an address with a zone, or a port that was left on: neither is a name.
        !host.isEmpty && host.utf8.count <= 253
            && host.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "/") }
    }

    private static func printable(_ host: String) -> String {
        String(host.unicodeScalars.prefix(64).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : Character($0) })
    }
}

/// One thread for lookups.
private actor ResolverWorker {
    private let executor = ThreadExecutor(name: "resolver")
    private let perform: @Sendable (String) throws(HostResolverError) -> [IPAddress]

    init(lookUp: @escaping @Sendable (String) throws(HostResolverError) -> [IPAddress]) { perform = lookUp }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func lookUp(_ host: String) -> Result<[IPAddress], HostResolverError> {
        do throws(HostResolverError) { return .success(try perform(host)) } catch { return .failure(error) }
    }
}

/// Resumes a continuation with the first of two answers and drops the second.
private final class FirstAnswer: Sendable {
    private typealias Answer = Result<[IPAddress], HostResolverError>

    private struct State {
        var continuation: CheckedContinuation<Answer, Never>?
        var timer: Task<Void, Never>?
    }

    private let state: LockedBox<State>

    init(_ continuation: CheckedContinuation<Result<[IPAddress], HostResolverError>, Never>) {
        state = LockedBox(State(continuation: continuation))
    }

    func cancelWhenGiven(_ timer: Task<Void, Never>) {
        let isLate = state.withLock { state in
            state.timer = timer
            return state.continuation == nil
        }
        if isLate { timer.cancel() }
    }

    func give(_ answer: Result<[IPAddress], HostResolverError>) {
        let (continuation, timer) = state.withLock { state in
            let taken = (state.continuation, state.timer)
            state.continuation = nil
            return taken
        }
        continuation?.resume(returning: answer)
        timer?.cancel()
    }
}

/// The blocking lookup.
private func lookUpHost(_ host: String) throws(HostResolverError) -> [IPAddress] {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    guard status == 0 else {
        if status == EAI_AGAIN || status == EAI_SYSTEM {
            throw HostResolverError(
                code: .temporaryFailure,
                message: "The name \(host) could not be looked up: the name server did not answer. Check the network.")
        }
        throw HostResolverError(
            code: .notFound, message: "The name \(host) does not exist or has no address. Check the URL.")
    }
    var addresses: [IPAddress] = []
    var next = list
    while let entry = next {
        next = entry.pointee.ai_next
        guard let socketAddress = entry.pointee.ai_addr else { continue }
        let raw = UnsafeRawPointer(socketAddress)
        var bytes: [UInt8] = []
        if entry.pointee.ai_family == AF_INET {
            withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in.self).sin_addr) { bytes = Array($0) }
        } else if entry.pointee.ai_family == AF_INET6 {
            withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr) { bytes = Array($0) }
        }
        if let address = IPAddress(bytes: bytes) { addresses.append(address) }
    }
    return addresses
}
