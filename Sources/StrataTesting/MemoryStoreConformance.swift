public import StrataCore

/// The rules of ``MemoryStore``, each a function that throws a ``BrokenRule`` when a store does not keep it.
///
/// A rule asks the factory for an empty store, and does not depend on how that store numbers keys and changes, only on
/// their order.
public struct MemoryStoreConformance: Sendable, CustomStringConvertible {
    /// Makes an empty store.
    public typealias Factory = @Sendable () async throws -> any MemoryStore

    /// The rule as a sentence.
    public let description: String
    private let body: @Sendable (any MemoryStore) async throws -> Void

    init(_ description: String, _ body: @escaping @Sendable (any MemoryStore) async throws -> Void) {
        self.description = description
        self.body = body
    }

    /// Holds a fresh store to the rule.
    ///
    /// - Throws: ``BrokenRule`` when it is broken; whatever the store threw where it should not have.
    public func check(_ makeStore: Factory) async throws {
        let store = try await makeStore()
        try await body(store)
        try await store.close()
    }

    /// Every rule.
    public static let rules =
        insertion + updating + forgetting + reading + keywords + vectors + lifecycle
        + decisions
}

/// A rule that a store does not keep.
public struct BrokenRule: Error, CustomStringConvertible {
    /// What was expected and what came.
    public let description: String
}

func expect(
    _ isKept: Bool, _ expectation: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) throws {
    guard !isKept else { return }
    throw BrokenRule(description: "\(file):\(line): expected that \(expectation())")
}

func expectEqual<Value: Equatable>(
    _ found: Value, _ expected: Value, _ what: String, file: StaticString = #fileID, line: UInt = #line
) throws {
    guard found != expected else { return }
    throw BrokenRule(description: "\(file):\(line): \(what) is \(found), expected \(expected)")
}

func expectError(
    _ code: StrataError.Code, _ result: Result<[StoreOutcome], StrataError>, _ what: String,
    file: StaticString = #fileID, line: UInt = #line
) throws {
    switch result {
    case .success: throw BrokenRule(description: "\(file):\(line): \(what) succeeded, expected \(code)")
    case .failure(let error): try expectEqual(error.code, code, "the code of \(what)", file: file, line: line)
    }
}

func expectThrows(
    _ code: StrataError.Code, _ what: String, file: StaticString = #fileID, line: UInt = #line,
    _ body: () async throws -> Void
) async throws {
    do {
        try await body()
    } catch let error as StrataError {
        return try expectEqual(error.code, code, "the code of \(what)", file: file, line: line)
    }
    throw BrokenRule(description: "\(file):\(line): \(what) succeeded, expected \(code)")
}

/// Small records and what derives from them.
public enum StoreSample {
    /// A space of four dimensions.
    public static let space = EmbeddingSpace(model: "sample", revision: "000000000001", dimension: 4)
    /// Another one.
    public static let otherSpace = EmbeddingSpace(model: "sample", revision: "000000000002", dimension: 3)

    /// The id of that number.
    public static func id(_ number: Int) -> RecordID { RecordID(high: 0x7000, low: UInt64(number)) }
    /// The moment so many seconds after some start.
    public static func time(_ seconds: Int64) -> Timestamp {
        Timestamp(milliseconds: 1_760_000_000_000 + 1000 * seconds)
    }

    /// A record of that number.
    public static func record(
        _ number: Int, _ text: String, in namespace: String = "a", layer: Layer = .interact, tags: [String] = [],
        metadata: [String: JSONValue] = [:]
    ) -> MemoryRecord {
        MemoryRecord(
            id: id(number), namespace: namespace, text: text, layer: layer, tags: tags, metadata: metadata,
            createdAt: time(Int64(number)))
    }

    /// What derives from a text: those of its words that can be terms and, for a space, some vector.
    public static func content(_ text: String, space: EmbeddingSpace? = nil) -> RecordContent {
        let digest = SHA256.digest(of: text)
        let embedding = space.map { space in
            StoredEmbedding(space: space, vector: (0..<space.dimension).map { Float(digest.bytes[$0]) / 255 - 0.5 })
        }
        return RecordContent(
            digest: digest, terms: text.split(separator: " ").map(String.init).filter(RecordContent.isTerm),
            embedding: embedding)
    }

    /// Adds a record with its content.
    public static func insert(
        _ record: MemoryRecord, space: EmbeddingSpace? = nil, onDuplicate policy: DuplicatePolicy = .skip
    ) -> StoreMutation {
        .insert(record, content(record.searchableText, space: space), onDuplicate: policy)
    }
}

extension MemoryStore {
    /// Commits one unit of one mutation and gives its outcome.
    package func apply(_ mutation: StoreMutation, at time: Timestamp = StoreSample.time(1000)) async throws
        -> StoreOutcome
    {
        let results = try await commit([[mutation]], at: time)
        try expectEqual(results.count, 1, "the number of results of one unit")
        let outcomes = try results[0].get()
        try expectEqual(outcomes.count, 1, "the number of outcomes of one mutation")
        return outcomes[0]
    }

    /// Stores a record that is no duplicate.
    @discardableResult
    func insert(_ record: MemoryRecord, space: EmbeddingSpace? = nil) async throws -> StoredRecord {
        guard case .inserted(let stored) = try await apply(StoreSample.insert(record, space: space)) else {
            throw BrokenRule(description: "a new record was not inserted")
        }
        return stored
    }

    /// Commits one mutation that should fail and gives its result.
    func result(of mutation: StoreMutation) async throws -> Result<[StoreOutcome], StrataError> {
        try await commit([[mutation]], at: StoreSample.time(1000))[0]
    }
}
