internal import Foundation
public import StrataCore
internal import Synchronization
internal import TextAnalysis
internal import VectorSearch

extension MemoryEngine {
    /// What is known about records that could be promoted, in their order; ids that are not there are passed over.
    ///
    /// Records of one session share the reading of it, so hand in many at once.
    ///
    /// - Throws: ``StrataError/Code/storageFailure``; a model that fails is no error: the cosines are then unknown, which
    ///   the answer says.
    public func promotionEvidence(
        of ids: [RecordID], in namespace: String = defaultNamespace
    ) async throws -> PromotionEvidenceAnswer {
        try Validation.namespace(namespace, limits: configuration.limits)
        var records: [StoredRecord] = []
        for id in ids {
            if let found = try await store.record(id, in: namespace) { records.append(found) }
        }
        return try await promotionEvidence(of: records, in: namespace)
    }

    func promotionEvidence(
        of records: [StoredRecord], in namespace: String
    ) async throws -> PromotionEvidenceAnswer {
        let terms = records.map { Set(analyzer.terms(in: $0.record.searchableText)).sorted() }
        let statistics = try await store.termStatistics(Set(terms.joined()).sorted(), in: namespace)
        let sessions = try await sessions(of: records, in: namespace)
        var answer = PromotionEvidenceAnswer(evidence: [])
        var cosines = [PromotionCosines?](repeating: nil, count: records.count)
        do {
            cosines = try await promotionCosines(of: records, sessions: sessions, in: namespace)
        } catch let error as StrataError where error.code != .storageFailure && error.code != .closed {
            answer.degradations = [
                Degradation(
                    code: "promotion_evidence_incomplete",
                    message: "what the vectors say of the records is not known (\(error.message))")
            ]
        }
        answer.evidence = zip(records, terms).enumerated().map { number, pair in
            let (stored, terms) = pair
            var evidence = PromotionEvidence(
                record: stored.record, recordCount: statistics.recordCount,
                termCounts: terms.map { statistics.recordCounts[$0] ?? 0 }, cosines: cosines[number])
            if let members = stored.record.session.flatMap({ sessions[$0] }),
                let index = members.firstIndex(where: { $0.key == stored.key })
            {
                evidence.sessionPlace = (index, members.count)
                evidence.predecessor = index > 0 ? members[index - 1].record : nil
            }
            return evidence
        }
        return answer
    }

    /// The members of each session in the order in which they were said; of a very long one those around the records.
    private func sessions(
        of records: [StoredRecord], in namespace: String
    ) async throws -> [String: [StoredRecord]] {
        var sessions: [String: [StoredRecord]] = [:]
        for (session, judged) in Dictionary(grouping: records, by: \.record.session) {
            guard let session else { continue }
            var keys = try await store.keys(in: namespace, matching: .text(.session, oneOf: [session]))
            if keys.count > Self.sessionCountMax {
                // Ascending keys: the first and the last of the judged ones bound the window.
                let (lowest, highest) = (judged.map(\.key).min() ?? 0, judged.map(\.key).max() ?? 0)
                let first = keys.firstIndex { $0 >= lowest } ?? 0
                let last = keys.lastIndex { $0 <= highest } ?? first
                let half = Self.sessionCountMax / 2
                keys = Array(keys[max(0, first - half)..<min(keys.count, last + half)])
            }
            sessions[session] = try await store.records(keys, in: namespace).sorted {
                ($0.record.occurredAt ?? $0.record.createdAt, $0.key)
                    < ($1.record.occurredAt ?? $1.record.createdAt, $1.key)
            }
        }
        return sessions
    }

    private func promotionCosines(
        of records: [StoredRecord], sessions: [String: [StoredRecord]], in namespace: String
    ) async throws -> [PromotionCosines?] {
        let unknown = [PromotionCosines?](repeating: nil, count: records.count)
        guard let embedder, let indexes, !records.isEmpty else {
            if let modelProblem { throw modelProblem }
            return unknown
        }
        let keys = Set(records.map(\.key)).union(sessions.values.joined().map(\.key)).sorted()
        let vectors = try await store.vectors(of: keys, in: namespace, space: embedder.space)
        let topics = sessions.mapValues { members in Self.direction(members.compactMap { vectors[$0.key] }) }
        let prototypes = try await promotionPrototypes(embedder)
        let index = try await indexes.index(of: namespace)
        let own = records.compactMap { vectors[$0.key] }
        let limit = Self.neighbourCount
        var neighbours = try await offPool { try index.search(own, limit: limit, filter: .none) }[...]
        return records.map { stored in
            guard let vector = vectors[stored.key], let hits = neighbours.popFirst() else { return nil }
            let older = hits.first { $0.key < stored.key }
            // When all neighbours that were looked at are younger, an older one can be no nearer than the last.
            let isFull = hits.count >= limit
            return PromotionCosines(
                nearestOlder: older.map { Double($0.score) } ?? (isFull ? hits.last.map { Double($0.score) } : nil),
                topic: stored.record.session.flatMap { topics[$0] }.map { cosine($0, vector) },
                prototypeMargin: prototypes.margin(of: vector))
        }
    }

    /// The prototypes' vectors, which are made once an engine.
    private func promotionPrototypes(_ embedder: any Embedder) async throws -> PromotionPrototypes {
        if let known = prototypes.withLock({ $0 }) { return known }
        let made = try await PromotionPrototypes(embedder: embedder)
        prototypes.withLock { $0 = made }
        return made
    }

    /// How many members of a session are read around the records that are judged, so that one that never ends does not
    /// make each look at it longer.
    private static let sessionCountMax = 1000

    /// How many neighbours are looked at to find an older one.
    private static let neighbourCount = 16

    /// The mean of unit vectors, scaled to unit length.
    private static func direction(_ vectors: [[Float]]) -> [Float] {
        guard let first = vectors.first else { return [] }
        let sum = vectors.dropFirst().reduce(first) { zip($0, $1).map { $0 + $1 } }
        let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? sum.map { $0 / length } : sum
    }
}
