internal import Foundation
internal import StrataCore

/// A client's configuration file, which others write too.
struct ClientFile {
    let path: String

    /// What became of the file.
    struct Outcome {
        enum Status: String, Encodable {
            case written
            case unchanged = "already there"
        }

        let status: Status
        /// The copy of the file as it was; nil when there was none or nothing was written.
        let backup: String?
    }

    /// The JSON as people read it. The order of keys is not kept, since nothing depends on it.
    static func text(of value: JSONValue) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Sets one server's entry and leaves everything else as it says.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` for a file that is not a JSON object, comments included: then
    ///   nothing is touched. ``StrataError/Code/storageFailure``.
    func set(_ entry: JSONValue, named name: String, in key: String, now: Timestamp) throws -> Outcome {
        // A link to the file, from a folder of settings under version control for example, stays a link.
        let file = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        let old = try read(file)
        var root = try old.map(parse) ?? [:]
        var servers: [String: JSONValue] = [:]
        if let present = root[key] {
            guard case .object(let members) = present else { throw unreadable("\(key) is no object") }
            servers = members
        }
        guard servers[name] != entry else { return Outcome(status: .unchanged, backup: nil) }
        servers[name] = entry
        root[key] = .object(servers)
        do {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            let backup = try old.map { try keep($0, of: file, now: now) }
            try replace(file, with: Data((try Self.text(of: .object(root)) + "\n").utf8), isNew: old == nil)
            return Outcome(status: .written, backup: backup)
        } catch let error as CocoaError {
            throw StrataError(.storageFailure, "cannot write \(path); check that it may be written to", cause: error)
        }
    }

    private func read(_ file: URL) throws -> Data? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        do {
            return try Data(contentsOf: file)
        } catch {
            throw StrataError(.storageFailure, "cannot read \(path); check that it may be read", cause: error)
        }
    }

    private func parse(_ data: Data) throws -> [String: JSONValue] {
        guard let text = String(validating: data, as: UTF8.self) else { throw unreadable("it is not UTF-8") }
        // Some clients make an empty file.
        if text.allSatisfy(\.isWhitespace) { return [:] }
        do {
            guard case .object(let members) = try JSONValue(jsonText: text) else { throw unreadable("it is no object") }
            return members
        } catch let error as StrataError where error.message.hasPrefix("malformed") {
            throw unreadable(error.message)
        }
    }

    private func unreadable(_ reason: String) -> StrataError {
        StrataError(
            .invalidArgument,
            "\(path) was left as it is: \(reason); paste what `strata mcp install` prints without --write")
    }

    /// Keeps the old content beside the file, under a name that no earlier backup has.
    private func keep(_ data: Data, of file: URL, now: Timestamp) throws -> String {
        let stamp = now.description.filter(\.isNumber)
        let backup = URL(fileURLWithPath: "\(file.path).backup-\(stamp)")
        try data.write(to: backup, options: .withoutOverwriting)
        try copyMode(of: file, to: backup)
        return backup.path
    }

    /// Writes beside the file and renames, so that the client never reads half of it.
    private func replace(_ file: URL, with data: Data, isNew: Bool) throws {
        let aside = URL(fileURLWithPath: "\(file.path).strata-new")
        try data.write(to: aside)
        if !isNew { try copyMode(of: file, to: aside) }
        guard rename(aside.path, file.path) == 0 else {
            throw StrataError(.storageFailure, "cannot replace \(path) (\(String(cString: strerror(errno))))")
        }
    }

    private func copyMode(of file: URL, to copy: URL) throws {
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions]
        try FileManager.default.setAttributes([.posixPermissions: mode ?? 0o600], ofItemAtPath: copy.path)
    }
}
