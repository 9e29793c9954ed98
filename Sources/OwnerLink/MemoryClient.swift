public import Strata
public import StrataCore

/// What can be asked of a memory, whether this process owns it or another one does.
///
/// The two conformers are the engine itself and ``OwnerConnection``; answers and errors are the same.
public protocol MemoryClient: Sendable {
    /// The identifier of the space that recalls search; nil without a model.
    var spaceIdentifier: String? { get }
    /// What recalls will do without for want of a model.
    var modelDegradations: [Degradation] { get }

    /// See ``MemoryEngine/remember(_:in:onDuplicate:ack:)``.
    func remember(
        _ memories: [NewMemory], in namespace: String, onDuplicate: DuplicatePolicy, ack: Acknowledgement
    ) async throws -> [Result<RememberOutcome, StrataError>]
    /// See ``MemoryEngine/recall(_:in:limit:options:)``.
    func recall(
        _ query: String, in namespace: String, limit: Int, options: RecallOptions
    ) async throws -> RecallAnswer
    /// See ``MemoryEngine/get(_:in:)``.
    func get(_ id: RecordID, in namespace: String) async throws -> MemoryRecord?
    /// See ``MemoryEngine/list(in:matching:cursor:limit:)``.
    func list(
        in namespace: String, matching filter: Filter?, cursor: String?, limit: Int
    ) async throws -> RecordPage
    /// See ``MemoryEngine/count(of:in:)``.
    func count(of target: ForgetTarget, in namespace: String) async throws -> Int
    /// See ``MemoryEngine/forget(_:in:)``.
    func forget(_ target: ForgetTarget, in namespace: String) async throws -> ForgetReceipt
    /// See ``MemoryEngine/update(_:_:in:ifChange:)``.
    func update(
        _ id: RecordID, _ patch: RecordPatch, in namespace: String, ifChange: Int64?
    ) async throws -> MemoryRecord
    /// See ``MemoryEngine/namespaces()``.
    func namespaces() async throws -> [String]
    /// See ``MemoryEngine/stats(in:)``.
    func stats(in namespace: String?) async throws -> EngineStatistics
    /// See ``MemoryEngine/exportPage(_:cursor:countMax:)``.
    func exportPage(_ options: ExportOptions, cursor: String?, countMax: Int) async throws -> ExportPage
    /// Takes over records of an export, given by their lines; see ``MemoryEngine/restore(_:in:)``.
    func restore(
        lines: [String], in namespace: String?
    ) async throws -> [Result<RestoreOutcome, StrataError>]
    /// See ``MemoryEngine/compact()``.
    func compact() async throws -> CompactionReceipt
    /// See ``MemoryEngine/deadLetters()``.
    func deadLetters() async throws -> [DeadLetter]
    /// Tries dead letters again and says of each, by its name, why it failed again, or nil when it is stored.
    func replayDeadLetters(_ ids: Set<String>?) async throws -> [ReplayedLetter]
    /// See ``MemoryEngine/dropDeadLetters(_:)``.
    func dropDeadLetters(_ ids: Set<String>?) async throws -> Int
}

/// What became of a dead letter that was tried again.
public struct ReplayedLetter: Sendable, Hashable, Codable {
    /// The letter's name.
    public let letter: String
    /// The record that now holds the memory; nil when it failed again.
    public let record: RecordID?
    /// The code of the error; nil when it is stored.
    public let errorCode: String?
    /// The message of the error; nil when it is stored.
    public let errorMessage: String?
}

extension MemoryClient {
    /// Stores one memory.
    public func remember(
        _ memory: NewMemory, in namespace: String, onDuplicate: DuplicatePolicy, ack: Acknowledgement
    ) async throws -> RememberOutcome {
        try await remember([memory], in: namespace, onDuplicate: onDuplicate, ack: ack)[0].get()
    }
}

extension MemoryEngine: MemoryClient {
    /// The identifier of the engine's space.
    public var spaceIdentifier: String? { embeddingSpace?.identifier }

    /// Takes over records given by their lines; a line that is none is refused alone.
    public func restore(
        lines: [String], in namespace: String?
    ) async throws -> [Result<RestoreOutcome, StrataError>] {
        var results: [Result<RestoreOutcome, StrataError>?] = lines.map { _ in nil }
        var records: [(position: Int, record: PortableRecord)] = []
        for (position, line) in lines.enumerated() {
            do {
                records.append((position, try PortableRecord(jsonLine: line)))
            } catch let error as StrataError {
                results[position] = .failure(error)
            }
        }
        for (place, result) in zip(records, try await restore(records.map(\.record), in: namespace)) {
            results[place.position] = result
        }
        return results.compactMap { $0 }
    }

    /// Tries dead letters again.
    public func replayDeadLetters(_ ids: Set<String>?) async throws -> [ReplayedLetter] {
        let tried: [(letter: DeadLetter, outcome: Result<RememberOutcome, StrataError>)] =
            try await replayDeadLetters(ids)
        return tried.map { letter, outcome in
            switch outcome {
            case .success(let stored):
                ReplayedLetter(letter: letter.id, record: stored.record.id, errorCode: nil, errorMessage: nil)
            case .failure(let error):
                ReplayedLetter(
                    letter: letter.id, record: nil, errorCode: error.code.description, errorMessage: error.message)
            }
        }
    }
}
