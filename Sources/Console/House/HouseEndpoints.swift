/// What the house did and does: connections, events, entities, gaps.
enum HouseEndpoints {
    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        OverviewEndpoints.add(to: &endpoints, services)
        ActivityEndpoints.add(to: &endpoints, services)
        EventEndpoints.add(to: &endpoints, services)
        SearchEndpoints.add(to: &endpoints, services)
        EntityEndpoints.add(to: &endpoints, services)
        EventStreamEndpoint.add(to: &endpoints, services)
    }
}
