import BridgeConcurrency
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes a client's connection that takes too long, however it does so.
///
/// A deadline runs from the connection (`greeting`) or the last answer (`idle`) to a whole request head, and another from
/// there to the end of the answer and of the request's body (`exchange`). Single bytes that trickle in or out move none of
/// them. An answer of server-sent events goes on for as long as the client takes what is written: it ends when that takes longer
/// than `silence`, or when nothing is written for as long. When many are connected, who says nothing leaves sooner, so that a
/// probe of the health finds a place. When the server stops, whatever is left has `farewell` to end.
///
/// Lives on the event loop of its channel.
final class ConnectionDeadlines: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// The lengths of the deadlines.
    struct Limits: Sendable {
        /// For the first request head.
        var greeting: TimeAmount = .seconds(10)
        /// For the next request head. Longer than the usual pause of a scraper that keeps its connection.
        var idle: TimeAmount = .seconds(75)
        /// From a head to the end of the answer.
        var exchange: TimeAmount = .seconds(10)
        /// From one write of an answer that goes on to the next one that the socket took.
        var silence: TimeAmount = .seconds(60)
        /// Instead of `greeting` and `idle` where more than `crowd` are connected.
        var crowdedPatience: TimeAmount = .seconds(1)
        var crowd = 448
        /// For everything, once the server stops.
        var farewell: TimeAmount = .seconds(1)
    }

    private let limits: Limits
    private var deadline: Scheduled<Void>?
    private var openAnswers = 0
    private var isReadingRequest = false
    private var isQuiescing = false
    /// The answer that is being written is one that goes on.
    private var isStreaming = false
    /// Whether the fate of a write is being waited for; one at a time is enough to know that the socket takes them.
    private var awaitsWrite = false
    private var lastTaken = NIODeadline.now()
    /// How many are connected, of all connections together.
    private let crowd: LockedBox<Int>

    init(limits: Limits, crowd: LockedBox<Int> = LockedBox(0)) {
        self.limits = limits
        self.crowd = crowd
    }

    func handlerAdded(context: ChannelHandlerContext) {
        crowd.withLock { $0 += 1 }
        if context.channel.isActive { arm(patience(limits.greeting), context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        crowd.withLock { $0 -= 1 }
        deadline?.cancel()
    }

    private func patience(_ usual: TimeAmount) -> TimeAmount {
        crowd.withLock { $0 } > limits.crowd ? min(usual, limits.crowdedPatience) : usual
    }

    func channelActive(context: ChannelHandlerContext) {
        arm(patience(limits.greeting), context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            let wasBusy = isBusy
            openAnswers += 1
            isReadingRequest = true
            if !wasBusy { arm(limits.exchange, context) }
        case .body: break
        case .end:
            isReadingRequest = false
            if !isBusy {
                arm(patience(limits.idle), context)
            } else if isStreaming {
                listen(context)
            }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            isStreaming = head.headerFields[.contentType]?.hasPrefix("text/event-stream") == true
            // As long as the request is not read, its deadline holds: a slow body is no way around it.
            if isStreaming, !isReadingRequest { listen(context) }
            return context.write(data, promise: promise)
        case .body where isStreaming && !awaitsWrite: return writeWatched(data, promise, context)
        case .body: return context.write(data, promise: promise)
        case .end: isStreaming = false
        }
        // The answer has ended when the socket took it, not when it was queued.
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        written.futureResult.whenSuccess { bound.value.handler.answered(bound.value.context) }
        context.write(data, promise: written)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            isQuiescing = true
            arm(limits.farewell, context, evenWhenQuiescing: true)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private var isBusy: Bool { openAnswers > 0 || isReadingRequest }

    private func answered(_ context: ChannelHandlerContext) {
        openAnswers -= 1
        if !isBusy, context.channel.isActive { arm(patience(limits.idle), context) }
    }

    private func writeWatched(_ data: NIOAny, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext) {
        awaitsWrite = true
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        written.futureResult.whenComplete { result in
            bound.value.awaitsWrite = false
            if case .success = result { bound.value.lastTaken = .now() }
        }
        context.write(data, promise: written)
    }

    /// Waits for an answer that goes on, as long as the socket takes it.
    private func listen(_ context: ChannelHandlerContext) {
        lastTaken = .now()
        watch(for: limits.silence, context)
    }

    private func watch(for span: TimeAmount, _ context: ChannelHandlerContext) {
        guard !isQuiescing else { return }
        deadline?.cancel()
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: span) {
            let (handler, context) = bound.value
            let rest = handler.lastTaken + handler.limits.silence - .now()
            if rest > .zero {
                handler.watch(for: rest, context)
            } else {
                context.close(promise: nil)
            }
        }
    }

    private func arm(_ limit: TimeAmount, _ context: ChannelHandlerContext, evenWhenQuiescing: Bool = false) {
        // Nothing extends the last deadline.
        guard evenWhenQuiescing || !isQuiescing else { return }
        deadline?.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: limit) { bound.value.close(promise: nil) }
    }
}

@available(*, unavailable)
extension ConnectionDeadlines: Sendable {}
