internal import Dispatch
public import Strata
public import StrataCore

/// A memory that another process owns, asked over its socket.
///
/// Requests of one connection are answered one after another. When the owner ends before it has answered, the call throws
/// ``StrataError/Code/locked``, which may be tried again.
public final class OwnerConnection: MemoryClient {
    /// The identifier of the space that the owner's recalls search.
    public let spaceIdentifier: String?
    /// What the owner's recalls do without.
    public let modelDegradations: [Degradation]

    private let socket: UnixSocket
    private let queue = DispatchQueue(label: "strata.owner-connection")

    /// Connects to the owner of a data directory.
    ///
    /// - Returns: nil when nobody answers there: no owner, one that does not listen, or one that has just ended.
    /// - Throws: ``StrataError/Code/unsupportedVersion``, ``StrataError/Code/overloaded``,
    ///   ``StrataError/Code/locked`` when the socket belongs to another user.
    public static func connect(toOwnerOf dataDirectory: String) async throws -> OwnerConnection? {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try open(dataDirectory + "/" + OwnerServer.socketName) })
            }
        }
    }

    private static func open(_ path: String) throws -> OwnerConnection? {
        guard let socket = try UnixSocket.connected(to: path) else { return nil }
        do {
            guard socket.isPeerThisUser else {
                throw StrataError(.locked, "the socket \(path) belongs to another user; check who owns the folder")
            }
            try socket.write(LinkRequest.hello(version: LinkRequest.version))
            switch try socket.receive(LinkAnswer.self) {
            case .hello(_, let space, let degradations):
                return OwnerConnection(socket, space: space, degradations: degradations)
            case .failure(let failure): throw failure.error
            default: throw unexpected
            }
        } catch UnixSocket.Failure.ended {
            socket.end()
            return nil
        } catch {
            socket.end()
            throw error as? StrataError ?? unexpected
        }
    }

    private init(_ socket: UnixSocket, space: String?, degradations: [Degradation]) {
        self.socket = socket
        spaceIdentifier = space
        modelDegradations = degradations
    }

    deinit { socket.end() }

    private static var unexpected: StrataError {
        StrataError(.unsupportedVersion, "the owner answered with something else; use the same Strata as the owner")
    }

    /// Sends a request and takes what fits out of the answer.
    private func ask<Value: Sendable>(
        _ request: LinkRequest, _ read: @escaping @Sendable (LinkAnswer) -> Value?
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [socket] in
                continuation.resume(
                    with: Result {
                        do {
                            try socket.write(request)
                            let answer = try socket.receive(LinkAnswer.self)
                            if case .failure(let failure) = answer { throw failure.error }
                            guard let value = read(answer) else { throw Self.unexpected }
                            return value
                        } catch let error as StrataError {
                            throw error
                        } catch UnixSocket.Failure.ended {
                            throw StrataError(
                                .locked,
                                """
                                the process that owns the data directory ended before it answered; whether a write was \
                                made is not known, so run the command again
                                """, isRetryable: true)
                        } catch {
                            throw Self.unexpected
                        }
                    })
            }
        }
    }

    /// Stores memories.
    public func remember(
        _ memories: [NewMemory], in namespace: String, onDuplicate: DuplicatePolicy, ack: Acknowledgement
    ) async throws -> [Result<RememberOutcome, StrataError>] {
        try await ask(.remember(memories, namespace: namespace, onDuplicate: onDuplicate, ack: ack)) {
            if case .remembered(let results) = $0 { results.map(\.result) } else { nil }
        }
    }

    /// Finds memories.
    public func recall(
        _ query: String, in namespace: String, limit: Int, options: RecallOptions
    ) async throws -> RecallAnswer {
        try await ask(.recall(query, namespace: namespace, limit: limit, options: options)) {
            if case .recalled(let answer) = $0 { answer } else { nil }
        }
    }

    /// The record of an id.
    public func get(_ id: RecordID, in namespace: String) async throws -> MemoryRecord? {
        try await ask(.get(id, namespace: namespace)) { answer -> MemoryRecord?? in
            if case .record(let record) = answer { .some(record) } else { nil }
        }
    }

    /// A page of records.
    public func list(
        in namespace: String, matching filter: Filter?, cursor: String?, limit: Int
    ) async throws -> RecordPage {
        try await ask(.list(namespace: namespace, filter: filter, cursor: cursor, limit: limit)) {
            if case .page(let page) = $0 { page } else { nil }
        }
    }

    /// How many records forgetting would remove.
    public func count(of target: ForgetTarget, in namespace: String) async throws -> Int {
        try await ask(.count(target, namespace: namespace)) { if case .count(let count) = $0 { count } else { nil } }
    }

    /// Removes records.
    public func forget(_ target: ForgetTarget, in namespace: String) async throws -> ForgetReceipt {
        try await ask(.forget(target, namespace: namespace)) {
            if case .receipt(let receipt) = $0 { receipt } else { nil }
        }
    }

    /// Changes fields of a record.
    public func update(
        _ id: RecordID, _ patch: RecordPatch, in namespace: String, ifChange: Int64?
    ) async throws -> MemoryRecord {
        try await ask(.update(id, patch, namespace: namespace, ifChange: ifChange)) {
            if case .record(let record) = $0 { record } else { nil }
        }
    }

    /// The namespaces that hold records.
    public func namespaces() async throws -> [String] {
        try await ask(.namespaces) { if case .names(let names) = $0 { names } else { nil } }
    }

    /// Counts and sizes.
    public func stats(in namespace: String?) async throws -> EngineStatistics {
        try await ask(.stats(namespace: namespace)) { if case .statistics(let all) = $0 { all } else { nil } }
    }

    /// Gives free pages back and empties the log.
    public func compact() async throws -> CompactionReceipt {
        try await ask(.compact) { if case .compacted(let receipt) = $0 { receipt } else { nil } }
    }

    /// The next records of an export.
    public func exportPage(_ options: ExportOptions, cursor: String?, countMax: Int) async throws -> ExportPage {
        try await ask(.exportPage(options, cursor: cursor, countMax: countMax)) {
            if case .exported(let page) = $0 { page } else { nil }
        }
    }

    /// Takes over records of an export.
    public func restore(
        lines: [String], in namespace: String?
    ) async throws -> [Result<RestoreOutcome, StrataError>] {
        try await ask(.restore(lines, namespace: namespace)) {
            if case .restored(let results) = $0 { results.map(\.result) } else { nil }
        }
    }

    /// The memories that could not be stored.
    public func deadLetters() async throws -> [DeadLetter] {
        try await ask(.deadLetters) { if case .letters(let letters) = $0 { letters } else { nil } }
    }

    /// Tries dead letters again.
    public func replayDeadLetters(_ ids: Set<String>?) async throws -> [ReplayedLetter] {
        try await ask(.replayDeadLetters(ids)) { if case .replayed(let tried) = $0 { tried } else { nil } }
    }

    /// Drops dead letters.
    public func dropDeadLetters(_ ids: Set<String>?) async throws -> Int {
        try await ask(.dropDeadLetters(ids)) { if case .count(let count) = $0 { count } else { nil } }
    }
}
