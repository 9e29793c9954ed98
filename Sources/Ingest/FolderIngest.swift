import Foundation

/// The texts of all files of a folder, file by file in the order of their paths.
///
/// Reading the same folder again gives items with the same keys, so a caller that keeps the keys adds only what is new.
public struct FolderIngest: Sequence, IteratorProtocol {
    /// What was read so far.
    public struct Report: Sendable, Hashable {
        /// Files read to their end.
        public var fileCount = 0
        /// Files that could not be read or are no text.
        public var refusedFileCount = 0
        /// Items given out.
        public var itemCount = 0
        /// Problems given out, those of refused files included.
        public var problemCount = 0
        /// What is no memory in files that were read, by reason.
        public var omissionCounts: [IngestOmission: Int] = [:]
        /// Files and folders that were passed over, by reason.
        public var skippedCounts: [FolderScan.Skipped.Reason: Int] = [:]

        /// A report of nothing.
        public init() {}
    }

    /// The files to read and what was passed over, with its reasons.
    public let scan: FolderScan
    /// What was read so far; complete once ``next()`` has returned nil.
    public private(set) var report = Report()

    private let root: URL
    private let options: IngestOptions
    private var nextFile = 0
    private var current: FileIngest?

    /// Scans a folder, or takes a single file; nothing is read yet.
    public init(folder: String, options: IngestOptions = IngestOptions()) {
        scan = FolderScan(of: folder)
        self.options = options
        let place = URL(fileURLWithPath: folder).resolvingSymlinksInPath()
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder)
        let isSingleFile = !isFolder.boolValue
        root = isSingleFile ? URL(fileURLWithPath: folder).deletingLastPathComponent() : place
        for entry in scan.skipped { report.skippedCounts[entry.reason, default: 0] += 1 }
    }

    /// Takes a single file of a format that its name does not tell; nothing is read yet.
    public init(file: String, format: IngestFormat, options: IngestOptions = IngestOptions()) {
        scan = FolderScan(of: file, format: format)
        root = URL(fileURLWithPath: file).deletingLastPathComponent()
        self.options = options
        for entry in scan.skipped { report.skippedCounts[entry.reason, default: 0] += 1 }
    }

    /// How much of the files was read, in bytes; those that were refused count whole.
    public var bytesRead: Int {
        let current = current?.bytesRead
        let isOpen = current != nil
        return scan.files.prefix(isOpen ? nextFile - 1 : nextFile).reduce(current ?? 0) { $0 + $1.sizeBytes }
    }

    /// The next item or problem, or nil after the last file.
    public mutating func next() -> IngestEvent? {
        while true {
            if let event = current?.next() {
                switch event {
                case .item: report.itemCount += 1
                case .problem: report.problemCount += 1
                case .omission(let reason): report.omissionCounts[reason, default: 0] += 1
                }
                return event
            }
            if current != nil {
                report.fileCount += 1
                current = nil
            }
            guard nextFile < scan.files.count else { return nil }
            let file = scan.files[nextFile]
            nextFile += 1
            do {
                current = try FileIngest(
                    file: root.appendingPathComponent(file.path).path, path: file.path, format: file.format,
                    options: options)
            } catch {
                report.refusedFileCount += 1
                report.problemCount += 1
                return .problem(error)
            }
        }
    }
}
