/// What is governed: automations, proposals, decisions, rules, stops, and the trail of it all.
enum GovernanceEndpoints {
    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        AutomationEndpoints.add(to: &endpoints, services)
        VersionEndpoints.add(to: &endpoints, services)
        ApprovalEndpoints.add(to: &endpoints, services)
        DecisionEndpoints.add(to: &endpoints, services)
        RuleEndpoints.add(to: &endpoints, services)
        EmergencyEndpoints.add(to: &endpoints, services)
        AuditEndpoints.add(to: &endpoints, services)
    }
}
