import ArgumentParser

/// `connection`: the Home Assistants to listen to.
struct ConnectionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connection", abstract: "Add, show, test and change connections to Home Assistant.",
        discussion: "A running bridge takes up each change within seconds.",
        subcommands: [
            ConnectionAdd.self, ConnectionList.self, ConnectionShow.self, ConnectionTest.self, ConnectionPause.self,
            ConnectionResume.self, ConnectionSetToken.self, ConnectionSetURL.self, ConnectionSetTLS.self,
            ConnectionShare.self, ConnectionUnshare.self, ConnectionRemove.self,
        ])
}
