/// How the events of one house are asked for in the order of time.
///
/// Said as `connection_id = …`, that order can also be had from the index of all times. The planner, which takes houses to send by
/// turns, then reads through everything that busier houses have sent since a quiet one's last event. An interval of both columns leaves
/// the index that begins with the connection alone, and says where in it to begin.
enum HouseOrder {
    /// The condition for rows of `home_assistant_events AS event`; all three are SQL, the times both included.
    static func rows(of house: String, from: String = "'-infinity'", to: String = "'infinity'") -> String {
        """
        (event.connection_id, event.timestamp) >= (\(house), (\(from))::timestamptz)
            AND (event.connection_id, event.timestamp) <= (\(house), (\(to))::timestamptz)
        """
    }

    /// What to order by.
    static let newestFirst = "event.connection_id DESC, event.timestamp DESC"
}
