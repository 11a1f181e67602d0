import BridgeConcurrency
import BridgeCore
import WebSocketTransport

extension RESTPort {
    /// A port to `target` over connections of its own on `loop`: one for each request, closed after it.
    ///
    /// The host is looked up for each request, and every address is judged as for a session. An address that cannot be reached is
    /// passed over for the next one, but only while Home Assistant has seen nothing of the request. A cancelled task gives up
    /// at once.
    package static func over(
        _ loop: WebSocketEventLoop, _ resolver: HostResolver, _ target: SessionTarget
    ) -> RESTPort {
        RESTPort { (request, limit) async throws(RESTFailure) in
            let deadline = ContinuousClock.now + limit
            let url = target.url
            let addresses: [ResolvedAddress]
            do {
                addresses = try await resolver.resolve(host: url.host, port: url.port, isSecure: url.isSecure)
            } catch {
                throw .notSent("\(error)")
            }
            var failure = RESTFailure.notSent("\(url.host) has no address. Check the URL.")
            for address in addresses {
                let left = deadline - .now
                if Task.isCancelled { throw .notSent("The request was given up before it was sent.") }
                guard left > .zero else { break }
                let place = WebSocketTarget(
                    address: address.address, host: url.host, port: url.port, isSecure: url.isSecure,
                    trust: target.trust, path: "\(url.pathPrefix)/\(request.path)")
                let outcome = await exchange(
                    HTTPRequest(method: request.method.rawValue, body: request.body, token: target.token),
                    with: place, within: left, on: loop)
                switch outcome {
                case .answered(let response): return RESTResponse(status: response.status, body: response.body)
                case .failed(let closure, mayHaveArrived: true): throw .noAnswer(closure.message)
                case .failed(let closure, mayHaveArrived: false): failure = .notSent(closure.message)
                }
            }
            throw failure
        }
    }

    private struct Attempt: Sendable {
        var id: WebSocketID?
        var isCancelled = false
    }

    private static func exchange(
        _ request: HTTPRequest, with target: WebSocketTarget, within limit: Duration, on loop: WebSocketEventLoop
    ) async -> HTTPOutcome {
        let attempt = LockedBox(Attempt())
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let id = loop.exchange(request, with: target, within: limit) { continuation.resume(returning: $0) }
                let isLate = attempt.withLock { attempt in
                    attempt.id = id
                    return attempt.isCancelled
                }
                if isLate { loop.close(id) }
            }
        } onCancel: {
            let id = attempt.withLock { attempt in
                attempt.isCancelled = true
                return attempt.id
            }
            if let id { loop.close(id) }
        }
    }
}
