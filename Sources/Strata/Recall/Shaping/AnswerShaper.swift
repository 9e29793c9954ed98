internal import StrataCore
internal import TextAnalysis

/// Makes of ranked hits the answer that was asked for: varied, with what was said around them, cut to what matters, and
/// within a budget.
struct AnswerShaper {
    let engine: MemoryEngine
    let namespace: String
    let options: RecallOptions
    let limit: Int
    let terms: [WeightedTerm]

    /// How many hits are wanted of the ranking: more than the limit, where some are to be passed over.
    static func rankedCount(limit: Int, options: RecallOptions) -> Int {
        options.diversity > 0 ? max(limit, min(4 * limit, 1000)) : limit
    }

    /// Shapes hits, which are best first.
    func shape(_ ranked: [(key: RecordKey, hit: Hit)]) async throws -> (hits: [Hit], packing: Packing?) {
        var chosen = ranked
        if options.diversity > 0 {
            let terms = ranked.map { Set(engine.analyzer.terms(in: $0.hit.record.text)) }
            chosen = Diversity(weight: options.diversity)
                .pick(limit, scores: ranked.map(\.hit.score), terms: terms).map { ranked[$0] }
        }
        var hits = chosen.map(\.hit)
        if options.neighboursBefore > 0 || options.neighboursAfter > 0 {
            try await addNeighbours(to: &hits, keys: chosen.map(\.key))
        }
        if let length = options.snippetLength {
            for place in hits.indices {
                hits[place].snippet = Snippet(
                    of: hits[place].record.text, terms: terms, characterCountMax: length, analyzer: engine.analyzer)
            }
        }
        guard let budget = options.tokenBudget else { return (hits, nil) }
        return Packing.pack(hits, tokenBudget: budget)
    }

    /// Each record is in the answer once: as a hit, or beside the best hit that it is near to.
    private func addNeighbours(to hits: inout [Hit], keys: [RecordKey]) async throws {
        let (before, after) = (options.neighboursBefore, options.neighboursAfter)
        let around = try await engine.threads.read(namespace) { table in
            keys.map { table.around($0, before: before, after: after) }
        }
        var shown = Set(keys)
        let wanted = Set(around.flatMap { $0.before + $0.after }).subtracting(shown).sorted()
        let stored = try await engine.store.records(wanted, in: namespace)
        let records = Dictionary(uniqueKeysWithValues: stored.map { ($0.key, $0.record) })
        let filter = options.combinedFilter
        func visible(_ keys: [RecordKey]) -> [MemoryRecord] {
            keys.compactMap { key in
                guard let record = records[key], filter?.matches(record) ?? true, shown.insert(key).inserted else {
                    return nil
                }
                return record
            }
        }
        for place in hits.indices {
            hits[place].before = visible(around[place].before)
            hits[place].after = visible(around[place].after)
        }
    }
}

extension RecallOptions {
    /// Refuses what no answer can be shaped by.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument``.
    func checkShape() throws(StrataError) {
        try Validation.count(neighboursBefore, named: "neighboursBefore", in: 0...100)
        try Validation.count(neighboursAfter, named: "neighboursAfter", in: 0...100)
        try Validation.count(snippetLength ?? 1, named: "snippetLength", in: 1...1_000_000)
        try Validation.count(tokenBudget ?? 1, named: "tokenBudget", in: 1...10_000_000)
        guard (0...1).contains(diversity) else {
            throw StrataError(.invalidArgument, "diversity is \(diversity), expected 0 through 1")
        }
    }
}

extension ThreadTable {
    /// The records around one in its session, each side in the order in which things happened.
    func around(_ key: RecordKey, before: Int, after: Int) -> (before: [RecordKey], after: [RecordKey]) {
        guard let slot = slot(of: key) else { return ([], []) }
        func walk(_ count: Int, _ step: (Slot) -> Slot) -> [RecordKey] {
            var keys: [RecordKey] = []
            var current = step(slot)
            while current != Self.none, keys.count < count {
                keys.append(self.key(at: current))
                current = step(current)
            }
            return keys
        }
        return (walk(before, previous).reversed(), walk(after, next))
    }
}
