import ArgumentParser
import BridgeCore
import PostgresClient
import Store

/// `approval notify`.
struct ApprovalNotify: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "notify",
        abstract:
            "Send proposals to an approver's phone, where they can be answered. Without options: show who is told.",
        discussion: """
            The phone needs Home Assistant's app. An answer counts when the user of Home Assistant that the phone belongs to is behind \
            it; that user's id is in Home Assistant under Settings, People, Users. What is of high or critical risk is not \
            approved by phone unless --allow-high-risk is given. The notification passes through the push service of the phone's \
            maker: it says what is proposed, and holds no configuration.
            """)

    @Argument(help: ArgumentHelp("The connection's name.", valueName: "name"))
    var connection: String?

    @Option(help: ArgumentHelp("The approver.", valueName: "name"))
    var user: String?

    @Option(help: ArgumentHelp("The phone's service, such as mobile_app_phone.", valueName: "name"))
    var service: String?

    @Option(
        name: .customLong("home-assistant-user"),
        help: ArgumentHelp("The id of the user of Home Assistant whom the phone belongs to.", valueName: "id"))
    var homeAssistantUser: String?

    @Flag(name: .customLong("allow-high-risk"), help: "The phone may also approve what is of high or critical risk.")
    var allowHighRisk = false

    @Flag(help: "Send this approver nothing more.")
    var off = false

    @OptionGroup var output: OutputOptions

    func validate() throws {
        let isChange = user != nil || service != nil || homeAssistantUser != nil || allowHighRisk || off
        guard isChange else { return }
        guard connection != nil, user != nil else {
            throw ValidationError("Give the connection's name and --user NAME.")
        }
        guard
            off
                ? service == nil && homeAssistantUser == nil && !allowHighRisk
                : service != nil && homeAssistantUser != nil
        else {
            throw ValidationError("Give --service and --home-assistant-user, or --off alone.")
        }
    }

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let console = context.console
        try await context.withPool(settings) { pool in
            let phones = ApprovalNotificationRepository(pool, keys: context.auditKeys(settings))
            var house: StoredConnection?
            if let connection { house = try await ConnectionRepository(pool).find(name: connection) }
            guard let user, let house else {
                return try Self.show(try await phones.targets(of: house?.id), console, output)
            }
            let approver = try await UserRepository(pool).named(user)
            if off {
                try await phones.remove(approver.id, of: house.id, by: house.userID, at: TimeText.now())
                return console.note("\(approver.username) is sent no more proposals of “\(house.name)”.")
            }
            guard let service, let homeAssistantUser else { return }
            let name = service.hasPrefix("notify.") ? String(service.dropFirst("notify.".count)) : service
            try await phones.set(
                NotificationTarget(
                    connection: house.id, user: approver.id, service: name, homeAssistantUser: homeAssistantUser,
                    mayApproveHighRisk: allowHighRisk), by: house.userID, at: TimeText.now())
            console.note(
                "Proposals of “\(house.name)” that \(approver.username) may decide are sent to notify.\(name) from now on."
            )
        }
    }

    private static func show(
        _ targets: [NamedNotificationTarget], _ console: Console, _ output: OutputOptions
    ) throws {
        let rows = targets.map { named in
            JSONValue.object([
                "connection": .string(named.connectionName), "user": .string(named.username),
                "service": .string(named.target.service),
                "home_assistant_user_id": .string(named.target.homeAssistantUser),
                "may_approve_high_risk": .bool(named.target.mayApproveHighRisk),
            ])
        }
        let table = TextTable(
            [.init("CONNECTION"), .init("USER"), .init("SERVICE"), .init("HOME ASSISTANT USER"), .init("HIGH RISK")],
            rows: targets.map { named in
                [
                    named.connectionName, named.username, "notify.\(named.target.service)",
                    named.target.homeAssistantUser, named.target.mayApproveHighRisk ? "approves" : "rejects only",
                ]
            })
        try console.show(
            rows, table: table,
            empty: """
                No proposals are sent to phones. Send some: ha-bridge approval notify CONNECTION --user NAME --service \
                mobile_app_PHONE --home-assistant-user ID
                """, as: output)
    }
}
