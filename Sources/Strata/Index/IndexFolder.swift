internal import Foundation
internal import StrataCore
internal import VectorSearch

/// The files of vector indexes in a data directory: one graph for each namespace and space that has one.
///
/// ```
/// index/NAME.json           what the graph beside it holds: namespace, space, the last change it has taken in
/// index/NAME-CHANGE.graph   the graph (docs/vector-index.md)
/// ```
/// NAME is a hash of namespace and space. The label is written last and renamed into place, so that whatever happens
/// meanwhile the old pair or the new one is there; graphs that no label names are left over from that, and removed.
/// All calls block.
struct IndexFolder: Sendable {
    /// What a file is of, and how far it has come.
    struct Label: Codable, Equatable {
        static let version = 1

        var version = Self.version
        let namespace: String
        let space: String
        let mark: ChangeMark
        let vectorCount: Int
    }

    let path: String
    let space: EmbeddingSpace

    private var files: FileManager { .default }

    /// The labels that can be read, of all spaces, by name.
    func labels() -> [String: Label] {
        var labels: [String: Label] = [:]
        for name in labelNames() { labels[name] = try? decodeLabel(labelPath(name)) }
        return labels
    }

    private func labelNames() -> [String] {
        names().filter { $0.hasSuffix(Self.labelSuffix) }.map { String($0.dropLast(Self.labelSuffix.count)) }
    }

    /// Whether there is a label of the namespace, in whatever state.
    func hasFile(of namespace: String) -> Bool { files.fileExists(atPath: labelPath(name(of: namespace))) }

    /// The name of a namespace's files.
    func name(of namespace: String) -> String {
        let digest = SHA256.digest(of: "\(space.identifier)\u{0}\(namespace)")
        return digest.bytes.prefix(12).map { String(format: "%02x", $0) }.joined()
    }

    /// The bytes of a graph file; 0 when there is none.
    func fileBytes(_ name: String, _ label: Label) -> Int {
        let attributes = try? files.attributesOfItem(atPath: graphPath(name, change: label.mark.number))
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }

    /// Reads the index of a namespace, as it was at the label's mark; every byte is checked.
    ///
    /// - Throws: ``StrataError/Code/corrupted`` for what is damaged, cut off, missing or not of this namespace and space;
    ///   ``StrataError/Code/unsupportedVersion``; ``StrataError/Code/storageFailure``.
    func open(
        _ namespace: String, switchCount: Int, options: GraphOptions
    ) throws -> (index: AdaptiveIndex, label: Label) {
        let name = name(of: namespace)
        let label = try decodeLabel(labelPath(name))
        guard label.namespace.utf8.elementsEqual(namespace.utf8), label.space == space.identifier else {
            throw Self.damage(name, "is of another namespace or embedding space")
        }
        let graph = graphPath(name, change: label.mark.number)
        let (index, change): (AdaptiveIndex, Int64)
        do {
            (index, change) = try AdaptiveIndex.open(graph, switchCount: switchCount, options: options)
        } catch let error as StrataError where error.code == .notFound {
            throw Self.damage(name, "has a label but no graph")
        }
        guard change == label.mark.number, index.dimension == space.dimension, index.count == label.vectorCount
        else { throw Self.damage(name, "has a label that is not its graph's") }
        return (index, label)
    }

    /// Writes an index and its label, in place of those that are there.
    ///
    /// - Returns: whether there was a graph to write.
    /// - Throws: ``StrataError/Code/storageFailure``; then the old file is as it was.
    func save(_ index: AdaptiveIndex, of namespace: String, mark: ChangeMark) throws -> Bool {
        let name = name(of: namespace)
        do {
            try files.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let graph = graphPath(name, change: mark.number)
            // The file of an equal mark is as good, and its label may be lost: what is there is not written over in place.
            guard let count = try index.saveGraph(to: graph, change: mark.number) else { return false }
            let label = Label(namespace: namespace, space: space.identifier, mark: mark, vectorCount: count)
            try JSONEncoder().encode(label).write(to: URL(fileURLWithPath: labelPath(name)), options: .atomic)
        } catch let error as StrataError {
            throw error
        } catch {
            throw StrataError(.storageFailure, "cannot write the index folder \(path)", cause: error)
        }
        removeGraphs(of: name, but: mark.number)
        return true
    }

    /// Removes the files of a namespace, in all spaces, the labels first.
    func remove(_ namespace: String) {
        var gone = labels().filter { $0.value.namespace.utf8.elementsEqual(namespace.utf8) }.map(\.key)
        // That of a label which cannot be read as well.
        gone.append(name(of: namespace))
        for name in gone {
            try? files.removeItem(atPath: labelPath(name))
            removeGraphs(of: name, but: nil)
        }
    }

    /// Removes all of a folder, of whatever space; none is no error.
    static func delete(at path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw StrataError(.storageFailure, "cannot remove the index folder \(path)", cause: error)
        }
    }

    /// Removes what an interrupted write has left.
    func removeLeftovers() {
        let labels = labels()
        for name in labelNames() { removeGraphs(of: name, but: labels[name]?.mark.number) }
        let known = Set(labelNames())
        for file in names() where !file.hasSuffix(Self.labelSuffix) {
            let name = String(file.prefix { $0 != "-" })
            if !known.contains(name) { try? files.removeItem(atPath: path + "/" + file) }
        }
    }

    private func removeGraphs(of name: String, but change: Int64?) {
        let kept = change.map { graphPath(name, change: $0) }
        for file in names() where file.hasPrefix(name + "-") && path + "/" + file != kept {
            try? files.removeItem(atPath: path + "/" + file)
        }
    }

    private func decodeLabel(_ path: String) throws -> Label {
        do {
            let label = try JSONDecoder().decode(Label.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
            guard label.version == Label.version else {
                throw StrataError(
                    .unsupportedVersion, "an index label has version \(label.version), expected \(Label.version)")
            }
            return label
        } catch let error as StrataError {
            throw error
        } catch {
            throw StrataError(.corrupted, "the label of an index file cannot be read", cause: error)
        }
    }

    private func names() -> [String] { (try? files.contentsOfDirectory(atPath: path)) ?? [] }
    private func labelPath(_ name: String) -> String { "\(path)/\(name)\(Self.labelSuffix)" }
    private func graphPath(_ name: String, change: Int64) -> String { "\(path)/\(name)-\(change).graph" }

    private static let labelSuffix = ".json"

    private static func damage(_ name: String, _ what: String) -> StrataError {
        StrataError(.corrupted, "index file \(name) \(what); it is built anew from the store")
    }
}
