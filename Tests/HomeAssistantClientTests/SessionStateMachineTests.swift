import BridgeCore
import Testing
import WebSocketTransport

@testable import HomeAssistantClient

/// Drives the machine with a clock of its own and keeps what it asked for.
private struct Driver {
    var machine: SessionStateMachine
    var now = ContinuousClock.now
    var actions: [SessionAction] = []
    let start: ContinuousClock.Instant

    init() {
        machine = SessionStateMachine(retry: RetryPolicy(first: .seconds(1), cap: .seconds(60), jitter: 0))
        start = now
    }

    mutating func feed(_ inputs: SessionInput...) {
        for input in inputs { actions = machine.on(input, at: now) }
    }

    mutating func advance(_ duration: Duration) { now += duration }

    /// Goes to the machine's own deadline and feeds it.
    mutating func reachDeadline() {
        if let deadline = machine.deadline { now = deadline }
        feed(.deadline)
    }

    var commands: [Command] {
        actions.compactMap { if case .send(_, let command) = $0 { command } else { nil } }
    }

    var notices: [SessionNotice] {
        actions.compactMap { if case .notify(let notice) = $0 { notice } else { nil } }
    }

    func id(of command: Command) -> CommandID {
        machine.pending.first { $0.value == command }?.key ?? CommandID(0)
    }

    mutating func answer(_ command: Command, _ reply: CommandReply = .succeeded) {
        feed(.reply(id(of: command), reply))
    }

    mutating func connect() { feed(.start, .resolved(count: 1), .opened) }

    mutating func authenticate() {
        connect()
        feed(.authRequired(version: "2025.4.4"), .authOK(version: "2025.4.4"))
    }

    mutating func subscribe(isAdministrator: Bool = true, state: String = "RUNNING") {
        authenticate()
        answer(.coalesceMessages)
        answer(.currentUser, .user(HomeAssistantUser(isAdministrator: isAdministrator)))
        answer(.getConfig, .configuration(.sample(state: state)))
        if isAdministrator {
            answer(.subscribeEvents(type: nil))
        } else {
            for type in Command.allowedWithoutAdministrator { answer(.subscribeEvents(type: type)) }
        }
    }

    mutating func stream() {
        subscribe()
        answer(.getStates, .states)
    }
}

extension HomeAssistantConfiguration {
    fileprivate static func sample(state: String) -> HomeAssistantConfiguration {
        HomeAssistantConfiguration(
            version: "2025.4.4", state: state, timeZone: "Europe/Berlin", locationName: "Lab", components: ["demo"])
    }
}

@Suite struct SessionStateMachineTests {
    private let lost = WebSocketClosure(kind: .reset, message: "The connection was reset.")

    @Test func goesFromStartToStreaming() {
        var driver = Driver()
        driver.feed(.start)
        #expect(driver.actions == [.notify(.connecting), .resolve])
        driver.feed(.resolved(count: 2))
        #expect(driver.actions == [.connect(address: 0)])
        driver.feed(.opened)
        #expect(driver.actions == [])
        driver.feed(.authRequired(version: "2025.4.4"))
        #expect(driver.actions == [.sendToken])
        driver.feed(.authOK(version: "2025.4.4"))
        #expect(driver.commands == [.coalesceMessages, .currentUser, .getConfig])
        driver.answer(.coalesceMessages)
        driver.answer(.currentUser, .user(HomeAssistantUser(isAdministrator: true)))
        driver.answer(.getConfig, .configuration(.sample(state: "RUNNING")))
        #expect(driver.commands == [.subscribeEvents(type: nil)])
        driver.advance(.milliseconds(40))
        driver.answer(.subscribeEvents(type: nil))
        let details = SessionDetails(
            version: "2025.4.4", isAdministrator: true, configuration: .sample(state: "RUNNING"))
        #expect(driver.notices == [.subscribed(details, elapsed: .milliseconds(40))])
        #expect(driver.commands == [.getStates])
        driver.answer(.getStates, .states)
        #expect(driver.machine.state == .streaming)
        #expect(driver.machine.subscriptions.count == 1)
    }

    /// Home Assistant numbers commands on each connection anew, and refuses numbers that do not grow.
    @Test func numbersCommandsFromOneOnEachConnection() {
        var driver = Driver()
        driver.stream()
        driver.feed(.closed(lost))
        driver.reachDeadline()
        driver.feed(.resolved(count: 1), .opened, .authRequired(version: "1"), .authOK(version: "1"))
        #expect(driver.machine.pending.keys.sorted() == [1, 2, 3].map(CommandID.init))
        #expect(driver.machine.subscriptions.isEmpty)
    }

    @Test func asksForTheAllowedListWithoutAdministratorsRights() {
        var driver = Driver()
        driver.authenticate()
        driver.answer(.currentUser, .user(HomeAssistantUser(isAdministrator: false)))
        driver.answer(.getConfig, .configuration(.sample(state: "RUNNING")))
        #expect(driver.commands == Command.allowedWithoutAdministrator.map { .subscribeEvents(type: $0) })
        for type in Command.allowedWithoutAdministrator {
            driver.answer(
                .subscribeEvents(type: type), type == "themes_updated" ? .failed(code: "unauthorized") : .succeeded)
        }
        #expect(driver.notices.contains(.subscriptionsRefused(["themes_updated"])))
        #expect(driver.machine.subscriptions.count == Command.allowedWithoutAdministrator.count - 1)
    }

    @Test func fallsBackToTheAllowedListWhenAllEventsAreRefused() {
        var driver = Driver()
        driver.authenticate()
        driver.answer(.currentUser, .user(HomeAssistantUser(isAdministrator: true)))
        driver.answer(.getConfig, .configuration(.sample(state: "RUNNING")))
        driver.answer(.subscribeEvents(type: nil), .failed(code: "unauthorized"))
        #expect(driver.commands.count == Command.allowedWithoutAdministrator.count)
    }

    @Test func subscribesBeforeHomeAssistantRunsAndTakesTheSnapshotAfter() {
        var driver = Driver()
        driver.subscribe(state: "NOT_RUNNING")
        #expect(driver.machine.state == .awaitingRunning)
        #expect(driver.machine.isSubscribed)
        driver.reachDeadline()
        #expect(driver.commands == [.getConfig])
        driver.answer(.getConfig, .configuration(.sample(state: "STARTING")))
        #expect(driver.commands == [])
        driver.reachDeadline()
        driver.answer(.getConfig, .configuration(.sample(state: "RUNNING")))
        #expect(driver.commands == [.getStates])
    }

    @Test func aRefusedTokenIsTheEnd() {
        var driver = Driver()
        driver.connect()
        driver.feed(.authRequired(version: "1"), .authInvalid)
        #expect(driver.machine.state == .authenticationFailed)
        #expect(driver.machine.deadline == nil)
        #expect(driver.notices == [.authenticationFailed(elapsed: .zero)])
        driver.feed(.closed(lost), .start, .deadline, .drained)
        #expect(driver.actions == [])
        driver.feed(.stop)
        #expect(driver.actions == [.finish])
    }

    /// What is sent to a server that has not shown itself to be Home Assistant: nothing.
    @Test(arguments: [
        SessionInput.notHomeAssistant, .authRequired(version: nil), .deadline,
        .closed(WebSocketClosure(kind: .peerClosed(code: 1000), message: "Closed.")),
    ])
    func sendsNoTokenWithoutAGreeting(input: SessionInput) {
        var driver = Driver()
        driver.connect()
        if case .deadline = input { driver.advance(.seconds(10)) }
        driver.feed(input)
        #expect(!driver.actions.contains(.sendToken))
        #expect(driver.machine.state == .backingOff)
    }

    @Test func triesTheNextAddressOnlyWhenThePeerWasNotReached() {
        var driver = Driver()
        driver.feed(.start, .resolved(count: 3))
        driver.feed(.closed(WebSocketClosure(kind: .refused, message: "Refused.")))
        #expect(driver.actions == [.connect(address: 1)])
        driver.feed(.closed(WebSocketClosure(kind: .timeout, message: "Timed out.")))
        #expect(driver.actions == [.connect(address: 2)])
        driver.feed(.closed(WebSocketClosure(kind: .refused, message: "Refused.")))
        #expect(driver.machine.state == .backingOff)

        var other = Driver()
        other.feed(.start, .resolved(count: 3))
        other.feed(.closed(WebSocketClosure(kind: .tlsFailed(.expired), message: "The certificate has expired.")))
        #expect(other.machine.state == .backingOff)
        guard case .attemptFailed(.tls, let reason, let wait, _)? = other.notices.first else {
            Issue.record("no notice of a failed attempt")
            return
        }
        #expect(reason == "The certificate has expired.")
        #expect(wait == .seconds(1))
    }

    @Test func waitsLongerAfterEachFailureAndNeverGivesUp() {
        var driver = Driver()
        driver.feed(.start)
        var waits: [Duration] = []
        for _ in 0..<40 {
            driver.feed(.resolutionFailed("No such host."))
            if case .attemptFailed(_, _, let wait, _)? = driver.notices.first { waits.append(wait) }
            driver.reachDeadline()
            #expect(driver.actions == [.notify(.connecting), .resolve])
        }
        #expect(waits.prefix(7) == [1, 2, 4, 8, 16, 32, 60].map(Duration.seconds)[...])
        #expect(waits.last == .seconds(60))
    }

    @Test func startsTheWaitsAfreshAfterAStableConnection() {
        var driver = Driver()
        driver.feed(.start)
        for _ in 0..<6 {
            driver.feed(.resolutionFailed("No such host."))
            driver.reachDeadline()
        }
        driver.feed(.resolved(count: 1), .opened, .authRequired(version: "1"), .authOK(version: "1"))
        driver.answer(.currentUser, .user(HomeAssistantUser(isAdministrator: true)))
        driver.answer(.getConfig, .configuration(.sample(state: "RUNNING")))
        driver.answer(.subscribeEvents(type: nil))
        driver.advance(.seconds(31))
        let before = driver.now
        driver.feed(.closed(lost))
        #expect(driver.notices == [.disconnected(reason: "The connection was reset.", lasted: .seconds(31))])
        #expect(driver.machine.deadline == before + .seconds(1))
    }

    @Test func pingsAndMeasures() {
        var driver = Driver()
        driver.stream()
        driver.reachDeadline()
        #expect(driver.commands == [.ping])
        #expect(driver.now - driver.start == .seconds(15))
        let ping = driver.id(of: .ping)
        driver.advance(.milliseconds(12))
        driver.feed(.pong(ping))
        #expect(driver.notices == [.roundTrip(.milliseconds(12))])
        driver.reachDeadline()
        #expect(driver.commands == [.ping])
    }

    @Test func aMissingPongEndsTheConnection() {
        var driver = Driver()
        driver.stream()
        driver.reachDeadline()
        driver.reachDeadline()
        #expect(driver.now - driver.start == .seconds(35))
        #expect(driver.actions.first == .closeSocket(reason: "Home Assistant stopped answering."))
        #expect(driver.machine.state == .backingOff)
    }

    @Test func aPongOfAnotherPingChangesNothing() {
        var driver = Driver()
        driver.stream()
        driver.reachDeadline()
        driver.feed(.pong(CommandID(99)))
        #expect(driver.actions == [])
        driver.reachDeadline()
        #expect(driver.machine.state == .backingOff)
    }

    @Test func anErrorOnALiveSubscriptionIsALostEvent() {
        var driver = Driver()
        driver.stream()
        let subscription = driver.machine.subscriptions.first ?? CommandID(0)
        driver.feed(.reply(subscription, .failed(code: "unknown_error")))
        #expect(driver.notices == [.eventNotDelivered(code: "unknown_error")])
        driver.feed(.reply(CommandID(77), .failed(code: "unknown_error")))
        #expect(driver.notices == [])
    }

    @Test func overflowClosesAndWaitsForRoom() {
        var driver = Driver()
        driver.stream()
        driver.advance(.seconds(3))
        driver.feed(.overflow)
        #expect(driver.actions.contains(.notify(.overflow)))
        #expect(driver.machine.state == .overflowing)
        driver.feed(.deadline, .closed(lost))
        #expect(driver.actions == [])
        driver.feed(.drained)
        #expect(driver.actions == [.notify(.connecting), .resolve])
    }

    /// From every state, a lost socket leads to a wait with a deadline, and a stop to the end.
    @Test(arguments: 0..<8)
    func everyStateSurvivesALossAndObeysAStop(stage: Int) {
        let steps: [(inout Driver) -> Void] = [
            { $0.feed(.start) }, { $0.feed(.start, .resolved(count: 1)) }, { $0.connect() },
            {
                $0.connect()
                $0.feed(.authRequired(version: "1"))
            },
            { $0.authenticate() }, { $0.subscribe(state: "STARTING") }, { $0.subscribe() }, { $0.stream() },
        ]
        var driver = Driver()
        steps[stage](&driver)
        if stage > 0 {
            driver.feed(.closed(lost))
            #expect(driver.machine.state == .backingOff)
            #expect(driver.machine.deadline != nil)
            #expect(driver.machine.pending.isEmpty)
        }
        var stopped = Driver()
        steps[stage](&stopped)
        stopped.feed(.stop)
        #expect(stopped.actions.last == .finish)
        #expect(stopped.machine.state == .stopped)
        stopped.feed(.start, .opened, .deadline)
        #expect(stopped.actions == [])
    }

    /// Without any answer, every state that waits ends by itself.
    @Test(arguments: 0..<7)
    func silenceNeverLastsForEver(stage: Int) {
        let steps: [(inout Driver) -> Void] = [
            { $0.feed(.start) }, { $0.feed(.start, .resolved(count: 1)) }, { $0.connect() },
            {
                $0.connect()
                $0.feed(.authRequired(version: "1"))
            },
            { $0.authenticate() }, { $0.subscribe() }, { $0.stream() },
        ]
        var driver = Driver()
        steps[stage](&driver)
        for _ in 0..<4 where driver.machine.state != .backingOff { driver.reachDeadline() }
        #expect(driver.machine.state == .backingOff)
        #expect(driver.now - driver.start <= .seconds(130))
    }
}
