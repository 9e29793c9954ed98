import COnnxRuntime
import Foundation
import StrataCore
import Synchronization

/// ONNX Runtime's library, opened at run time, with the one environment that a process may have.
public final class OnnxRuntime: Sendable {
    /// The library's own version, for example `1.31.1`.
    public let version: String
    /// The file that was opened, or the name under which the system found it.
    public let libraryPath: String
    // The library is immutable once started, and ONNX Runtime's environment may be used from any thread.
    nonisolated(unsafe) let library: OpaquePointer

    /// The oldest release whose function table has every entry in use.
    static let minorVersionMin = Int(STRATA_ONNX_API_VERSION)

    private static let loaded = Mutex<OnnxRuntime?>(nil)

    private init(version: String, libraryPath: String, library: OpaquePointer) {
        self.version = version
        self.libraryPath = libraryPath
        self.library = library
    }

    /// The process's runtime, opened on the first call.
    ///
    /// - Parameter search: where to look, on the first call. A failure is not remembered, so that a later call may look
    ///   elsewhere.
    /// - Throws: ``StrataError/Code/runtimeUnavailable`` with every place that was tried, or when `search` names another
    ///   file than the one that is open.
    public static func shared(_ search: OnnxLibrarySearch = OnnxLibrarySearch()) throws -> OnnxRuntime {
        // The lock is held while the library is opened: a second environment in one process is not allowed.
        try loaded.withLock { runtime in
            if let runtime {
                try runtime.checkAnswers(search)
                return runtime
            }
            let opened = try open(search)
            runtime = opened
            return opened
        }
    }

    private func checkAnswers(_ search: OnnxLibrarySearch) throws {
        guard search.path != nil, let wanted = search.candidates().first else { return }
        let file = wanted.file.map(Self.resolved)
        guard file != Self.resolved(libraryPath) else { return }
        throw StrataError(
            .runtimeUnavailable,
            """
            ONNX Runtime \(version) is already open from \(libraryPath), so \(wanted.place) cannot be opened; \
            a process has one runtime: start another process
            """)
    }

    private static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }

    /// Opens the first library that the search finds usable, without keeping it.
    static func open(_ search: OnnxLibrarySearch) throws -> OnnxRuntime {
        var report: [String] = []
        for candidate in search.candidates() {
            guard let file = candidate.file else {
                report.append("\(candidate.place): not there")
                continue
            }
            do {
                return try open(file: file)
            } catch let failure as StrataError {
                report.append("\(candidate.place): \(failure.message)")
            }
        }
        throw StrataError(
            .runtimeUnavailable,
            """
            no usable ONNX Runtime library. Looked at \(report.joined(separator: "; ")). Run make setup, or set \
            STRATA_ONNXRUNTIME to the library of ONNX Runtime 1.\(minorVersionMin) or newer
            """)
    }

    private static func open(file: String) throws -> OnnxRuntime {
        var handle: OpaquePointer?
        var version: UnsafePointer<CChar>?
        try check(strata_onnx_open(file, &handle, &version), .runtimeUnavailable)
        guard let handle, let version else {
            throw StrataError(.internal, "opening ONNX Runtime gave neither a library nor an error")
        }
        let versionText = String(cString: version)
        try checkVersion(versionText)
        try check(strata_onnx_start(handle), .runtimeUnavailable)
        return OnnxRuntime(version: versionText, libraryPath: file, library: handle)
    }

    /// Refuses a release that is older than the function table in use, or of another major version.
    static func checkVersion(_ version: String) throws {
        let parts = version.split(separator: ".").prefix(2).compactMap { Int($0) }
        guard parts.count == 2, parts[0] == 1, parts[1] >= minorVersionMin else {
            throw StrataError(
                .runtimeUnavailable, "its version is \(version), expected 1.\(minorVersionMin) or newer")
        }
    }

    /// Turns a message of the C binding into an error and frees it.
    static func check(_ message: UnsafeMutablePointer<CChar>?, _ code: StrataError.Code, _ context: String = "") throws
    {
        guard let message else { return }
        defer { strata_onnx_free(message) }
        throw StrataError(code, context + String(cString: message))
    }
}
