public import StrataCore

/// How far a stream of memories has been stored.
public struct RememberProgress: Sendable {
    /// What became of each memory of the last batch, in order.
    public let batch: [Result<RememberOutcome, StrataError>]
    /// How many new records were stored so far.
    public let storedCount: Int
    /// How many memories were already there so far.
    public let duplicateCount: Int
    /// How many memories were refused so far.
    public let refusedCount: Int
}

/// Stores batches of a sequence, one each time the next element is asked for.
public struct RememberProgressSequence<Memories: AsyncSequence & Sendable>: AsyncSequence, Sendable
where Memories.Element == NewMemory {
    /// The progress after a batch.
    public typealias Element = RememberProgress

    let engine: MemoryEngine
    let memories: Memories
    let namespace: String
    let batchCount: Int
    let onDuplicate: DuplicatePolicy

    /// Starts at the beginning of the sequence.
    public func makeAsyncIterator() -> Iterator { Iterator(sequence: self, memories: memories.makeAsyncIterator()) }

    /// Takes a batch, embeds it, commits it.
    public struct Iterator: AsyncIteratorProtocol {
        private let sequence: RememberProgressSequence
        private var memories: Memories.AsyncIterator
        private var counts = (stored: 0, duplicate: 0, refused: 0)

        init(sequence: RememberProgressSequence, memories: Memories.AsyncIterator) {
            self.sequence = sequence
            self.memories = memories
        }

        /// Stores the next batch; nil at the end of the sequence. What was reported stays stored when a later batch
        /// throws.
        public mutating func next() async throws -> RememberProgress? {
            try Validation.count(sequence.batchCount, named: "batchCount", in: 1...10_000)
            var batch: [NewMemory] = []
            while batch.count < sequence.batchCount, let memory = try await memories.next() { batch.append(memory) }
            guard !batch.isEmpty else { return nil }
            let results = try await sequence.engine.remember(
                batch, in: sequence.namespace, onDuplicate: sequence.onDuplicate)
            for result in results {
                switch result {
                case .success(let outcome) where outcome.status == .stored: counts.stored += 1
                case .success: counts.duplicate += 1
                case .failure: counts.refused += 1
                }
            }
            return RememberProgress(
                batch: results, storedCount: counts.stored, duplicateCount: counts.duplicate,
                refusedCount: counts.refused)
        }
    }
}
