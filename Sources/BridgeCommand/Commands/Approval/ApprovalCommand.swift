import ArgumentParser
import BridgeCore
import PostgresClient
import Store

/// `approval`: what waits for a person's word before it is changed in a house.
struct ApprovalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approval",
        abstract: "Decide the changes that were proposed for your automations.",
        discussion: """
            Nothing is changed in Home Assistant before it is approved, and what is approved is what is done: a proposal cannot be \
            edited. Who may decide a proposal, and how many must agree, was fixed when it was made; one rejection is enough to end \
            it. Proposals are made by: ha-bridge automation propose.
            """,
        subcommands: [
            ApprovalList.self, ApprovalShow.self, ApprovalApprove.self, ApprovalReject.self, ApprovalCancel.self,
            ApprovalNotify.self,
        ])
}

/// Who acts in a command about proposals.
struct ActingPerson: ParsableArguments {
    @Option(
        name: .customLong("user"),
        help: ArgumentHelp("Who you are; else the owner of the connection.", valueName: "name"))
    var name: String?

    /// The user of that name, else the owner of the connection. Throws a `CommandFailure` for a name that nobody has.
    func find(in pool: PostgresPool, connection: ConnectionID) async throws -> UserID {
        if let name { return try await UserRepository(pool).named(name).id }
        guard let owner = try await ConnectionRepository(pool).find(id: connection)?.userID else {
            throw CommandFailure(.usage, "The connection of this proposal is gone. Say who you are with --user NAME.")
        }
        return owner
    }
}

/// Which proposal a command is about.
struct ApprovalSubject: ParsableArguments {
    @Argument(help: "The proposal's id, or its first four or more characters.")
    var id: String

    func find(in approvals: ApprovalRepository) async throws -> StoredWorkflow { try await approvals.find(id) }
}
