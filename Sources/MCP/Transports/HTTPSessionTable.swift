internal import StrataCore

/// The sessions of handshake-era clients. Pure: it reads no clock and draws no random bits.
struct HTTPSessionTable {
    /// What is known of a session.
    struct Entry {
        let session: MCPSession
        /// Who opened it; nobody else can use it.
        let owner: String
        var usedAt: Timestamp
    }

    let countMax: Int
    let countPerOwnerMax: Int
    let idleMax: Duration
    private(set) var entries: [String: Entry] = [:]

    init(countMax: Int, countPerOwnerMax: Int, idleMax: Duration) {
        self.countMax = countMax
        self.countPerOwnerMax = countPerOwnerMax
        self.idleMax = idleMax
    }

    /// Takes in a new session. An owner who has too many loses the one that was idle longest; so nobody can push out
    /// another's.
    ///
    /// - Returns: false when there are too many in all.
    mutating func insert(_ session: MCPSession, id: String, owner: String, now: Timestamp) -> Bool {
        expire(now: now)
        let own = entries.filter { $0.value.owner == owner }
        if own.count >= countPerOwnerMax, let oldest = own.min(by: { $0.value.usedAt < $1.value.usedAt }) {
            entries[oldest.key] = nil
        }
        guard entries.count < countMax else { return false }
        entries[id] = Entry(session: session, owner: owner, usedAt: now)
        return true
    }

    /// The session of that id, when it is the owner's and was not idle too long.
    mutating func use(_ id: String, owner: String, now: Timestamp) -> MCPSession? {
        guard let entry = entries[id], entry.owner == owner else { return nil }
        guard now - entry.usedAt <= idleMax else {
            entries[id] = nil
            return nil
        }
        entries[id]?.usedAt = now
        return entry.session
    }

    /// Ends a session; false when the owner has none of that id.
    mutating func remove(_ id: String, owner: String) -> Bool {
        guard entries[id]?.owner == owner else { return false }
        entries[id] = nil
        return true
    }

    private mutating func expire(now: Timestamp) {
        entries = entries.filter { now - $0.value.usedAt <= idleMax }
    }
}
