internal import Foundation
public import StrataCore

/// A memory that was handed in and could not be stored: kept, so that it can be looked at and tried again.
public struct DeadLetter: Sendable, Hashable, Codable, Identifiable {
    /// The letter's own name.
    public let id: String
    /// The memory.
    public let memory: NewMemory
    /// Where it belongs.
    public let namespace: String
    /// The policy it was handed in with.
    public let onDuplicate: DuplicatePolicy
    /// The code of the last error.
    public let errorCode: String
    /// Its message.
    public let errorMessage: String
    /// How often it was tried.
    public let attemptCount: Int
    /// When it was given up.
    public let at: Timestamp

    init(
        memory: NewMemory, namespace: String, onDuplicate: DuplicatePolicy, error: StrataError, attemptCount: Int,
        at time: Timestamp
    ) {
        self.memory = memory
        self.namespace = namespace
        self.onDuplicate = onDuplicate
        errorCode = error.code.description
        errorMessage = error.message
        self.attemptCount = attemptCount
        at = time
        // The same memory given up again replaces its older letter.
        let name = [namespace, memory.id?.description ?? "", memory.speaker ?? "", memory.text]
        let digest = SHA256.digest(of: name.map { "\($0.utf8.count):\($0)" }.joined())
        id = String(digest.description.prefix(12))
    }

    /// The memory as the record it would have become, for filters.
    private var record: MemoryRecord {
        MemoryRecord(
            id: memory.id ?? RecordID(high: 0, low: 0), namespace: namespace, text: memory.text,
            speaker: memory.speaker, layer: memory.layer, kind: memory.kind, tags: memory.tags,
            project: memory.project, session: memory.session, metadata: memory.metadata,
            importance: memory.importance, pinned: memory.pinned, source: memory.source, createdAt: at,
            occurredAt: memory.occurredAt)
    }

    /// Whether forgetting that target, or records of those contents, is to reach this letter.
    func isReached(by target: ForgetTarget, in name: String, contents: Set<SHA256.Digest>) -> Bool {
        guard namespace.utf8.elementsEqual(name.utf8) else { return false }
        if contents.contains(SHA256.digest(of: memory.searchableText)) { return true }
        return switch target {
        case .ids(let ids): memory.id.map(ids.contains) ?? false
        case .filter(let filter): filter.matches(record)
        case .everything: true
        }
    }
}

/// The dead letters of a data directory: JSON Lines in a file of their own, because the database may be what fails.
///
/// Appended letters are synced; removing some writes the file anew aside and renames it. All file work runs on a queue of
/// its own.
final class DeadLetterFile: Sendable {
    /// More letters than that are not kept.
    static let countMax = 10_000

    private let path: String
    private let queue = DispatchQueue(label: "strata.dead-letters")

    init(path: String) { self.path = path }

    /// The letters, oldest first; none when there is no file. A line that was cut off by a crash is passed over.
    func letters() async throws(StrataError) -> [DeadLetter] { try await onQueue { try $0.read() } }

    /// Adds letters; one of the same name replaces the older one.
    func append(_ letters: [DeadLetter]) async throws(StrataError) {
        try await onQueue { try $0.appendNow(letters) }
    }

    private func appendNow(_ letters: [DeadLetter]) throws {
        let known = try read()
        let names = Set(letters.map(\.id))
        guard known.count + letters.count <= Self.countMax else {
            throw StrataError(
                .tooLarge, "there are \(known.count) dead letters, which is the limit; replay or drop some")
        }
        if known.contains(where: { names.contains($0.id) }) {
            try write(known.filter { !names.contains($0.id) } + letters)
        } else {
            try add(letters)
        }
    }

    /// Adds letters without waiting; ``settle()`` waits.
    func appendLater(_ letters: [DeadLetter]) {
        queue.async { [self] in
            // Whoever could be told of a failure here has been answered long ago; the statistics count the letters.
            try? appendNow(letters)
        }
    }

    /// Returns when everything that was asked for is done.
    func settle() async {
        await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
    }

    /// Removes the letters that are to go and says how many went.
    @discardableResult
    func remove(where isGone: @escaping @Sendable (DeadLetter) -> Bool) async throws(StrataError) -> Int {
        try await onQueue { file in
            let known = try file.read()
            let kept = known.filter { !isGone($0) }
            if kept.count < known.count { try file.write(kept) }
            return known.count - kept.count
        }
    }

    private func onQueue<Value: Sendable>(
        _ work: @escaping @Sendable (DeadLetterFile) throws -> Value
    ) async throws(StrataError) -> Value {
        let result: Result<Value, StrataError> = await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(
                    returning: Result { try work(self) }.mapError { error in
                        error as? StrataError
                            ?? StrataError(
                                .storageFailure,
                                "the dead letters cannot be read or written; free space on the disk and try again",
                                isRetryable: true, cause: error)
                    })
            }
        }
        return try result.get()
    }

    private func read() throws -> [DeadLetter] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        let decoder = JSONDecoder()
        return try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: UInt8(ascii: "\n"))
            .compactMap { try? decoder.decode(DeadLetter.self, from: $0) }
    }

    /// A line starts with a line end of its own, so that one that was cut off before it takes no other with it.
    private func add(_ letters: [DeadLetter]) throws {
        if !FileManager.default.fileExists(atPath: path) { return try write(letters) }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        try handle.seekToEnd()
        try handle.write(contentsOf: data(letters))
        try handle.synchronize()
    }

    private func write(_ letters: [DeadLetter]) throws {
        guard !letters.isEmpty else {
            if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
            return
        }
        let aside = path + ".partial"
        guard
            FileManager.default.createFile(atPath: aside, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw CocoaError(.fileWriteUnknown) }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: aside))
        defer { try? handle.close() }
        try handle.write(contentsOf: data(letters))
        try handle.synchronize()
        guard rename(aside, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    private func data(_ letters: [DeadLetter]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var data = Data()
        for letter in letters {
            data.append(UInt8(ascii: "\n"))
            data.append(try encoder.encode(letter))
        }
        data.append(UInt8(ascii: "\n"))
        return data
    }
}
