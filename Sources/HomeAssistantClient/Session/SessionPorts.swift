/// The ways to ask something of the Home Assistant of one connection while its session lasts.
package struct SessionPorts: Sendable {
    /// Commands over the socket of the session.
    package var commands: CommandPort
    /// Requests beside it.
    package var requests: RESTPort

    package init(commands: CommandPort, requests: RESTPort) {
        self.commands = commands
        self.requests = requests
    }
}
