public import StrataCore

extension MemoryEngine {
    /// Runs one promotion cycle: looks at every unpinned record that is old enough in its layer, promotes what the policy
    /// wants to keep, and then forgets what has outlived its layer.
    ///
    /// Each promotion and removal is in the record's history with its reason. Other calls go on meanwhile.
    ///
    /// - Parameters:
    ///   - namespace: nil for all.
    ///   - dryRun: decides and counts, changes nothing.
    ///   - onDecision: is told every decision, also those to keep a record, before it is carried out.
    @discardableResult
    public func promote(
        in namespace: String? = nil, dryRun: Bool = false,
        onDecision: @Sendable (LifecycleDecision) async -> Void = { _ in }
    ) async throws -> PromotionReport {
        if let namespace { try Validation.namespace(namespace, limits: configuration.limits) }
        guard !dryRun else {
            return try await promote(
                in: namespace, dryRun: true, pace: .immediate(configuration.environment), onDecision)
        }
        return try await scheduler.byHand(JobName.promotion, figures: \.figures) { pace in
            try await self.promote(in: namespace, pace: pace, onDecision)
        }
    }

    func promote(
        in namespace: String?, dryRun: Bool = false, pace: JobPace,
        _ onDecision: @Sendable (LifecycleDecision) async -> Void = { _ in }
    ) async throws -> PromotionReport {
        try await metrics.measure(.promote) {
            try await flushUses()
            var cycle = try await PromotionCycle(self, in: namespace, dryRun: dryRun)
            while try await cycle.step(onDecision: onDecision) { try await pace.rest() }
            return cycle.report
        }
    }

    /// Takes back the last move of a record between layers, by whomever it was made.
    ///
    /// The record's time and uses in the layer count from nothing again, so that the next cycle does not repeat the move
    /// at once.
    ///
    /// - Returns: the record as it is now.
    /// - Throws: ``StrataError/Code/notFound`` when there is no such record or it was never moved.
    @discardableResult
    public func undoMove(of id: RecordID, in namespace: String = defaultNamespace) async throws -> MemoryRecord {
        let moves = try await history(of: id, in: namespace).filter(\.isMove)
        guard let last = moves.last else {
            throw StrataError(.notFound, "record \(id) was never moved between layers in this namespace")
        }
        return try await undo(last)
    }

    /// Takes back one move between layers, by the number of its change.
    ///
    /// - Throws: ``StrataError/Code/notFound`` when there is no such change;
    ///   ``StrataError/Code/invalidArgument`` when it is no move;
    ///   ``StrataError/Code/conflict`` when the record was moved again since.
    @discardableResult
    public func undoMove(change number: Int64, in namespace: String = defaultNamespace) async throws -> MemoryRecord {
        let found = number > 0 ? try await changes(since: number - 1, in: namespace, limit: 1).first : nil
        guard let change = found, change.number == number else {
            throw StrataError(.notFound, "there is no change \(number) in this namespace")
        }
        guard change.isMove else {
            throw StrataError(
                .invalidArgument,
                "change \(number) moved nothing between layers; what was forgotten cannot be brought back")
        }
        let last = try await history(of: change.record, in: namespace).last(where: \.isMove)
        guard last?.number == number else {
            throw StrataError(
                .conflict, "record \(change.record) was moved again by change \(last?.number ?? 0); undo that one")
        }
        return try await undo(change)
    }

    private func undo(_ change: Change) async throws -> MemoryRecord {
        guard let name = change.previous["layer"]?.stringValue, let layer = Layer(rawValue: name) else {
            throw StrataError(.notFound, "record \(change.record) is forgotten; its layer is no longer known")
        }
        guard let stored = try await store.record(change.record, in: change.namespace) else {
            throw Self.notFound(change.record)
        }
        let mutation = StoreMutation.move(
            change.record, namespace: change.namespace, to: layer, reason: "undo of change \(change.number)",
            ifChange: stored.record.change)
        guard case .updated(let moved, _) = try await writes.commit([mutation]).first else {
            throw StrataError(.internal, "the store answered a move with something else")
        }
        return moved.record
    }

    /// Says whether a recalled memory helped; it counts in the record's value from now on.
    ///
    /// - Returns: the record as it is now. The verdict is on disk.
    /// - Throws: ``StrataError/Code/notFound``.
    @discardableResult
    public func feedback(
        _ id: RecordID, _ feedback: Feedback, in namespace: String = defaultNamespace
    ) async throws -> MemoryRecord {
        try Validation.namespace(namespace, limits: configuration.limits)
        let outcomes = try await writes.commit([.feedback([id], namespace: namespace, feedback)])
        guard case .used(1) = outcomes.first, let record = try await store.record(id, in: namespace)?.record else {
            throw Self.notFound(id)
        }
        return record
    }

    /// What a record is worth at this moment, 0 through 1, by ``LifecycleConfiguration/value``.
    public func value(of id: RecordID, in namespace: String = defaultNamespace) async throws -> Double {
        try Validation.namespace(namespace, limits: configuration.limits)
        guard let stored = try await store.record(id, in: namespace) else { throw Self.notFound(id) }
        return configuration.lifecycle.value.value(of: LifecycleFacts(stored), at: configuration.environment.now())
    }

    /// Forgets records that are still as they were, each with its reason; says how many went.
    func discard(_ removals: [(version: RecordVersion, reason: String)], in namespace: String) async throws -> Int {
        guard !removals.isEmpty else { return 0 }
        let units = removals.map { [StoreMutation.discard([$0.version], namespace: namespace, reason: $0.reason)] }
        return try await forgetting {
            var count = 0
            var contents: [SHA256.Digest] = []
            for result in try await writes.commit(units: units) {
                guard case .forgotten(let receipt, _, let digests) = try result.get().first else {
                    throw StrataError(.internal, "the store answered a removal with something else")
                }
                count += receipt.recordCount
                contents += digests
            }
            return (count, textsOf: contents)
        }
    }
}

extension Change {
    /// Whether it moved a record between layers.
    var isMove: Bool { operation == .promoted || operation == .demoted }
}
