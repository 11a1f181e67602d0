#if canImport(Glibc)
    import Glibc
#endif

/// The thread of a `FaultProxy`: everything in here belongs to it alone.
final class FaultLoop {
    private struct Pair {
        let client: Int32
        let server: Int32
        var isConnecting = true
        var isBlackholed = false
        var toServer: FaultPipe
        var toClient: FaultPipe
    }

    var isStopped = false

    private let server: FaultProxy.Server
    private let port: UInt16
    private let keeper: Int32
    private let wake: Int32
    private var plan: FaultPlan
    private var listener: Int32 = -1
    private var isBlackhole = false
    private var pairs: [Pair] = []
    private var totals = FaultProxy.Counters()

    init(server: FaultProxy.Server, port: UInt16, keeper: Int32, wake: Int32, plan: FaultPlan) {
        self.server = server
        self.port = port
        self.keeper = keeper
        self.wake = wake
        self.plan = plan
    }

    var counters: FaultProxy.Counters {
        var result = totals
        result.open = pairs.count
        return result
    }

    func run(commands: () -> [@Sendable (FaultLoop) -> Void]) {
        while true {
            for command in commands() {
                command(self)
                // Whoever asked closes the pipe next; commands behind this one would wait for ever.
                if isStopped { break }
            }
            if isStopped { break }
            wait(until: pump())
        }
        cut(.reset)
        close(keeper)
        if listener >= 0 { close(listener) }
    }

    // MARK: Commands

    func apply(_ plan: FaultPlan) {
        self.plan = plan
        // The newest first: an old one may be no more than what a slow line has still to deliver.
        for index in pairs.indices.reversed() {
            let plan = takePlan()
            pairs[index].toServer.apply(plan.toServer)
            pairs[index].toClient.apply(plan.toClient)
        }
    }

    func listen(_ wanted: Bool) {
        guard wanted != (listener >= 0) else { return }
        if wanted {
            guard let fresh = try? FaultSocket.bound(port: port).descriptor else { return }
            Glibc.listen(fresh, 64)
            listener = fresh
        } else {
            close(listener)
            listener = -1
        }
    }

    func cut(_ kind: FaultEnding.Kind) {
        for index in pairs.indices.reversed() { end(index, kind, sink: pairs[index].client) }
    }

    func blackhole(_ wanted: Bool) {
        isBlackhole = wanted
        if !wanted {
            for index in pairs.indices { pairs[index].isBlackholed = false }
        }
    }

    // MARK: Steps

    /// The plan for one more connection.
    private func takePlan() -> FaultPlan {
        guard let left = plan.connections else { return plan }
        guard left > 0 else { return .none }
        plan.connections = left - 1
        return plan
    }

    /// Passes on what is due and returns the moment at which more will be.
    private func pump() -> ContinuousClock.Instant? {
        var next: ContinuousClock.Instant?
        guard !isBlackhole else { return nil }
        let now = ContinuousClock.now
        for index in pairs.indices.reversed() where !pairs[index].isConnecting && !pairs[index].isBlackholed {
            let before = (pairs[index].toServer.passed, pairs[index].toClient.passed)
            let first = pairs[index].toServer.pump(now: now, wake: &next)
            totals.toServer += pairs[index].toServer.passed - before.0
            if settle(index, first, sink: pairs[index].server) { continue }
            let second = pairs[index].toClient.pump(now: now, wake: &next)
            totals.toClient += pairs[index].toClient.passed - before.1
            if settle(index, second, sink: pairs[index].client) { continue }
            if pairs[index].toServer.isOver && pairs[index].toClient.isOver { drop(index, resetting: false) }
        }
        return next
    }

    /// True when the pair is out of the round.
    private func settle(_ index: Int, _ outcome: FaultPipe.Outcome, sink: Int32) -> Bool {
        switch outcome {
        case .goesOn: return false
        case .broken:
            drop(index, resetting: true)
            return true
        case .ends(let kind):
            totals.struck += 1
            end(index, kind, sink: sink)
            return kind != .halfClose
        }
    }

    private func end(_ index: Int, _ kind: FaultEnding.Kind, sink: Int32) {
        switch kind {
        case .close: drop(index, resetting: false)
        case .reset: drop(index, resetting: true)
        case .blackhole: pairs[index].isBlackholed = true
        case .halfClose: FaultSocket.endSending(sink)
        }
    }

    private func drop(_ index: Int, resetting: Bool) {
        let pair = pairs.remove(at: index)
        for descriptor in [pair.client, pair.server] {
            if resetting { FaultSocket.reset(descriptor) } else { close(descriptor) }
        }
    }

    private func acceptOne() {
        guard let client = FaultSocket.accepted(listener) else { return }
        guard let server = FaultSocket.connecting(to: server) else {
            FaultSocket.reset(client)
            return
        }
        totals.accepted += 1
        let plan = takePlan()
        pairs.append(
            Pair(
                client: client, server: server,
                toServer: FaultPipe(from: client, to: server, link: plan.toServer),
                toClient: FaultPipe(from: server, to: client, link: plan.toClient)))
    }

    // MARK: Waiting

    /// Sleeps until a socket is ready, a command comes, or the moment is there; then takes what can be read.
    private func wait(until moment: ContinuousClock.Instant?) {
        var requests = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
        requests.append(pollfd(fd: isBlackhole ? -1 : listener, events: Int16(POLLIN), revents: 0))
        for pair in pairs {
            requests.append(request(pair.client, pair, reads: pair.toServer, writes: pair.toClient))
            requests.append(request(pair.server, pair, reads: pair.toClient, writes: pair.toServer))
        }
        var milliseconds: Int32 = -1
        if let moment {
            let (seconds, fraction) = max(.zero, ContinuousClock.now.duration(to: moment)).components
            // Rounded up: a wait that ends before its moment would spin.
            milliseconds = Int32(min(seconds, 100_000) * 1_000 + fraction / 1_000_000_000_000_000 + 1)
        }
        guard poll(&requests, nfds_t(requests.count), milliseconds) > 0 else { return }
        if requests[0].revents != 0 {
            var bytes = [UInt8](repeating: 0, count: 64)
            _ = read(wake, &bytes, bytes.count)
        }
        let now = ContinuousClock.now
        for index in pairs.indices.reversed() {
            take(index, client: requests[2 + index * 2].revents, server: requests[3 + index * 2].revents, now)
        }
        if requests[1].revents != 0 { acceptOne() }
    }

    private func take(_ index: Int, client: Int16, server: Int16, _ now: ContinuousClock.Instant) {
        if pairs[index].isConnecting {
            if server != 0 {
                var status: Int32 = 0
                var length = socklen_t(4)
                getsockopt(pairs[index].server, SOL_SOCKET, SO_ERROR, &status, &length)
                if status == 0 { pairs[index].isConnecting = false } else { drop(index, resetting: true) }
            }
            return
        }
        let readable = Int16(POLLIN | POLLHUP | POLLERR)
        if client & readable != 0, pairs[index].toServer.read(now: now) == .broken {
            drop(index, resetting: true)
        } else if server & readable != 0, pairs[index].toClient.read(now: now) == .broken {
            drop(index, resetting: true)
        }
    }

    /// Nothing is asked of a socket that nothing is wanted from: its end would wake the thread again and again.
    private func request(_ descriptor: Int32, _ pair: Pair, reads: FaultPipe, writes: FaultPipe) -> pollfd {
        var events: Int16 = 0
        if pair.isConnecting {
            if descriptor == pair.server { events = Int16(POLLOUT) }
        } else {
            if reads.wantsReading { events |= Int16(POLLIN) }
            if writes.isBlocked { events |= Int16(POLLOUT) }
        }
        let isAsleep = events == 0 || isBlackhole || pair.isBlackholed
        return pollfd(fd: isAsleep ? -1 : descriptor, events: events, revents: 0)
    }
}
