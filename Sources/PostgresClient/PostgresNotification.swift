/// What `NOTIFY` sent on a channel that the session listens to.
package struct PostgresNotification: Sendable, Hashable {
    /// The channel's name.
    package let channel: String
    /// The text sent along, empty when there was none.
    package let payload: String

    /// Makes one, as a test or a poll in place of NOTIFY needs it.
    package init(channel: String, payload: String) {
        self.channel = channel
        self.payload = payload
    }
}
