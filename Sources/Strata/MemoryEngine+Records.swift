internal import RecordStore
public import StrataCore
internal import Synchronization
internal import TextAnalysis
internal import TextModels

extension MemoryEngine {
    /// The record of an id, or nil when the namespace has none.
    public func get(_ id: RecordID, in namespace: String = defaultNamespace) async throws -> MemoryRecord? {
        try Validation.namespace(namespace, limits: configuration.limits)
        return try await store.record(id, in: namespace)?.record
    }

    /// A page of records in the order in which they were stored.
    ///
    /// - Parameters:
    ///   - filter: which records; nil for all.
    ///   - cursor: nil for the first page; else ``RecordPage/nextCursor`` of the page before. Records that are stored or
    ///     forgotten meanwhile neither repeat nor hide others.
    ///   - limit: 1 through 1000.
    public func list(
        in namespace: String = defaultNamespace, matching filter: Filter? = nil, cursor: String? = nil, limit: Int = 50
    ) async throws -> RecordPage {
        try Validation.namespace(namespace, limits: configuration.limits)
        try Validation.count(limit, named: "limit", in: 1...configuration.limits.hitCountMax)
        var key: RecordKey?
        if let cursor {
            guard let parsed = RecordKey(cursor, radix: 36), parsed >= 0 else {
                throw StrataError(.invalidArgument, "the cursor is not one that list has returned; start without one")
            }
            key = parsed
        }
        let found = try await store.list(in: namespace, matching: filter, after: key, limit: limit + 1)
        let page = found.prefix(limit)
        return RecordPage(
            records: page.map(\.record),
            nextCursor: found.count > limit ? page.last.map { String($0.key, radix: 36) } : nil)
    }

    /// Changes fields of a record and returns it as it is now; a new text is embedded and indexed anew.
    ///
    /// - Parameters:
    ///   - ifChange: when given, the record must still be at this change number.
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/conflict``, and what refuses a new memory.
    @discardableResult
    public func update(
        _ id: RecordID, _ patch: RecordPatch, in namespace: String = defaultNamespace, ifChange: Int64? = nil
    ) async throws -> MemoryRecord {
        try await metrics.measure(.update) {
            try Validation.namespace(namespace, limits: configuration.limits)
            try Validation.patch(patch, limits: configuration.limits)
            return try await change(id, patch, in: namespace, ifChange: ifChange)
        }
    }

    private func change(
        _ id: RecordID, _ patch: RecordPatch, in namespace: String, ifChange: Int64?
    ) async throws -> MemoryRecord {
        var patch = patch
        patch.tags = patch.tags.map(Self.distinct)
        var content: RecordContent?
        var expected = ifChange
        // Once the record is forgotten nobody knows its earlier texts, so what is cached of them leaves with the change.
        var oldDigest: SHA256.Digest?
        if let text = patch.text {
            guard let old = try await store.record(id, in: namespace) else { throw Self.notFound(id) }
            // The speaker is part of what is embedded, so the record must not change between here and the commit.
            expected = expected ?? old.record.change
            oldDigest = SHA256.digest(of: old.record.searchableText)
            content = try await self.content(of: MemoryRecord.searchableText(speaker: old.record.speaker, text: text))
        }
        let mutation = StoreMutation.update(id, namespace: namespace, patch, content: content, ifChange: expected)
        guard let oldDigest else { return try await commit(mutation).record }
        return try await forgetting {
            let (record, isNewText) = try await commit(mutation)
            return (record, textsOf: isNewText ? [oldDigest] : [])
        }
    }

    /// Commits an update; says whether it changed the content.
    private func commit(_ update: StoreMutation) async throws -> (record: MemoryRecord, isNewText: Bool) {
        guard case .updated(let stored, let contentChanged) = try await writes.commit([update]).first else {
            throw StrataError(.internal, "the store answered an update with something else")
        }
        return (stored.record, contentChanged)
    }

    /// Moves a record to a layer: a promotion or a demotion by hand.
    @discardableResult
    public func move(
        _ id: RecordID, to layer: Layer, in namespace: String = defaultNamespace
    ) async throws -> MemoryRecord {
        try await update(id, RecordPatch(layer: layer), in: namespace)
    }

    /// Pins a record, which exempts it from expiry and eviction, or unpins it.
    @discardableResult
    public func pin(
        _ id: RecordID, _ isPinned: Bool = true, in namespace: String = defaultNamespace
    ) async throws -> MemoryRecord {
        try await update(id, RecordPatch(pinned: isPinned), in: namespace)
    }

    /// Removes records everywhere: text, vector, keyword index, links, the texts in their history and cached vectors.
    ///
    /// - Returns: what was removed; a target that matches nothing gives a receipt of zeros.
    @discardableResult
    public func forget(_ target: ForgetTarget, in namespace: String = defaultNamespace) async throws -> ForgetReceipt {
        try Validation.namespace(namespace, limits: configuration.limits)
        recalled.withLock { $0.forget(namespace: namespace) }
        return try await metrics.measure(.forget) {
            let receipt = try await remove(target, in: namespace)
            metrics.noteForgotten(receipt.recordCount)
            return receipt
        }
    }

    private func remove(_ target: ForgetTarget, in namespace: String) async throws -> ForgetReceipt {
        try await forgetting([target], in: namespace) {
            let outcome = try await writes.commit([.forget(target, namespace: namespace)])
            guard case .forgotten(let receipt, _, let contents) = outcome.first else {
                throw StrataError(.internal, "the store answered a removal with something else")
            }
            return (receipt, textsOf: contents)
        }
    }

    /// Removes records together with what the dead letters and the embedding cache hold of them.
    func forgetting<Result: Sendable>(
        _ targets: [ForgetTarget], in namespace: String,
        _ removal: @Sendable () async throws -> (Result, textsOf: [SHA256.Digest])
    ) async throws -> Result {
        let (result, contents) = try await forgetting {
            let (result, contents) = try await removal()
            return ((result, contents), textsOf: contents)
        }
        let gone = Set(contents)
        try await deadLetterFile?.remove { letter in
            targets.contains { letter.isReached(by: $0, in: namespace, contents: gone) }
        }
        return result
    }

    /// Removes texts together with what the embedding cache holds of them.
    func forgetting<Result: Sendable>(
        _ removal: @Sendable () async throws -> (Result, textsOf: [SHA256.Digest])
    ) async throws -> Result {
        // A cache that is not in use now may have been in an earlier session.
        if cache?.isOnDisk != true, let directory { try SQLiteEmbeddingCache.delete(at: directory.cachePath) }
        // Without a model nobody keeps the indexes of earlier sessions in step.
        if indexes == nil, let path = directory?.indexPath { try await offPool { try IndexFolder.delete(at: path) } }
        guard let cache else {
            let removed = try await removal()
            reranker?.forget(textsOf: removed.textsOf)
            return removed.0
        }
        return try await cache.forgetting {
            let removed = try await removal()
            reranker?.forget(textsOf: removed.textsOf)
            return removed
        }
    }

    /// The namespaces that hold records, by name.
    public func namespaces() async throws -> [String] {
        try await store.namespaces().filter { $0 != Self.probeNamespace }
    }

    /// Counts and sizes, of one namespace or of all.
    public func stats(in namespace: String? = nil) async throws -> EngineStatistics {
        if let namespace { try Validation.namespace(namespace, limits: configuration.limits) }
        let store = try await statistics(in: namespace)
        return EngineStatistics(
            store: store, embeddingSpace: embeddingSpace?.identifier,
            vectorMissingCount: embeddingSpace == nil ? store.recordCount : store.recordCount - store.vectorCount,
            indexResidentBytes: embedding?.keepers.reduce(0) { $0 + $1.residentBytes } ?? 0,
            vectorIndexes: await indexes?.statistics(in: namespace).filter { $0.namespace != Self.probeNamespace }
                ?? [], cache: await cache?.statistics(),
            layers: layerFills(in: namespace, store), jobs: await backgroundJobs, embedders: embedding?.health ?? [],
            writes: buffered.statistics, resources: await resourceState())
    }

    /// The store's statistics without the test record of probes.
    private func statistics(in namespace: String?) async throws -> StoreStatistics {
        var all = try await store.statistics(in: namespace, space: embeddingSpace)
        guard namespace == nil, try await store.namespaces().contains(Self.probeNamespace) else { return all }
        let probe = try await store.statistics(in: Self.probeNamespace, space: embeddingSpace)
        for (layer, count) in probe.recordCounts { all.recordCounts[layer, default: 0] -= count }
        for (space, count) in probe.vectorCountBySpace {
            let rest = (all.vectorCountBySpace[space] ?? 0) - count
            all.vectorCountBySpace[space] = rest > 0 ? rest : nil
        }
        all.vectorCount -= probe.vectorCount
        all.textBytes -= probe.textBytes
        all.namespaceCount -= 1
        return all
    }

    /// Embeds the records that have no vector in the engine's space: those that were stored while no model was there,
    /// or with another model.
    ///
    /// - Returns: how many got a vector.
    /// - Throws: ``StrataError/Code/runtimeUnavailable`` without an embedder; what the embedder or the store throws. What
    ///   was embedded before stays.
    @discardableResult
    public func embedMissing(batchCount: Int = 256) async throws -> Int {
        try Validation.count(batchCount, named: "batchCount", in: 1...10_000)
        guard let embedder, let alone = EmbedderChain([embedder]) else {
            throw StrataError(
                .runtimeUnavailable, "there is no embedding model; run `strata doctor` to see what is missing",
                cause: modelProblem)
        }
        var count = 0
        var key: RecordKey?
        while true {
            try Task.checkCancellation()
            let batch = try await store.recordsWithoutVector(space: embedder.space, after: key, limit: batchCount)
            guard let last = batch.last else { return count }
            let texts = batch.map(\.record.searchableText)
            let answer = try await alone.embed(texts, as: .document)
            // One text that cannot be embedded must not keep the others from it; a model that has given up must.
            if let problem = answer.problems[0],
                problem.code == .modelSuspended || answer.served.allSatisfy({ $0 == nil })
            {
                throw problem
            }
            let units = zip(batch, zip(texts, answer.served)).compactMap { stored, made -> [StoreMutation]? in
                made.1.map { served in
                    [
                        .embed(
                            stored.key, namespace: stored.record.namespace, digest: SHA256.digest(of: made.0),
                            StoredEmbedding(space: embedder.space, vector: served.embedding.vector))
                    ]
                }
            }
            for result in try await writes.commit(units: units) {
                if case .embedded(.some) = try result.get().first { count += 1 }
            }
            key = last.key
        }
    }

    /// What derives from a text; without a vector when there is no model or it fails, which statistics show.
    ///
    /// - Throws: ``StrataError/Code/overloaded`` and `CancellationError`: a busy model is no reason to lose a vector.
    private func content(of searchable: String) async throws -> RecordContent {
        let served = try await embedding?.embed([searchable], as: .document).first?.served
        return RecordContent(
            digest: SHA256.digest(of: searchable), terms: analyzer.terms(in: searchable),
            embedding: served.map { StoredEmbedding(space: $0.keeper.space, vector: $0.embedding.vector) })
    }

    static func notFound(_ id: RecordID) -> StrataError {
        StrataError(.notFound, "there is no record \(id) in this namespace")
    }
}

/// A page of records.
public struct RecordPage: Sendable, Hashable, Codable {
    /// The records, in the order in which they were stored.
    public let records: [MemoryRecord]
    /// Where the next page starts; nil on the last one.
    public let nextCursor: String?
}

/// Counts and sizes of an engine.
public struct EngineStatistics: Sendable, Hashable, Codable {
    /// What the store holds.
    public let store: StoreStatistics
    /// The identifier of the space that recalls search; nil without a model.
    public let embeddingSpace: String?
    /// How many records recalls find by words only, for want of a vector in that space.
    public let vectorMissingCount: Int
    /// The bytes of the vector indexes in memory.
    public let indexResidentBytes: Int
    /// Those that are loaded or have a file, by namespace.
    public let vectorIndexes: [VectorIndexStatistics]
    /// How the embedding cache does; nil without one.
    public let cache: EmbeddingCacheStatistics?
    /// How full the layers of the namespace are; without a namespace, those that the last clean-up found nearly full.
    public let layers: [LayerFill]
    /// How the periodic jobs do.
    public let jobs: [JobStatus]
    /// The embedders in the order in which they are asked, and how each does; empty without any.
    public let embedders: [EmbedderHealth]
    /// How writes do that nobody waits for.
    public let writes: WriteStatistics
    /// What was made of the memory at hand.
    public let resources: ResourceState
}
