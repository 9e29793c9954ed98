internal import Foundation
internal import StrataCore
internal import TextModels

/// A folder or an archive that a model is taken from. All of it blocks.
struct ImportSource {
    private enum Kind {
        case folder(String)
        case archive(any ArchiveReader)
    }

    private static let cardBytesMax = 1 << 20
    private let kind: Kind
    private let sizeBytesMax: Int

    /// - Throws: ``StrataError/Code/notFound``; ``StrataError/Code/invalidArgument`` for another kind of file.
    init(path: String, sizeBytesMax: Int) throws {
        var limits = ArchiveLimits()
        limits.sizeBytesMax = sizeBytesMax
        self.sizeBytesMax = sizeBytesMax
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw StrataError(.notFound, "there is no file or folder \(path)")
        }
        let name = path.lowercased()
        if isFolder.boolValue {
            kind = .folder(path)
        } else if name.hasSuffix(".zip") || name.hasSuffix(".whl") {
            kind = .archive(ZipReader(path: path, limits: limits))
        } else if name.hasSuffix(".tar.gz") || name.hasSuffix(".tgz") {
            kind = .archive(TarReader(path: path, isGzip: true, limits: limits))
        } else if name.hasSuffix(".tar") {
            kind = .archive(TarReader(path: path, isGzip: false, limits: limits))
        } else {
            throw StrataError(
                .invalidArgument,
                "\(path) is no folder, .zip, .whl, .tar, .tar.gz or .tgz; unpack it and give the folder")
        }
    }

    /// The card nearest to the root with its folder; without one the root, or where a lone `model.onnx` lies.
    func card() throws -> (folder: String, bytes: [UInt8]?) {
        switch kind {
        case .folder(let path):
            let file = "\(path)/\(ModelCard.fileName)"
            guard FileManager.default.fileExists(atPath: file) else { return ("", nil) }
            try Self.checkPlainFile(file)
            return ("", FileManager.default.contents(atPath: file).map { Array($0) })
        case .archive(let reader):
            var best: (folder: String, bytes: [UInt8])?
            var modelFolder: String?
            var current: [UInt8] = []
            try reader.read { entry in
                let (folder, name) = Self.parts(entry.path)
                if name == "model.onnx", Self.depth(folder) < modelFolder.map(Self.depth) ?? .max {
                    modelFolder = folder
                }
                guard name == ModelCard.fileName, entry.sizeBytes <= Self.cardBytesMax else { return false }
                current = []
                return Self.depth(folder) < best.map { Self.depth($0.folder) } ?? .max
            } body: { entry, part in
                current += part
                if part.isEmpty { best = (Self.parts(entry.path).0, current) }
            }
            return best.map { ($0.folder, $0.bytes) } ?? (modelFolder ?? "", nil)
        }
    }

    /// Writes the named files of a folder of the source.
    ///
    /// - Returns: the path in the source of each name that was there.
    func extract(_ names: Set<String>, from folder: String, into target: String) throws -> [String: String] {
        switch kind {
        case .folder(let path): return try copy(names, from: path, into: target)
        case .archive(let reader):
            var taken: [String: String] = [:]
            var writer: FileHandle?
            try reader.read { entry in
                let (place, name) = Self.parts(entry.path)
                guard place == folder, names.contains(name), taken[name] == nil else { return false }
                taken[name] = entry.path
                let file = "\(target)/\(name)"
                guard FileManager.default.createFile(atPath: file, contents: nil),
                    let handle = FileHandle(forWritingAtPath: file)
                else { throw DurableFile.failure("make", file) }
                writer = handle
                return true
            } body: { _, part in
                if part.isEmpty {
                    try writer?.close()
                    writer = nil
                } else {
                    try writer?.write(contentsOf: Data(part))
                }
            }
            return taken
        }
    }

    private func copy(_ names: Set<String>, from folder: String, into target: String) throws -> [String: String] {
        var left = sizeBytesMax
        var taken: [String: String] = [:]
        for name in names.sorted() where FileManager.default.fileExists(atPath: "\(folder)/\(name)") {
            let file = "\(folder)/\(name)"
            try Self.checkPlainFile(file)
            left -= (try FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber)?.intValue ?? 0
            guard left >= 0 else { throw StrataError(.tooLarge, "the model has more than \(sizeBytesMax) bytes") }
            try FileManager.default.copyItem(atPath: file, toPath: "\(target)/\(name)")
            taken[name] = name
        }
        return taken
    }

    /// A link could name any file of the machine.
    private static func checkPlainFile(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw StrataError(.invalidArgument, "\(path) is a link or no file; put the file itself there")
        }
    }

    private static func parts(_ path: String) -> (folder: String, name: String) {
        let parts = path.split(separator: "/").filter { $0 != "." }
        return (parts.dropLast().joined(separator: "/"), parts.last.map(String.init) ?? "")
    }

    private static func depth(_ folder: String) -> Int { folder.isEmpty ? 0 : folder.split(separator: "/").count }
}
