import BridgeCore

extension ReceivedFrame {
    /// The frame of an answer to a command, for dead letters about parts of it: it holds no events of a subscription.
    package init(of answer: CommandAnswer, connection: ConnectionID) {
        self.init(
            connection: connection, bytes: answer.frame, events: [], snapshot: nil, unreadable: nil, receivedAt: .now,
            receivedTime: .now)
    }
}
