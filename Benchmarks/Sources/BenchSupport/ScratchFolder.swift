internal import Foundation

/// A folder for one run's files.
public struct ScratchFolder: Sendable {
    /// Where it is.
    public let path: String
    private let isKept: Bool

    /// A folder at `kept`, which stays, or a new one among the temporary files, which ``remove()`` takes away.
    public init(kept: String? = nil) throws {
        path = kept ?? NSTemporaryDirectory() + "/strata-bench-\(UUID().uuidString)"
        isKept = kept != nil
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// The path of something inside.
    public func path(of name: String) -> String { path + "/" + name }

    /// Removes the folder with all that is in it, unless it is a kept one.
    public func remove() {
        if !isKept { try? FileManager.default.removeItem(atPath: path) }
    }

    /// The bytes of all files at or below a path.
    public static func fileBytes(at path: String) -> Int {
        guard let files = FileManager.default.enumerator(atPath: path) else { return 0 }
        return files.reduce(0) { sum, name in
            let attributes = (name as? String).flatMap {
                try? FileManager.default.attributesOfItem(atPath: path + "/" + $0)
            }
            guard attributes?[.type] as? FileAttributeType == .typeRegular else { return sum }
            return sum + (attributes?[.size] as? NSNumber ?? 0).intValue
        }
    }
}
