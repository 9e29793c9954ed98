import Foundation
import StrataCore

/// What must become of records, told once more in the plainest way: no page, no index, no policy.
struct LifecycleOracle {
    struct Entry {
        var layer: Layer
        var importance: Double
        var pinned = false
        var isEcho = false
        var created: Timestamp
        var entered: Timestamp
        var used: Timestamp?
        var uses = 0
        var layerUses = 0
        var useful = 0
        var notUseful = 0
    }

    private(set) var entries: [RecordID: Entry] = [:]
    private(set) var fired: [String: Int] = [:]
    private static let hour: Int64 = 3_600_000

    mutating func add(_ record: MemoryRecord) {
        entries[record.id] = Entry(
            layer: record.layer, importance: record.importance, pinned: record.pinned,
            isEcho: record.source == .recall, created: record.createdAt, entered: record.createdAt)
    }

    mutating func use(_ ids: [RecordID], at now: Timestamp) {
        for id in ids {
            entries[id]?.uses += 1
            entries[id]?.layerUses += 1
            entries[id]?.used = now
        }
    }

    mutating func judge(_ id: RecordID, useful: Bool) {
        if useful { entries[id]?.useful += 1 } else { entries[id]?.notUseful += 1 }
    }

    mutating func pin(_ id: RecordID) { entries[id]?.pinned = true }

    mutating func move(_ id: RecordID, to layer: Layer, at now: Timestamp) {
        guard entries[id]?.layer != layer else { return }
        entries[id]?.layer = layer
        entries[id]?.entered = now
        entries[id]?.layerUses = 0
    }

    static func value(_ entry: Entry, at now: Timestamp) -> Double {
        let uses = min(1.0, log(1.0 + Double(entry.uses)) / log(21.0))
        let idleDays = Double(now.milliseconds - (entry.used ?? entry.created).milliseconds) / Double(24 * hour)
        let recency = pow(0.5, idleDays / 7.0)
        let feedback = Double(entry.useful + 1) / Double(entry.useful + entry.notUseful + 2)
        return 0.4 * entry.importance + 0.3 * uses + 0.15 * recency + 0.15 * feedback
    }

    /// One promotion cycle over all records.
    mutating func cycle(at now: Timestamp) {
        for (id, entry) in entries where !entry.pinned {
            let hours = Double(now.milliseconds - entry.entered.milliseconds) / Double(Self.hour)
            let value = Self.value(entry, at: now)
            var target: Layer?
            if !entry.isEcho {
                switch entry.layer {
                case .interact where hours >= 24 && entry.layerUses >= 2 && value >= 0.45:
                    target = .insights
                    fired["used", default: 0] += 1
                case .interact where hours >= 24 && entry.importance >= 0.8:
                    target = .insights
                    fired["important", default: 0] += 1
                case .insights where hours >= 720 && entry.layerUses >= 5 && value >= 0.5:
                    target = .assets
                    fired["proven", default: 0] += 1
                case .insights where hours >= 720 && entry.layerUses >= 1 && entry.importance >= 0.9:
                    target = .assets
                    fired["vital", default: 0] += 1
                default: break
                }
            }
            if let target {
                move(id, to: target, at: now)
            } else if entry.layer == .interact && hours >= 48 || entry.layer == .insights && hours >= 91 * 24 {
                fired["expired \(entry.layer)", default: 0] += 1
                entries[id] = nil
            }
        }
    }

    /// Evicts from a layer what is over the count.
    mutating func evict(_ layer: Layer, over count: Int, at now: Timestamp) {
        let all = entries.filter { $0.value.layer == layer }
        guard all.count > count else { return }
        let order = all.filter { !$0.value.pinned }.map { (Self.value($0.value, at: now), $0.value.created, $0.key) }
            .sorted { $0 < $1 }
        for (_, _, id) in order.prefix(all.count - count) {
            entries[id] = nil
            fired["evicted", default: 0] += 1
        }
    }
}
