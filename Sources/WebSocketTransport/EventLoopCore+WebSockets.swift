import CLibWebSockets

// WebSockets: the upgrade, frames both ways, pings, and the closing handshake of RFC 6455.
extension EventLoopCore {
    // MARK: Frames that arrive

    /// Takes bytes of the answer to the upgrade, and of frames; false when there is nothing more to take.
    func takeFrames(_ bytes: UnsafeRawBufferPointer, of found: LoopConnection) -> Bool {
        var rest = bytes[...]
        if case .connecting = found.stage {
            switch found.upgrade.take(&rest) {
            case .incomplete: return true
            case .upgraded: established(found)
            case .refused(let status):
                found.evidence.httpStatus = status
                return false
            case .invalid:
                found.evidence.httpStatus = 101
                return false
            }
        }
        while true {
            do throws(FrameReader.Failure) {
                guard let item = try found.frames.next(&rest) else { return true }
                guard take(item, of: found) else { return false }
            } catch {
                return fail(found, error)
            }
        }
    }

    private func established(_ found: LoopConnection) {
        found.stage = .established
        found.lastActivity = Self.now
        found.deadline = found.lastActivity + pingAfter
        scheduleTimer(at: found.deadline)
        found.onEvent(.opened)
        if found.hasOutgoing, let wsi = found.wsi { lws_callback_on_writable(wsi) }
    }

    /// False when the connection is not to be read on.
    private func take(_ item: FrameReader.Item, of found: LoopConnection) -> Bool {
        switch item {
        case .message(let bytes): found.onEvent(.frame(bytes))
        case .pong: break
        case .ping(let payload):
            guard case .established = found.stage, let wsi = found.wsi else { break }
            // Of several that wait, only the last one wants an answer.
            found.pong = payload
            lws_callback_on_writable(wsi)
        case .close(let code):
            found.evidence.peerCloseCode = code
            guard case .established = found.stage, found.closeRequest == nil else {
                // The answer to this side's own close frame, or its like.
                finish(found, Self.localClosure(found))
                return false
            }
            let closure = found.evidence.disconnection(from: found.target, hangUpAfter: Int(options.hangUpAfterSeconds))
            finish(found, closure, tellingPeer: code == 1005 ? 1000 : code)
            return false
        }
        return true
    }

    private func fail(_ found: LoopConnection, _ failure: FrameReader.Failure) -> Bool {
        let place = found.target.display
        switch failure {
        case .tooBig:
            let size = options.maximumMessageBytes >> 20
            let message = "\(place) sent a message of more than \(size) MiB; the connection was closed."
            finish(found, WebSocketClosure(kind: .messageTooBig, message: message), tellingPeer: 1009)
        case .invalid:
            let closure = found.evidence.disconnection(from: found.target, hangUpAfter: .max)
            finish(found, closure, tellingPeer: 1002)
        }
        return false
    }

    // MARK: Frames that leave

    func writeFrames(_ found: LoopConnection, _ wsi: OpaquePointer) -> Int32 {
        switch found.stage {
        case .established: break
        case .lingering(let code):
            guard !found.isCloseSent else { return 0 }
            return sendClose(code, reason: "", on: found, wsi) ? 0 : -1
        case .connecting, .probing, .closing: return 0
        }
        if let pong = found.pong {
            found.pong = nil
            guard put(.text(pong), opcode: .pong, on: found, wsi) else { return -1 }
        }
        while lws_send_pipe_choked(wsi) == 0, let message = found.dequeue() {
            guard put(message, opcode: .text, on: found, wsi) else { return -1 }
        }
        if found.hasOutgoing {
            lws_callback_on_writable(wsi)
        } else if let (code, reason) = found.closeRequest {
            // What the peer has sent before it reads this is still handed on.
            found.stage = .closing
            guard sendClose(code, reason: reason, on: found, wsi) else { return -1 }
        }
        return 0
    }

    private func sendClose(_ code: UInt16, reason: String, on found: LoopConnection, _ wsi: OpaquePointer) -> Bool {
        found.isCloseSent = true
        var text = Array(reason.utf8.prefix(123))
        // A character cut in two would not be UTF-8.
        while String(validating: text, as: UTF8.self) == nil { text.removeLast() }
        return put(.text([UInt8(code >> 8), UInt8(code & 0xFF)] + text), opcode: .close, on: found, wsi)
    }

    // MARK: Silence

    private var pingAfter: Int64 { Int64(options.pingAfterSeconds) * 1_000_000 }
    private var hangUpAfter: Int64 { Int64(options.hangUpAfterSeconds) * 1_000_000 }

    /// The time to ask a silent peer for a sign of life, or to give it up.
    func lookForSilence(_ found: LoopConnection, _ wsi: OpaquePointer) {
        let now = Self.now
        // Whoever does not listen cannot say that the other is silent.
        if !found.isReading { found.lastActivity = now }
        let silence = now - found.lastActivity
        if silence >= hangUpAfter {
            found.evidence.silentSeconds = Int((silence + 500_000) / 1_000_000)
            kill(found)
            finish(
                found,
                found.evidence.disconnection(from: found.target, hangUpAfter: Int(options.hangUpAfterSeconds)))
            return
        }
        if silence >= pingAfter {
            // Of a connection that is broken the library tells.
            _ = put(.text([]), opcode: .ping, on: found, wsi)
            found.deadline = found.lastActivity + hangUpAfter
        } else {
            found.deadline = found.lastActivity + pingAfter
        }
        scheduleTimer(at: found.deadline)
    }
}
