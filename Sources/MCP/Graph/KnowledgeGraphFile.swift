internal import Dispatch
internal import Foundation
internal import StrataCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The file of a knowledge graph. It is read for every call, because the reference server may write it too, and changed
/// by one call at a time.
final class KnowledgeGraphFile: Sendable {
    private let path: String
    private let queue = DispatchQueue(label: "strata.mcp.graph")

    init(path: String) { self.path = path }

    /// The graph as the file has it; empty when there is no file.
    func read() async throws -> KnowledgeGraph {
        try await onQueue { try $0.load() }
    }

    /// Changes the graph; when `change` throws, or the file cannot be written, the file stays as it was.
    func change<Value: Sendable>(
        _ change: @escaping @Sendable (inout KnowledgeGraph) throws -> Value
    ) async throws -> Value {
        try await onQueue { file in
            var graph = try file.load()
            let before = graph
            let value = try change(&graph)
            if graph != before { try file.save(graph) }
            return value
        }
    }

    private func onQueue<Value: Sendable>(
        _ work: @escaping @Sendable (KnowledgeGraphFile) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work(self) }) }
        }
    }

    private func load() throws -> KnowledgeGraph {
        guard FileManager.default.fileExists(atPath: path) else { return KnowledgeGraph() }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StrataError(.storageFailure, "cannot read the knowledge graph \(path); check its permissions")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw StrataError(.corrupted, "the knowledge graph \(path) is not UTF-8; it was left as it is")
        }
        return KnowledgeGraph(jsonLines: text)
    }

    /// Writes beside the file, syncs and renames, so that a crash leaves the old file or the new one.
    private func save(_ graph: KnowledgeGraph) throws {
        // The target of a link is replaced, not the link.
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let aside = target + ".strata-new"
        let descriptor = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure() }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(graph.jsonLines.utf8))
            try handle.synchronize()
            try handle.close()
        } catch {
            unlink(aside)
            throw failure()
        }
        guard rename(aside, target) == 0 else {
            unlink(aside)
            throw failure()
        }
        let folder = open(URL(fileURLWithPath: target).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw failure() }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw failure() }
    }

    private func failure() -> StrataError {
        StrataError(
            .storageFailure,
            "cannot write the knowledge graph \(path) (\(String(cString: strerror(errno)))); check folder and disk")
    }
}
