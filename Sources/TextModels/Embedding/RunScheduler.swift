/// Decides which waiting pieces of work run next, and together.
///
/// Two lanes: queries before bulk, but each run that overtakes waiting bulk work makes it older, and at
/// ``Limits/overtakeCountMax`` it goes first. Within a lane the calls take turns, so that a small call does not wait for
/// a large one. A run takes the longest pieces of the call whose turn it is, as many as the token budget holds when each
/// is padded to the longest, and is filled up with nearly as long pieces of other calls. Runs of 160 through 512 padded
/// tokens were the fastest on CPUs: below, each run's own cost shows; above, the activations fall out of the caches.
/// While queries come, bulk runs are kept at the lower end, because a query may have to wait for one.
///
/// Pure: it starts no thread, reads no clock and calls no model; whoever holds it carries out the runs.
struct RunScheduler {
    /// Who goes first.
    enum Lane: Int, CaseIterable, Sendable {
        /// Somebody waits for an answer.
        case fast
        /// Work that may take its time.
        case bulk
    }

    struct Limits: Sendable {
        /// Runs that go on side by side; a small amount of work is divided so that each has something to do.
        var workerCount = 1
        /// Calls that may be open in a lane.
        var callCountMax = 256
        /// Texts of all open calls of a lane; one call alone may have more.
        var textCountMax = 65_536
        var tokenBudgetMin = 160
        var tokenBudgetMax = 512
        /// How many fast runs may overtake waiting bulk work in a row.
        var overtakeCountMax = 8
        /// For how many bulk runs after a query the next query is expected soon.
        var alertRunCount = 64
    }

    /// A piece of a call, by its number there.
    struct Piece: Hashable, Sendable {
        var call: Int
        var index: Int
    }

    struct Run: Equatable, Sendable {
        var lane: Lane
        var pieces: [Piece]
        /// Tokens of the longest piece times the number of pieces.
        var paddedTokenCount: Int
    }

    private struct Call {
        let lane: Lane
        let textCount: Int
        /// Shortest first, so that the longest are taken from the end; equally long ones in reverse order.
        var waiting: [(tokenCount: Int, index: Int)] = []
        var isShared = false
        var rowCountMax = 1
    }

    private struct LaneState {
        var openCount = 0
        var textCount = 0
        var tokenCount = 0
        /// The calls with waiting pieces; the first has the next turn.
        var turns: [Int] = []
    }

    let limits: Limits
    private var calls: [Int: Call] = [:]
    private var lanes = Lane.allCases.map { _ in LaneState() }
    private var nextCall = 0
    private var overtakeCount = 0
    private var alertRunsLeft = 0

    init(limits: Limits) {
        precondition(limits.workerCount > 0 && limits.callCountMax > 0 && limits.tokenBudgetMin > 0)
        self.limits = limits
    }

    /// Calls that were opened and not closed.
    var callCount: Int { calls.count }
    /// Pieces that wait.
    var waitingCount: Int { calls.values.reduce(0) { $0 + $1.waiting.count } }

    /// Admits a call and gives it a number; nil when its lane is full.
    mutating func open(_ lane: Lane, textCount: Int) -> Int? {
        let state = lanes[lane.rawValue]
        guard state.openCount < limits.callCountMax,
            state.openCount == 0 || state.textCount + textCount <= limits.textCountMax
        else { return nil }
        lanes[lane.rawValue].openCount += 1
        lanes[lane.rawValue].textCount += textCount
        nextCall += 1
        calls[nextCall] = Call(lane: lane, textCount: textCount)
        return nextCall
    }

    /// Forgets a call with everything of it that waits; a call that is not open is passed over.
    mutating func close(_ id: Int) {
        drop(id)
        guard let call = calls.removeValue(forKey: id) else { return }
        lanes[call.lane.rawValue].openCount -= 1
        lanes[call.lane.rawValue].textCount -= call.textCount
    }

    /// Adds pieces to an open call, none of whose pieces are waiting.
    ///
    /// - Parameters:
    ///   - tokenCounts: what each piece costs.
    ///   - isShared: whether the pieces may run together with those of other such calls.
    ///   - rowCountMax: the most pieces of a run, at least 1.
    mutating func enqueue(_ id: Int, tokenCounts: [Int], isShared: Bool, rowCountMax: Int) {
        guard var call = calls[id], !tokenCounts.isEmpty else { return }
        precondition(call.waiting.isEmpty && rowCountMax > 0)
        call.waiting = tokenCounts.enumerated().map { (max(1, $1), $0) }
            .sorted { ($0.tokenCount, $1.index) < ($1.tokenCount, $0.index) }
        call.isShared = isShared
        call.rowCountMax = rowCountMax
        lanes[call.lane.rawValue].turns.append(id)
        lanes[call.lane.rawValue].tokenCount += call.waiting.reduce(0) { $0 + $1.tokenCount }
        calls[id] = call
        if call.lane == .fast { alertRunsLeft = limits.alertRunCount }
    }

    /// Takes back the pieces of a call that still wait.
    mutating func drop(_ id: Int) {
        guard let call = calls[id], !call.waiting.isEmpty else { return }
        lanes[call.lane.rawValue].turns.removeAll { $0 == id }
        lanes[call.lane.rawValue].tokenCount -= call.waiting.reduce(0) { $0 + $1.tokenCount }
        calls[id]?.waiting = []
    }

    /// The next run, whose pieces wait no longer; nil when nothing waits.
    mutating func next() -> Run? {
        guard let lane = chooseLane(), let leader = lanes[lane.rawValue].turns.first, let call = calls[leader],
            let longest = call.waiting.last?.tokenCount
        else { return nil }
        let room = min(max(1, budget(of: lane) / longest), call.rowCountMax)
        lanes[lane.rawValue].turns.removeFirst()
        var pieces = take(room, from: leader, below: call.waiting.count)
        if call.isShared { fill(&pieces, room: room, longest: longest, lane: lane) }
        if calls[leader]?.waiting.isEmpty == false { lanes[lane.rawValue].turns.append(leader) }
        return Run(lane: lane, pieces: pieces, paddedTokenCount: longest * pieces.count)
    }

    private mutating func chooseLane() -> Lane? {
        let hasFast = !lanes[Lane.fast.rawValue].turns.isEmpty
        let hasBulk = !lanes[Lane.bulk.rawValue].turns.isEmpty
        if hasFast, !hasBulk || overtakeCount < limits.overtakeCountMax {
            overtakeCount = hasBulk ? overtakeCount + 1 : 0
            return .fast
        }
        overtakeCount = 0
        guard hasBulk else { return nil }
        if alertRunsLeft > 0 { alertRunsLeft -= 1 }
        return .bulk
    }

    private func budget(of lane: Lane) -> Int {
        if lane == .bulk, alertRunsLeft > 0 { return limits.tokenBudgetMin }
        let share = lanes[lane.rawValue].tokenCount / limits.workerCount
        return min(max(share, limits.tokenBudgetMin), limits.tokenBudgetMax)
    }

    /// Takes up to `count` pieces of a call, the longest first among those before `end`.
    private mutating func take(_ count: Int, from id: Int, below end: Int) -> [Piece] {
        guard let call = calls[id] else { return [] }
        let range = max(0, end - count)..<end
        let pieces = call.waiting[range]
        calls[id]?.waiting.removeSubrange(range)
        lanes[call.lane.rawValue].tokenCount -= pieces.reduce(0) { $0 + $1.tokenCount }
        return pieces.reversed().map { Piece(call: id, index: $0.index) }
    }

    /// Adds pieces of other calls that are at least three quarters as long: the rest of a run's room is better used by
    /// them than left empty, and less than a quarter of it is padding.
    private mutating func fill(_ pieces: inout [Piece], room: Int, longest: Int, lane: Lane) {
        for other in lanes[lane.rawValue].turns {
            guard pieces.count < room else { break }
            guard let call = calls[other], call.isShared, call.rowCountMax >= room else { continue }
            let end = call.waiting.partitioningIndex { $0.tokenCount > longest }
            let start = call.waiting.partitioningIndex { $0.tokenCount * 4 >= longest * 3 }
            guard start < end else { continue }
            pieces += take(min(room - pieces.count, end - start), from: other, below: end)
        }
        lanes[lane.rawValue].turns.removeAll { calls[$0]?.waiting.isEmpty != false }
    }
}

extension Array {
    /// The first index whose element passes, in an array in which all that pass come after all that do not.
    fileprivate func partitioningIndex(where passes: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if passes(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
