import Foundation

/// The files of a folder that can be read, and what was passed over.
public struct FolderScan: Sendable, Hashable {
    /// A file that can be read.
    public struct File: Sendable, Hashable {
        /// Relative to the folder, with `/` between its parts.
        public let path: String
        /// How to read it, by its extension.
        public let format: IngestFormat
        /// Its size when the folder was scanned.
        public let sizeBytes: Int
    }

    /// A file or folder that was passed over.
    public struct Skipped: Sendable, Hashable {
        /// Why something was passed over.
        public enum Reason: String, Sendable, Hashable, CaseIterable {
            /// Its name starts with a dot.
            case hidden
            /// Its extension belongs to no known format.
            case unknownFormat
            /// A link to a folder that is read anyway: in itself, above it or elsewhere below the scanned one.
            case alreadyRead
            /// A link that leads nowhere.
            case brokenLink
            /// A socket, a device or a pipe.
            case notAFile
            /// A folder that may not be listed, or something that vanished.
            case unreadable
        }

        /// Relative to the folder, with `/` between its parts.
        public let path: String
        /// Why it was passed over.
        public let reason: Reason
    }

    /// What can be read, sorted by the UTF-8 bytes of the paths.
    public private(set) var files: [File] = []
    /// What was passed over, sorted in the same way. What lies inside a skipped folder is not listed.
    public private(set) var skipped: [Skipped] = []

    /// Lists a folder and everything below it; a path to a single file gives that file under its name.
    ///
    /// Links are followed after everything else, each folder is read once, so a loop of links ends. A folder that does not
    /// exist is skipped as unreadable, under the path "".
    public init(of folder: String) {
        let folderURL = URL(fileURLWithPath: folder)
        let root = folderURL.resolvingSymlinksInPath().path
        if Self.kind(of: root) == .typeRegular {
            add(name: folderURL.lastPathComponent, at: "", target: root)
        } else {
            visit(root)
        }
        files.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        skipped.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// A single file of a known format, whatever its name.
    init(of file: String, format: IngestFormat) {
        let url = URL(fileURLWithPath: file)
        add(name: url.lastPathComponent, at: "", target: url.resolvingSymlinksInPath().path, format: format)
    }

    private mutating func visit(_ root: String) {
        var readFolders: Set<String> = []
        var folders = [(place: root, path: "")]
        var links: [(place: String, path: String)] = []
        while true {
            if let folder = folders.popLast() {
                if readFolders.insert(folder.place).inserted {
                    list(folder, folders: &folders, links: &links)
                } else {
                    skipped.append(Skipped(path: folder.path, reason: .alreadyRead))
                }
            } else if !links.isEmpty {
                follow(links.removeFirst(), readFolders: readFolders, folders: &folders)
            } else {
                return
            }
        }
    }

    private mutating func list(
        _ folder: (place: String, path: String), folders: inout [(place: String, path: String)],
        links: inout [(place: String, path: String)]
    ) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.place) else {
            skipped.append(Skipped(path: folder.path, reason: .unreadable))
            return
        }
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            let entry = (place: folder.place + "/" + name, path: Self.join(folder.path, name))
            if name.hasPrefix(".") {
                skipped.append(Skipped(path: entry.path, reason: .hidden))
                continue
            }
            switch Self.kind(of: entry.place) {
            case .typeDirectory: folders.append(entry)
            case .typeSymbolicLink: links.append(entry)
            default: add(name: name, at: folder.path, target: entry.place)
            }
        }
    }

    private mutating func follow(
        _ link: (place: String, path: String), readFolders: Set<String>,
        folders: inout [(place: String, path: String)]
    ) {
        let target = URL(fileURLWithPath: link.place).resolvingSymlinksInPath().path
        switch Self.kind(of: target) {
        case .typeDirectory:
            if readFolders.contains(target) {
                skipped.append(Skipped(path: link.path, reason: .alreadyRead))
            } else {
                folders.append((target, link.path))
            }
        case .typeSymbolicLink, nil: skipped.append(Skipped(path: link.path, reason: .brokenLink))
        default: add(name: link.path, at: "", target: target)
        }
    }

    private mutating func add(name: String, at folder: String, target: String, format: IngestFormat? = nil) {
        let path = Self.join(folder, name)
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: target) else {
            skipped.append(Skipped(path: path, reason: .unreadable))
            return
        }
        if attributes[.type] as? FileAttributeType != .typeRegular {
            skipped.append(Skipped(path: path, reason: .notAFile))
        } else if let format = format ?? IngestFormat(fileName: name) {
            let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
            files.append(File(path: path, format: format, sizeBytes: size))
        } else {
            skipped.append(Skipped(path: path, reason: .unknownFormat))
        }
    }

    private static func kind(of place: String) -> FileAttributeType? {
        (try? FileManager.default.attributesOfItem(atPath: place))?[.type] as? FileAttributeType
    }

    private static func join(_ folder: String, _ name: String) -> String { folder.isEmpty ? name : folder + "/" + name }
}
