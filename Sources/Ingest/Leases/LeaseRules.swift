import Store

/// Decides how many leases a bridge takes and how many it gives up: a fair share, with patience. No clock and no database inside.
struct LeaseRules: Sendable {
    private let timings: LeaseTimings
    private var lastContact: ContinuousClock.Instant?
    private var calmSince: ContinuousClock.Instant?
    private var surplusSince: ContinuousClock.Instant?

    init(timings: LeaseTimings) { self.timings = timings }

    /// Notes that the database has answered a renewal.
    mutating func renewed(at now: ContinuousClock.Instant) {
        if let lastContact, now - lastContact <= max(timings.expiry / 2, timings.renewal * 1.5) {
            // Nobody's lease ran out meanwhile merely because the database was away.
        } else {
            calmSince = now
        }
        lastContact = now
    }

    /// Whether an expired lease says that its holder is gone.
    func trustsExpiry(at now: ContinuousClock.Instant) -> Bool {
        calmSince.map { now - $0 >= timings.calm } ?? false
    }

    /// How many more leases the bridge may take that holds `held`.
    func room(_ census: LeaseCensus, held: Int) -> Int { max(0, census.share - held) }

    /// How many of the `active` leases, those that are not given up yet, it gives up now.
    mutating func surplus(_ census: LeaseCensus, active: Int, at now: ContinuousClock.Instant) -> Int {
        guard active > census.share else {
            surplusSince = nil
            return 0
        }
        let since = surplusSince ?? now
        surplusSince = since
        guard now - since >= timings.patience else { return 0 }
        surplusSince = nil
        return active - census.share
    }
}
