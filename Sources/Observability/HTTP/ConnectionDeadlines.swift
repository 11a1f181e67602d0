import NIOCore
import NIOHTTPTypes

/// Closes a client's connection that takes too long, however it does so.
///
/// A deadline runs from the connection (`greeting`) or the last answer (`idle`) to a whole request head, and another from
/// there to the end of the answer and of the request's body (`exchange`). Single bytes that trickle in or out move none of
/// them. When the server stops, whatever is left has `farewell` to end.
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
        /// For everything, once the server stops.
        var farewell: TimeAmount = .seconds(1)
    }

    private let limits: Limits
    private var deadline: Scheduled<Void>?
    private var openAnswers = 0
    private var isReadingRequest = false
    private var isQuiescing = false

    init(limits: Limits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { arm(limits.greeting, context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelActive(context: ChannelHandlerContext) {
        arm(limits.greeting, context)
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
            if !isBusy { arm(limits.idle, context) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
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
        if !isBusy, context.channel.isActive { arm(limits.idle, context) }
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
