import BridgeConcurrency
import Dispatch
import Foundation

/// A TCP port on the loopback in front of a server, through which a test makes the network fail: delays, slow lines, resets,
/// half-open connections, black holes, refusals. It looks at no byte, so it serves any protocol.
///
/// It works on one thread of its own, which sleeps while there is nothing to do. Each call takes effect before it returns. The
/// port stays the proxy's for its whole life: while it refuses, nobody else can take it. Call `stop` at the end.
package final class FaultProxy: Sendable {
    /// Where the server is.
    package enum Server: Sendable, Equatable {
        /// A numeric IPv4 address, or `localhost`.
        case tcp(host: String, port: UInt16)
        case unix(path: String)
    }

    /// What passed through so far.
    package struct Counters: Sendable, Equatable {
        /// Connections taken.
        package var accepted = 0
        /// Connections open now.
        package var open = 0
        /// Endings of plans that have struck.
        package var struck = 0
        /// Bytes passed on to the server.
        package var toServer = 0
        /// Bytes passed on to clients.
        package var toClient = 0
    }

    /// The port to connect to.
    package let port: UInt16

    private let commands = LockedBox<[@Sendable (FaultLoop) -> Void]>([])
    private let wakeReader: Int32
    private let wakeWriter: Int32
    private let hasStopped = LockedBox(false)

    /// A proxy that takes connections at once and does to them what `plan` says.
    package init(to server: Server, plan: FaultPlan = .none) throws {
        let (keeper, port) = try FaultSocket.bound(port: 0)
        self.port = port
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw FaultSocket.Failure(step: "pipe") }
        for end in ends { FaultSocket.prepare(end) }
        (wakeReader, wakeWriter) = (ends[0], ends[1])
        let (commands, reader) = (commands, wakeReader)
        let thread = Thread {
            let loop = FaultLoop(server: server, port: port, keeper: keeper, wake: reader, plan: plan)
            loop.run {
                commands.withLock { list in
                    defer { list = [] }; return list
                }
            }
        }
        thread.name = "fault-proxy"
        thread.start()
        // The port listens when the first command has been done.
        accept()
    }

    deinit { stop() }

    /// What passed through so far.
    package var counters: Counters {
        let result = LockedBox(Counters())
        perform { loop in
            let counters = loop.counters
            result.withLock { $0 = counters }
        }
        return result.withLock { $0 }
    }

    /// Open connections get the plan, too; the bytes of an ending count from now.
    package func apply(_ plan: FaultPlan) { perform { $0.apply(plan) } }

    /// New connections are refused from now on; open ones live on.
    package func refuse() { perform { $0.listen(false) } }

    /// New connections are taken again.
    package func accept() { perform { $0.listen(true) } }

    /// Ends every open connection, by default with a reset.
    package func cut(_ kind: FaultEnding.Kind = .reset) { perform { $0.cut(kind) } }

    /// Nothing passes any more in either direction, and nobody is told; new connections are as if the server were frozen.
    package func blackhole() { perform { $0.blackhole(true) } }

    /// Whatever a black hole held back goes on its way, that of single connections included.
    package func resume() { perform { $0.blackhole(false) } }

    /// Ends the thread and every connection. Harmless when called twice; other calls do nothing afterwards.
    package func stop() {
        perform { $0.isStopped = true }
        let isFirst = hasStopped.withLock { stopped in
            defer { stopped = true }
            return !stopped
        }
        guard isFirst else { return }
        close(wakeReader)
        close(wakeWriter)
    }

    /// Runs `command` on the proxy's thread and waits for it: a few microseconds, since nothing there blocks.
    private func perform(_ command: @escaping @Sendable (FaultLoop) -> Void) {
        let done = DispatchSemaphore(value: 0)
        let isRunning = hasStopped.withLock { stopped in
            guard !stopped else { return false }
            commands.withLock {
                $0.append { loop in
                    command(loop)
                    done.signal()
                }
            }
            var byte: UInt8 = 0
            _ = write(wakeWriter, &byte, 1)
            return true
        }
        if isRunning { done.wait() }
    }
}
