internal import Foundation

/// What a figure depends on besides the code.
public struct Machine: Sendable, Hashable, Codable {
    /// The processor's name, where the system tells it.
    public let processor: String
    /// How many cores this process may use.
    public let coreCount: Int
    /// The x86-64 level, or the architecture, with the extensions that kernels for small integers can use.
    public let instructions: String
    /// `STRATA_KERNELS`, or `automatic`.
    public let kernels: String
    /// The machine's memory in bytes.
    public let memoryBytes: Int
    /// The system's name and version.
    public let system: String
    /// How many processes wanted a core in the minute before; above the number of cores, times are too long.
    public let loadAverage: Double
    /// What one 4 KiB append with `fsync` takes in the folder of the data, in milliseconds (median).
    public let syncMilliseconds: Double

    /// Looks at the machine; `folder` is where the data will lie.
    public init(folder: String) throws {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        func field(_ name: String) -> String? {
            information.split(separator: "\n").first { $0.hasPrefix(name) }?
                .split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
        }
        processor = field("model name") ?? "unknown"
        coreCount = ProcessInfo.processInfo.activeProcessorCount
        instructions = Self.instructions(flags: Set((field("flags") ?? field("Features") ?? "").split(separator: " ")))
        kernels = ProcessInfo.processInfo.environment["STRATA_KERNELS"] ?? "automatic"
        memoryBytes = Int(ProcessInfo.processInfo.physicalMemory)
        system = ProcessInfo.processInfo.operatingSystemVersionString
        loadAverage =
            (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.split(separator: " ").first
            .flatMap { Double($0) } ?? 0
        syncMilliseconds = try Self.measureSync(in: folder)
    }

    private static func instructions(flags: Set<Substring>) -> String {
        #if arch(x86_64)
            let levels: [(name: String, flags: Set<Substring>)] = [
                ("x86-64-v4", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]),
                ("x86-64-v3", ["avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"]), ("x86-64-v2", ["sse4_2", "popcnt"]),
            ]
            let level = levels.first { $0.flags.isSubset(of: flags) }?.name ?? "x86-64"
            let extensions = ["avx512_vnni", "avx_vnni", "amx_int8"]
        #else
            let level = "arm64"
            let extensions = ["asimddp", "i8mm", "sve"]
        #endif
        return ([level] + extensions.filter { flags.contains(Substring($0)) }).joined(separator: " ")
    }

    private static func measureSync(in folder: String) throws -> Double {
        let path = folder + "/sync-probe"
        try Data().write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        let page = Data(repeating: 1, count: 4096)
        var samples = Samples()
        let clock = ContinuousClock()
        for _ in 0..<50 {
            let start = clock.now
            try file.write(contentsOf: page)
            try file.synchronize()
            samples.add((clock.now - start).inMilliseconds)
        }
        return samples.median
    }
}
