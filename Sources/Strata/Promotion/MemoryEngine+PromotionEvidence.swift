internal import Foundation
public import StrataCore
internal import TextAnalysis

extension MemoryEngine {
    /// What is known about records that could be promoted, in their order; ids that are not there are passed over.
    ///
    /// Records of one session share the reading of it, so hand in many at once.
    ///
    /// - Throws: ``StrataError/Code/storageFailure``; a model that fails is no error: the cosines are then unknown.
    public func promotionEvidence(
        of ids: [RecordID], in namespace: String = defaultNamespace
    ) async throws -> [PromotionEvidence] {
        try Validation.namespace(namespace, limits: configuration.limits)
        var records: [StoredRecord] = []
        for id in ids {
            if let found = try await store.record(id, in: namespace) { records.append(found) }
        }
        return try await promotionEvidence(of: records, in: namespace)
    }

    func promotionEvidence(of records: [StoredRecord], in namespace: String) async throws -> [PromotionEvidence] {
        let terms = records.map { Set(analyzer.terms(in: $0.record.searchableText)).sorted() }
        let statistics = try await store.termStatistics(Set(terms.joined()).sorted(), in: namespace)
        let sessions = try await sessions(of: records, in: namespace)
        let cosines = try await promotionCosines(of: records, sessions: sessions, in: namespace)
        return zip(records, terms).enumerated().map { number, pair in
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
    }

    /// The members of each session in the order in which they were said.
    private func sessions(
        of records: [StoredRecord], in namespace: String
    ) async throws -> [String: [StoredRecord]] {
        var sessions: [String: [StoredRecord]] = [:]
        for session in Set(records.compactMap(\.record.session)) {
            let keys = try await store.keys(in: namespace, matching: .text(.session, oneOf: [session]))
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
        guard let embedder, let indexes, !records.isEmpty else { return unknown }
        do {
            let members = sessions.values.joined()
            let texts = (records + members).map(\.record.searchableText)
            let embeddings = try await embedder.embed(texts, as: .document).map(\.vector)
            let vectors = Dictionary(
                zip((records + members).map(\.key), embeddings), uniquingKeysWith: { first, _ in first })
            let topics = sessions.mapValues { members in Self.direction(members.compactMap { vectors[$0.key] }) }
            let prototypes = try await PromotionPrototypes(embedder: embedder)
            let index = try await indexes.index(of: namespace)
            let own = embeddings.prefix(records.count)
            let neighbours = try index.search(Array(own), limit: Self.neighbourCount, filter: .none)
            return zip(records, zip(own, neighbours)).map { stored, found in
                let (vector, hits) = found
                let older = hits.first { $0.key < stored.key }
                // When all neighbours that were looked at are younger, an older one can be no nearer than the last.
                let isFull = hits.count >= Self.neighbourCount
                return PromotionCosines(
                    nearestOlder: older.map { Double($0.score) } ?? (isFull ? hits.last.map { Double($0.score) } : nil),
                    topic: stored.record.session.flatMap { topics[$0] }.map { cosine($0, vector) },
                    prototypeMargin: prototypes.margin(of: vector))
            }
        } catch let error as StrataError where error.code != .storageFailure && error.code != .closed {
            return unknown
        }
    }

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
