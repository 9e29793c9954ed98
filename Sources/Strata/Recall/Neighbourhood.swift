internal import StrataCore

/// The candidates of a recall with the records around them, as columns.
struct Neighbourhood: Sendable {
    /// No record.
    static let none = -1

    /// Candidates and neighbours, each once, ascending.
    let keys: [RecordKey]
    /// For each, the index in ``keys`` of the record before it in its session, or ``none``.
    let previous: [Int]
    /// The same of the record after it.
    let next: [Int]
    /// Whether it belongs to a session.
    let isThreaded: [Bool]
    /// Whether its speaker is named in the query.
    let isSpeakerNamed: [Bool]
    /// How well its time fits the query, 0 through 1.
    let timeAgreement: [Double]
    /// Whether the query names one of several speakers.
    let hasSpeakerCue: Bool
    /// Whether the query names a time.
    let hasTimeCue: Bool

    /// The indexes of the records before one, nearest first.
    func before(_ index: Int, count: Int) -> some Sequence<Int> {
        sequence(first: previous[index]) { previous[$0] }.prefix(count).prefix { $0 != Self.none }
    }
}

extension ThreadTable {
    /// How many records before a candidate count as its context.
    static let contextBefore = 2

    /// The records around candidates: two before and one after each, as far as they may be seen.
    ///
    /// - Parameters:
    ///   - admits: whether a record that is no candidate may take part, as a filter says.
    ///   - queryTerms: the query's terms, for the speakers it names.
    func neighbourhood(
        of candidates: [RecordKey], admits: (RecordKey) -> Bool, queryTerms: [String], cues: QueryCues
    ) -> Neighbourhood {
        let own = Set(candidates)
        var slots = Set<Slot>()
        var unknown: [RecordKey] = []
        func take(_ slot: Slot) { if own.contains(key(at: slot)) || admits(key(at: slot)) { slots.insert(slot) } }
        for candidate in candidates {
            guard let slot = slot(of: candidate) else {
                unknown.append(candidate)
                continue
            }
            slots.insert(slot)
            var before = previous(slot)
            for _ in 0..<Self.contextBefore where before != Self.none {
                take(before)
                before = previous(before)
            }
            if next(slot) != Self.none { take(next(slot)) }
        }
        // Slots ascend as keys do. A record that was committed this moment may be unknown still; it has no neighbours.
        let known = slots.sorted()
        let keys = known.map(key(at:)) + unknown
        let index = Dictionary(uniqueKeysWithValues: known.enumerated().map { ($1, $0) })
        let named = speakers(namedIn: queryTerms)
        let padding = unknown.count
        func column<Value>(_ rest: Value, _ value: (Slot) -> Value) -> [Value] {
            known.map(value) + repeatElement(rest, count: padding)
        }
        return Neighbourhood(
            keys: keys,
            previous: column(Neighbourhood.none) { index[previous($0)] ?? Neighbourhood.none },
            next: column(Neighbourhood.none) { index[next($0)] ?? Neighbourhood.none },
            isThreaded: column(false, isThreaded),
            isSpeakerNamed: column(false) { named.contains(speaker($0)) },
            timeAgreement: column(0) { cues.times.isEmpty ? 0 : cues.agreement(with: time($0)) },
            hasSpeakerCue: !named.isEmpty, hasTimeCue: !cues.times.isEmpty)
    }
}
