internal import StrataCore

/// The links of a graph as a value, for checks of what must hold between changes.
struct GraphAudit {
    /// The links of each live, linked row.
    let links: [UInt32: [UInt32]]
    /// How many live rows searches scan because walks do not find them.
    let scannedCount: Int
    let entries: [UInt32]
    /// Rows that links must not name after the last clean-up, but may name before the next.
    let dead: Set<UInt32>
    let degree: Int

    init(_ state: GraphState) {
        let scanned = Set(state.scanned)
        let rows = (0..<UInt32(state.rowCount)).filter { !state.arena.isDead($0) }
        links = Dictionary(
            uniqueKeysWithValues: rows.filter { !scanned.contains($0) }.map { ($0, state.arena.linked($0)) })
        scannedCount = scanned.count
        entries = state.entries
        dead = Set((0..<UInt32(state.rowCount)).filter { state.arena.isDead($0) })
        degree = state.arena.linkWords * 2
    }

    /// What is wrong, or nil: a row that links to itself, twice to another, to a row without links, or to none that
    /// exists; too many links; an entry that is dead or not linked.
    var flaw: String? {
        for (row, targets) in links {
            if targets.count > degree { return "row \(row) has \(targets.count) links" }
            if Set(targets).count != targets.count { return "row \(row) has a link twice" }
            if targets.contains(row) { return "row \(row) links to itself" }
            if let stray = targets.first(where: { links[$0] == nil && !dead.contains($0) }) {
                return "row \(row) links to row \(stray), which is not in the graph"
            }
        }
        if links.isEmpty != entries.isEmpty { return "\(entries.count) entries for \(links.count) linked rows" }
        if let entry = entries.first(where: { links[$0] == nil }) { return "entry \(entry) is not a linked row" }
        return nil
    }

    /// The share of linked rows that a path from an entry leads to, over rows that are alive.
    var reachableShare: Double {
        var seen = Set(entries)
        var open = entries
        while let row = open.popLast() {
            for target in links[row] ?? [] where links[target] != nil && seen.insert(target).inserted {
                open.append(target)
            }
        }
        return links.isEmpty ? 1 : Double(seen.count) / Double(links.count)
    }
}
