public import Foundation

/// Where to look for ONNX Runtime's shared library.
///
/// A path that was asked for, by argument or by `STRATA_ONNXRUNTIME`, is the only one tried: falling back to another
/// library would hide the mistake.
public struct OnnxLibrarySearch: Sendable {
    /// The library's file or its folder; nil looks in the usual places.
    public var path: String?
    /// The variables that are looked at: `STRATA_ONNXRUNTIME`, `STRATA_HOME`, `HOME`.
    public var environment: [String: String]
    /// The folder of the running executable.
    public var executableFolder: String?
    /// What the system's loader is asked for last.
    var systemName = "libonnxruntime.so.1"

    /// A search with this process's environment and executable.
    public init(
        path: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment,
        executableFolder: String? = Bundle.main.executableURL?.deletingLastPathComponent().path
    ) {
        self.path = path
        self.environment = environment
        self.executableFolder = executableFolder
    }

    /// One place to try.
    struct Candidate: Equatable {
        /// What is given to the loader; nil when the place holds no such file.
        var file: String?
        /// The place and who named it, for the report.
        var place: String
    }

    /// Names of the library in a folder, without a version.
    static let fileNames = ["libonnxruntime.so", "libonnxruntime.dylib"]

    /// The places in the order in which they are tried.
    func candidates() -> [Candidate] {
        if let path { return [candidate(at: path, namedBy: "the given path")] }
        if let path = environment["STRATA_ONNXRUNTIME"], !path.isEmpty {
            return [candidate(at: path, namedBy: "STRATA_ONNXRUNTIME")]
        }
        var found: [Candidate] = []
        if let home = StrataHome.path(environment: environment) {
            found.append(candidate(at: home + "/runtime", namedBy: "where make setup puts it"))
        }
        if let executableFolder { found.append(candidate(at: executableFolder, namedBy: "beside the executable")) }
        found.append(Candidate(file: systemName, place: "\(systemName) (the system's library path)"))
        return found
    }

    private func candidate(at path: String, namedBy origin: String) -> Candidate {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        guard exists else { return Candidate(file: nil, place: "\(path) (\(origin))") }
        guard isFolder.boolValue else { return Candidate(file: path, place: "\(path) (\(origin))") }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let file =
            Self.fileNames.first(where: names.contains)
            ?? names.filter { $0.hasPrefix("libonnxruntime.so.") }.max()
        return Candidate(file: file.map { "\(path)/\($0)" }, place: "\(path)/ (\(origin))")
    }
}
