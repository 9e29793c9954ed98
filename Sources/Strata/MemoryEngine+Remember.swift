public import StrataCore
internal import Synchronization
internal import TextAnalysis
internal import VectorSearch

extension MemoryEngine {
    /// Stores one memory and returns when it is on disk.
    ///
    /// - Parameters:
    ///   - memory: the text and whatever else is known about it; a string literal will do.
    ///   - namespace: the tenant it belongs to.
    ///   - onDuplicate: what to do when the namespace already holds the same text by the same speaker.
    ///   - ack: what is waited for; on disk unless said otherwise.
    /// - Returns: the record that holds the content: a new one, or the old one of a duplicate.
    /// - Throws: ``StrataError/Code/invalidArgument``, ``StrataError/Code/tooLarge``,
    ///   ``StrataError/Code/dimensionMismatch``, ``StrataError/Code/invalidVector``, ``StrataError/Code/conflict``,
    ///   ``StrataError/Code/storageFailure``, ``StrataError/Code/overloaded``. A model that fails is no error: the
    ///   memory is stored without a vector and the outcome says so.
    @discardableResult
    public func remember(
        _ memory: NewMemory, in namespace: String = defaultNamespace, onDuplicate: DuplicatePolicy = .skip,
        ack: Acknowledgement = .durable
    ) async throws -> RememberOutcome {
        try await remember([memory], in: namespace, onDuplicate: onDuplicate, ack: ack)[0].get()
    }

    /// Stores many memories at once and says of each what became of it.
    ///
    /// Texts are embedded together and committed in one transaction. A memory that is refused does not disturb the
    /// others; one that repeats an earlier memory of the same call is a duplicate.
    ///
    /// - Throws: what concerns the call as a whole: a bad namespace, too many memories, a store that cannot write;
    ///   `CancellationError`, after which nothing of the call is stored.
    public func remember(
        _ memories: [NewMemory], in namespace: String = defaultNamespace, onDuplicate: DuplicatePolicy = .skip,
        ack: Acknowledgement = .durable
    ) async throws -> [Result<RememberOutcome, StrataError>] {
        load.begin()
        defer { load.end() }
        return try await metrics.measure(.remember) {
            try Validation.namespace(namespace, limits: configuration.limits)
            let results = try await store(memories, in: namespace, onDuplicate: onDuplicate, ack: ack)
            metrics.note(results)
            return results
        }
    }

    /// Stores many memories in a namespace that needs no check.
    func store(
        _ memories: [NewMemory], in namespace: String, onDuplicate: DuplicatePolicy, ack: Acknowledgement = .durable
    ) async throws -> [Result<RememberOutcome, StrataError>] {
        let limits = configuration.limits
        guard memories.count <= limits.batchCountMax else {
            throw StrataError(
                .tooLarge, "\(memories.count) memories in one call, at most \(limits.batchCountMax) are allowed")
        }
        var results: [Result<RememberOutcome, StrataError>?] = Array(repeating: nil, count: memories.count)
        var drafts: [Draft] = []
        for (position, memory) in memories.enumerated() {
            do throws(StrataError) {
                try Validation.memory(memory, limits: limits, space: embeddingSpace)
                drafts.append(draft(of: memory, at: position, in: namespace))
            } catch {
                results[position] = .failure(error)
            }
        }
        guard !drafts.isEmpty else { return results.compactMap { $0 } }
        try await complete(&drafts, in: namespace, onDuplicate: onDuplicate)
        try Task.checkCancellation()
        let units = drafts.map { [StoreMutation.insert($0.record, $0.content, onDuplicate: onDuplicate)] }
        if ack == .buffered {
            try await accept(units, of: drafts.map { memories[$0.position] }, in: namespace, onDuplicate: onDuplicate)
            for draft in drafts {
                results[draft.position] = .success(
                    RememberOutcome(
                        status: .accepted, record: draft.record, isTruncated: draft.isTruncated,
                        chunkCount: draft.chunkCount, degradations: draft.degradations))
            }
            return results.compactMap { $0 }
        }
        for (draft, result) in zip(drafts, try await writes.commit(units: units)) {
            results[draft.position] = result.map { outcomes in
                RememberOutcome(
                    outcomes[0], onDuplicate: onDuplicate, isTruncated: draft.isTruncated,
                    chunkCount: draft.chunkCount, degradations: draft.degradations)
            }
        }
        return results.compactMap { $0 }
    }

    /// Hands units to the write queue without waiting for them; what fails later is counted and kept.
    private func accept(
        _ units: [[StoreMutation]], of memories: [NewMemory], in namespace: String, onDuplicate: DuplicatePolicy
    ) async throws {
        buffered.take(units.count)
        do {
            try await writes.accept(units: units) { [buffered, deadLetterFile, now = configuration.environment.now] in
                let results: [Result<[StoreOutcome], StrataError>]
                switch $0 {
                case .success(let each): results = each
                case .failure(let error):
                    let failure =
                        error as? StrataError
                        ?? StrataError(.internal, "the write failed for an unforeseen reason; please report this")
                    results = units.map { _ in .failure(failure) }
                }
                var letters: [DeadLetter] = []
                for (memory, result) in zip(memories, results) {
                    guard case .failure(let error) = result else { continue }
                    letters.append(
                        DeadLetter(
                            memory: memory, namespace: namespace, onDuplicate: onDuplicate, error: error,
                            attemptCount: 1, at: now()))
                }
                if !letters.isEmpty { deadLetterFile?.appendLater(letters) }
                buffered.finish(units.count, failed: letters)
            }
        } catch {
            buffered.take(-units.count)
            throw error
        }
    }

    /// Stores a sequence of memories in batches, at the pace of whoever reads the progress.
    ///
    /// - Parameters:
    ///   - memories: any sequence, finite or not; no more than one batch of it is held at a time.
    ///   - batchCount: how many memories are embedded and committed together, 1 through 10 000.
    public func remember<Memories: AsyncSequence & Sendable>(
        contentsOf memories: Memories, in namespace: String = defaultNamespace, batchCount: Int = 256,
        onDuplicate: DuplicatePolicy = .skip
    ) -> RememberProgressSequence<Memories> where Memories.Element == NewMemory {
        RememberProgressSequence(
            engine: self, memories: memories, namespace: namespace, batchCount: batchCount, onDuplicate: onDuplicate)
    }

    /// A memory on its way to the store.
    struct Draft {
        let position: Int
        var record: MemoryRecord
        let digest: SHA256.Digest
        let terms: [String]
        var embedding: StoredEmbedding?
        var isTruncated = false
        var chunkCount = 0
        /// What was not as usual with its vector.
        var degradations: [Degradation] = []
        /// Whether the namespace already holds the content, so that no vector is needed.
        var isKnown = false

        var content: RecordContent { RecordContent(digest: digest, terms: terms, embedding: embedding) }
    }

    private func draft(of memory: NewMemory, at position: Int, in namespace: String) -> Draft {
        let now = configuration.environment.now()
        let searchable = memory.searchableText
        let record = MemoryRecord(
            id: memory.id ?? ids.next(at: now), namespace: namespace, text: memory.text, speaker: memory.speaker,
            layer: memory.layer, kind: memory.kind, tags: Self.distinct(memory.tags), project: memory.project,
            session: memory.session, metadata: memory.metadata, importance: memory.importance, pinned: memory.pinned,
            source: source(of: memory, in: namespace, at: now), createdAt: now, occurredAt: memory.occurredAt)
        var draft = Draft(
            position: position, record: record, digest: SHA256.digest(of: searchable),
            terms: analyzer.terms(in: searchable))
        if let vector = memory.vector, let space = embeddingSpace {
            draft.embedding = StoredEmbedding(space: space, vector: vector)
        }
        return draft
    }

    /// What the memory says of its source, unless its session was told the same by a recall.
    private func source(of memory: NewMemory, in namespace: String, at now: Timestamp) -> MemoryRecord.Source {
        guard let session = memory.session, memory.source.isEvidence else { return memory.source }
        let isEcho = recalled.withLock { $0.isEcho(memory.text, in: namespace, session: session, at: now) }
        return isEcho ? .recall : memory.source
    }

    static func distinct(_ tags: [String]) -> [String] {
        var seen: Set<String> = []
        return tags.filter { seen.insert($0).inserted }
    }

    /// Gives the drafts their vectors and links; each says what could not be done.
    private func complete(
        _ drafts: inout [Draft], in namespace: String, onDuplicate: DuplicatePolicy
    ) async throws {
        if onDuplicate == .skip || onDuplicate == .replace {
            var seen: Set<SHA256.Digest> = []
            let known = try await store.records(withContent: drafts.map(\.digest), in: namespace)
            for index in drafts.indices {
                let isRepeated = !seen.insert(drafts[index].digest).inserted
                drafts[index].isKnown = known[index] != nil || isRepeated
            }
        }
        let waiting = drafts.indices.filter { drafts[$0].embedding == nil && !drafts[$0].isKnown }
        guard let embedding else {
            for index in waiting { drafts[index].degradations = [.noModel(modelProblem)] }
            return
        }
        if !waiting.isEmpty {
            let texts = waiting.map { drafts[$0].record.searchableText }
            let start = ContinuousClock.now
            defer { metrics.noteEmbedding(as: .document, since: start) }
            for (index, result) in zip(waiting, try await embedding.embed(texts, as: .document)) {
                drafts[index].degradations = result.degradations
                guard let served = result.served else { continue }
                drafts[index].embedding = StoredEmbedding(
                    space: served.keeper.space, vector: served.embedding.vector)
                drafts[index].isTruncated = served.embedding.isTruncated
                drafts[index].chunkCount = served.embedding.chunkCount
            }
        }
        if onDuplicate != .keep, let rule = configuration.nearDuplicates {
            for keeper in embedding.keepers {
                try await linkNearDuplicates(&drafts, keeper, in: namespace, rule: rule)
            }
        }
    }

    /// Links a draft of a space to the nearest older memory there when their vectors and their words nearly agree.
    private func linkNearDuplicates(
        _ drafts: inout [Draft], _ indexes: IndexKeeper, in namespace: String, rule: NearDuplicateRule
    ) async throws {
        let waiting = drafts.indices.filter {
            !drafts[$0].isKnown && drafts[$0].embedding?.space == indexes.space
        }
        guard !waiting.isEmpty else { return }
        let stored = try await indexes.index(of: namespace)
        let vectors = waiting.map { drafts[$0].embedding?.vector ?? [] }
        let nearest = try stored.search(vectors, limit: 1, filter: .none)
        let earlier = try FlatIndex(snapshot: .empty, dimension: indexes.space.dimension)
        for (index, (vector, hits)) in zip(waiting, zip(vectors, nearest)) {
            let terms = Set(drafts[index].terms)
            if let hit = hits.first, hit.score >= rule.cosineMin,
                let found = try await store.records([hit.key], in: namespace).first,
                Self.overlap(terms, Set(analyzer.terms(in: found.record.searchableText))) >= rule.termOverlapMin
            {
                drafts[index].record.duplicateOf = found.record.id
            } else if let hit = try earlier.search(vector, limit: 1, filter: .none).first,
                hit.score >= rule.cosineMin,
                Self.overlap(terms, Set(drafts[Int(hit.key)].terms)) >= rule.termOverlapMin
            {
                drafts[index].record.duplicateOf = drafts[Int(hit.key)].record.id
            }
            try earlier.upsert(RecordKey(index), vector, tag: 0)
        }
    }

    /// The Jaccard similarity of two term sets; 1 for two empty ones.
    static func overlap(_ left: Set<String>, _ right: Set<String>) -> Double {
        let commonCount = left.intersection(right).count
        let totalCount = left.count + right.count - commonCount
        return totalCount == 0 ? 1 : Double(commonCount) / Double(totalCount)
    }
}

extension VectorSnapshot {
    fileprivate static let empty = VectorSnapshot(change: 0, keys: [], tags: [], components: [])
}

extension RememberOutcome {
    fileprivate init(
        _ outcome: StoreOutcome, onDuplicate: DuplicatePolicy, isTruncated: Bool, chunkCount: Int,
        degradations: [Degradation]
    ) {
        switch outcome {
        case .inserted(let stored):
            self.init(
                status: .stored, record: stored.record, isTruncated: isTruncated, chunkCount: chunkCount,
                degradations: degradations)
        case .duplicate(let stored):
            self.init(
                status: onDuplicate == .replace ? .replaced : .duplicate, record: stored.record, isTruncated: false,
                chunkCount: 0, degradations: [])
        case .updated, .embedded, .forgotten, .used, .saved:
            preconditionFailure("a store answers an insertion with a record")
        }
    }
}

extension Degradation {
    static func noModel(_ problem: StrataError?) -> Self {
        Self(
            code: "no_model",
            message: problem.map { "no embedding model (\($0.message)); words only" }
                ?? "the engine was opened without an embedding model; words only")
    }

    static func embeddingFailed(_ error: StrataError) -> Self {
        Self(code: "embedding_failed", message: "the model failed (\(error.message)); words only")
    }
}
