import StrataCore

extension InMemoryState {
    mutating func logDecisions(_ rows: [DecisionRow], in namespace: String) {
        for row in rows where entry(row.record, in: namespace) != nil {
            guard !decisions.contains(where: { $0.record == row.record && $0.week == row.week }) else { continue }
            decisions.append(row)
        }
        let keys = Dictionary(uniqueKeysWithValues: entries.values.map { ($0.record.id, $0.key) })
        decisions.sort { ($0.decidedAt, -(keys[$0.record] ?? 0)) < ($1.decidedAt, -(keys[$1.record] ?? 0)) }
    }

    mutating func noteNeed(of id: RecordID, at time: Timestamp) {
        for index in decisions.indices where decisions[index].record == id {
            let row = decisions[index]
            guard row.firstNeededAt == nil, row.decidedAt < time else { continue }
            decisions[index] = DecisionRow(
                record: id, decidedAt: row.decidedAt, confidence: row.confidence, promotes: row.promotes,
                isShadow: row.isShadow, features: row.features, firstNeededAt: time)
        }
    }

    /// Removes the oldest rows that are of before a moment or too many; says how many.
    mutating func trimDecisions(before moment: Timestamp, countMax: Int, limit: Int) -> Int {
        let excess = decisions.count - max(0, countMax)
        let goneCount = decisions.prefix(limit).enumerated().count { place, row in
            row.decidedAt < moment || place < excess
        }
        decisions.removeFirst(goneCount)
        return goneCount
    }
}
