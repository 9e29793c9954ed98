internal import Foundation
internal import StrataCore

/// The backups in one folder: one file each, named after time, kind and id.
public struct BackupFolder: Sendable, Hashable {
    /// The end of a backup's name.
    public static let suffix = ".strata-backup"

    /// Where it is.
    public let path: String

    /// A folder, which need not exist.
    public init(path: String) { self.path = path }

    /// A file of the folder.
    public struct Entry: Sendable, Hashable, Codable {
        /// The file.
        public let path: String
        /// Its size in bytes.
        public let fileBytes: Int
        /// What it says about itself.
        public let header: BackupHeader

        /// An entry of those parts.
        public init(path: String, fileBytes: Int, header: BackupHeader) {
            self.path = path
            self.fileBytes = fileBytes
            self.header = header
        }
    }

    /// What a folder holds.
    public struct Listing: Sendable, Hashable, Codable {
        /// The backups, oldest first.
        public var entries: [Entry] = []
        /// Files that are called backups and cannot be read as such, with the reason.
        public var unreadable: [String: String] = [:]
    }

    /// Makes the folder when it is not there, readable by its owner only, and removes what crashes have left in it.
    public func prepare() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StrataError(
                .storageFailure, "cannot make the backup folder \(path); check that its parent may be written to",
                cause: error)
        }
        DurableFile.removePartials(in: path)
    }

    /// Brings the names in the folder to the disk.
    public func sync() throws { try DurableFile.syncFolder(path) }

    /// The file of a backup that is to be made.
    public func file(for header: BackupHeader) -> String {
        let time = header.createdAt.description.filter { $0 != ":" && $0 != "-" && $0 != "." }
        return "\(path)/\(time)-\(header.kind.rawValue)-\(header.id)\(Self.suffix)"
    }

    /// The backups, by their headers alone; a folder that is not there holds none.
    public func list() -> Listing {
        var listing = Listing()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names.sorted() where name.hasSuffix(Self.suffix) && !name.hasPrefix(".") {
            let file = path + "/" + name
            do {
                let header = try BackupReader(path: file, needsKey: false).header
                let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber
                listing.entries.append(Entry(path: file, fileBytes: size?.intValue ?? 0, header: header))
            } catch {
                listing.unreadable[name] = (error as? StrataError)?.message ?? "it cannot be read"
            }
        }
        listing.entries.sort { ($0.header.createdAt, $0.header.id) < ($1.header.createdAt, $1.header.id) }
        return listing
    }

    /// A full backup and the increments that lead to one backup, in order.
    ///
    /// - Throws: ``StrataError/Code/notFound`` for an id that is not there; ``StrataError/Code/corrupted`` for a chain
    ///   with a missing link.
    public static func chain(to id: String, in entries: [Entry]) throws -> [Entry] {
        var chain: [Entry] = []
        var wanted: String? = id
        while let id = wanted {
            guard let entry = entries.first(where: { $0.header.id == id }), chain.count <= entries.count else {
                guard let last = chain.last else {
                    throw StrataError(.notFound, "there is no backup \(id); see `strata backup list`")
                }
                throw StrataError(
                    .corrupted,
                    "backup \(last.header.id) continues \(id), which is missing; use an earlier or a full backup")
            }
            chain.append(entry)
            wanted = entry.header.baseID
        }
        return chain.reversed()
    }

    /// Removes backups, newest first, so that no link is ever without its base.
    public func remove(_ entries: [Entry]) throws {
        for entry in entries.sorted(by: { $0.header.createdAt > $1.header.createdAt }) {
            do {
                try FileManager.default.removeItem(atPath: entry.path)
            } catch {
                throw StrataError(
                    .storageFailure, "cannot remove \(entry.path); check the folder's permissions", cause: error)
            }
        }
        if !entries.isEmpty { try sync() }
    }
}
