public import StrataCore
internal import Synchronization

extension MemoryEngine {
    /// Starts a batch of memories for a namespace.
    public func batch(in namespace: String = defaultNamespace) -> BatchBuilder {
        BatchBuilder(engine: self, namespace: namespace)
    }

    /// Has everything written now that was handed in by batches; returns at once, the tickets tell when it is done.
    public func flushBatches() async throws { try await batches().flush() }

    /// How the batches do.
    public func batchStatistics() async throws -> BatchStatistics { try await batches().statistics() }

    /// The writer of batches, made at first use.
    func batches() throws(StrataError) -> BatchWriter {
        let writer = batchWriter.withLock { writer in
            if writer == nil {
                writer = .open(
                    BatchWriter(
                        options: configuration.batches, environment: configuration.environment,
                        deadLetters: deadLetterFile
                    ) { [weak self] memories, namespace, policy in
                        guard let self else {
                            throw StrataError(.closed, "the engine is gone; open it again to write")
                        }
                        return try await self.remember(memories, in: namespace, onDuplicate: policy)
                    })
            }
            return writer
        }
        guard case .open(let open) = writer else {
            throw StrataError(.closed, "the engine is closed; open it again to write")
        }
        return open
    }

    /// Has the last batches written; there are none afterwards.
    func closeBatches() async {
        let writer = batchWriter.withLock { writer in
            defer { writer = .closed }
            return writer
        }
        if case .open(let open) = writer { await open.close() }
    }

    /// Recalls for several queries at once; their texts are embedded in one run of the model.
    ///
    /// - Parameters:
    ///   - queries: at most 1000.
    /// - Returns: one answer a query, or why there is none.
    public func recall(
        _ queries: [String], in namespace: String = defaultNamespace, limit: Int = 10,
        options: RecallOptions = RecallOptions()
    ) async throws -> [Result<RecallAnswer, StrataError>] {
        try Validation.namespace(namespace, limits: configuration.limits)
        try Validation.count(queries.count, named: "the number of queries", in: 0...1000)
        var runs: [Result<RecallRun, StrataError>] = []
        for query in queries {
            do {
                var run = try recallRun(query, in: namespace, limit: limit, options: options)
                try await run.prepare()
                runs.append(.success(run))
            } catch let error as StrataError {
                runs.append(.failure(error))
            }
        }
        let prepared = runs.indices.filter { (try? runs[$0].get()) != nil }
        if let embedding, options.signals != .keyword, !prepared.isEmpty {
            let texts = prepared.compactMap { try? runs[$0].get().embeddedText }
            // When the common run fails each query tries alone, and says how it went.
            if let outcomes = try? await embedding.embed(texts, as: .query) {
                for (index, outcome) in zip(prepared, outcomes) {
                    guard let served = outcome.served else { continue }
                    let vector = EmbeddingService.QueryVector(served: served, degradations: outcome.degradations)
                    runs[index] = runs[index].map { $0.with(vector) }
                }
            }
        }
        try Task.checkCancellation()
        return try await withThrowingTaskGroup { group in
            for (index, run) in runs.enumerated() {
                group.addTask {
                    do {
                        var run = try run.get()
                        return (index, Result<RecallAnswer, StrataError>.success(try await self.finish(&run)))
                    } catch let error as StrataError {
                        return (index, .failure(error))
                    }
                }
            }
            var answers: [Result<RecallAnswer, StrataError>?] = Array(repeating: nil, count: runs.count)
            for try await (index, answer) in group { answers[index] = answer }
            return answers.compactMap { $0 }
        }
    }

    /// Forgets several targets in one transaction.
    ///
    /// - Returns: one receipt a target, or why it was refused; a refused one does not disturb the others.
    public func forget(
        _ targets: [ForgetTarget], in namespace: String = defaultNamespace
    ) async throws -> [Result<ForgetReceipt, StrataError>] {
        try Validation.namespace(namespace, limits: configuration.limits)
        try Validation.count(targets.count, named: "the number of targets", in: 0...configuration.limits.batchCountMax)
        guard !targets.isEmpty else { return [] }
        return try await forgetting(targets, in: namespace) {
            let results = try await writes.commit(units: targets.map { [.forget($0, namespace: namespace)] })
            var contents: [SHA256.Digest] = []
            let receipts = results.map { result in
                result.flatMap { outcomes -> Result<ForgetReceipt, StrataError> in
                    guard case .forgotten(let receipt, _, let digests) = outcomes.first else {
                        return .failure(StrataError(.internal, "the store answered a removal with something else"))
                    }
                    contents += digests
                    return .success(receipt)
                }
            }
            return (receipts, textsOf: contents)
        }
    }

    /// The memories that could not be stored, oldest first.
    public func deadLetters() async throws -> [DeadLetter] { try await deadLetterFile?.letters() ?? [] }

    /// Tries dead letters again; what is stored leaves them.
    ///
    /// - Parameter ids: which letters; nil for all. Names of no letter are passed over.
    /// - Returns: the letters that were tried, each with what became of it.
    public func replayDeadLetters(
        _ ids: Set<String>? = nil
    ) async throws -> [(letter: DeadLetter, outcome: Result<RememberOutcome, StrataError>)] {
        var tried: [(letter: DeadLetter, outcome: Result<RememberOutcome, StrataError>)] = []
        for letter in try await deadLetters() where ids?.contains(letter.id) ?? true {
            let outcome = try await remember(
                [letter.memory], in: letter.namespace, onDuplicate: letter.onDuplicate)[0]
            tried.append((letter, outcome))
            if case .success = outcome { try await deadLetterFile?.remove { $0.id == letter.id } }
        }
        return tried
    }

    /// Drops dead letters for good.
    ///
    /// - Parameter ids: which letters; nil for all.
    /// - Returns: how many went.
    @discardableResult
    public func dropDeadLetters(_ ids: Set<String>? = nil) async throws -> Int {
        try await deadLetterFile?.remove { ids?.contains($0.id) ?? true } ?? 0
    }
}

/// Whether there is a writer of batches, and whether there can be one.
enum BatchWriterState: Sendable {
    case open(BatchWriter)
    case closed
}
