public import StrataCore
internal import TextAnalysis

/// What became of a record that was to be taken over.
public struct RestoreOutcome: Sendable, Hashable, Codable {
    /// The kind of outcome.
    public enum Status: String, Sendable, Codable {
        /// The record is stored.
        case stored
        /// The record was there already, with this content; nothing was changed.
        case known
    }

    /// What became of it.
    public let status: Status
    /// The record's id.
    public let id: RecordID
    /// Whether it named a record that it nearly repeats and that is not here.
    public let isLinkDropped: Bool
    /// Whether it has a vector that recalls search; else it is found by words only.
    public let isSearchable: Bool
}

extension MemoryEngine {
    /// Takes over records of an export as they were: ids, times, counts, pins, links, vectors and history.
    ///
    /// A record without a vector is embedded; one with a vector keeps it, whatever its space. The call may be repeated:
    /// a record that is there is left alone.
    ///
    /// - Parameters:
    ///   - records: at most ``EngineLimits/batchCountMax``; a record that another one names as its original comes later
    ///     than that one.
    ///   - namespace: where all of them go; nil leaves each in its own.
    /// - Returns: one result a record. ``StrataError/Code/conflict``: the id belongs to other content here.
    public func restore(
        _ records: [PortableRecord], in namespace: String? = nil
    ) async throws -> [Result<RestoreOutcome, StrataError>] {
        let limits = configuration.limits
        guard records.count <= limits.batchCountMax else {
            throw StrataError(
                .tooLarge, "\(records.count) records in one call, at most \(limits.batchCountMax) are allowed")
        }
        var results: [Result<RestoreOutcome, StrataError>?] = Array(repeating: nil, count: records.count)
        var drafts: [(position: Int, portable: PortableRecord)] = []
        for (position, portable) in records.enumerated() {
            var portable = portable
            if let namespace { portable.record.namespace = namespace }
            do throws(StrataError) {
                try Validation.restored(portable, limits: limits)
                drafts.append((position, portable))
            } catch {
                results[position] = .failure(error)
            }
        }
        try await embed(&drafts)
        let units = drafts.map { _, portable in
            [StoreMutation.restore(portable.record, content(portable), history: portable.history)]
        }
        for (draft, result) in zip(drafts, try await writes.commit(units: units)) {
            results[draft.position] = result.map { outcome(of: draft.portable, $0[0]) }
        }
        return results.compactMap { $0 }
    }

    /// Gives vectors to those that bring none and are not there yet; a model that fails leaves them to the words.
    private func embed(_ drafts: inout [(position: Int, portable: PortableRecord)]) async throws {
        guard let embedder else { return }
        var waiting: [Int] = []
        for index in drafts.indices where drafts[index].portable.embedding == nil {
            let record = drafts[index].portable.record
            if try await store.record(record.id, in: record.namespace) == nil { waiting.append(index) }
        }
        guard !waiting.isEmpty else { return }
        let texts = waiting.map { drafts[$0].portable.record.searchableText }
        do {
            for (index, made) in zip(waiting, try await embedder.embed(texts, as: .document)) {
                drafts[index].portable.embedding = StoredEmbedding(space: embedder.space, vector: made.vector)
            }
        } catch let error as StrataError where error.code != .overloaded {
            return
        }
    }

    private func content(_ portable: PortableRecord) -> RecordContent {
        let searchable = portable.record.searchableText
        return RecordContent(
            digest: SHA256.digest(of: searchable), terms: analyzer.terms(in: searchable),
            embedding: portable.embedding)
    }

    private func outcome(of portable: PortableRecord, _ outcome: StoreOutcome) -> RestoreOutcome {
        switch outcome {
        case .inserted(let stored), .duplicate(let stored):
            let isNew = if case .inserted = outcome { true } else { false }
            return RestoreOutcome(
                status: isNew ? .stored : .known, id: stored.record.id,
                isLinkDropped: isNew && portable.record.duplicateOf != nil && stored.record.duplicateOf == nil,
                isSearchable: embeddingSpace != nil && stored.record.embeddingSpace == embeddingSpace?.identifier)
        case .updated, .embedded, .forgotten, .used, .saved:
            preconditionFailure("a store answers a restoration with a record")
        }
    }
}

extension Validation {
    /// A record from elsewhere is held to the rules of a new memory.
    fileprivate static func restored(_ portable: PortableRecord, limits: EngineLimits) throws(StrataError) {
        let record = portable.record
        try namespace(record.namespace, limits: limits)
        let memory = NewMemory(
            record.text, speaker: record.speaker, kind: record.kind, tags: record.tags, project: record.project,
            session: record.session, metadata: record.metadata, importance: record.importance)
        try Self.memory(memory, limits: limits, space: nil)
        if let embedding = portable.embedding { try vector(embedding.vector, space: embedding.space) }
    }
}
