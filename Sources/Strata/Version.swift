internal import RecordStore
internal import StrataCore
internal import VectorSearch

/// Which Strata this is.
public enum StrataVersion {
    /// The version of library and command, after semver.org.
    public static let current = "0.1.0"

    /// The version, and what it runs on.
    public static var report: Report {
        Report(
            version: current, platform: platform, kernels: (try? VectorKernels.selected())?.name ?? "unknown",
            sqlite: SQLiteStore.libraryVersion)
    }

    /// The version of Strata and of what it was built upon.
    public struct Report: Sendable, Hashable, Codable {
        /// ``StrataVersion/current``.
        public let version: String
        /// Operating system and processor, for example `linux-x86_64`.
        public let platform: String
        /// The set of kernels that compares vectors on this machine.
        public let kernels: String
        /// The version of the SQLite library.
        public let sqlite: String
    }

    private static var platform: String {
        #if os(macOS)
            let system = "macos"
        #else
            let system = "linux"
        #endif
        #if arch(x86_64)
            return system + "-x86_64"
        #elseif arch(arm64)
            return system + "-aarch64"
        #else
            return system
        #endif
    }
}
