internal import Foundation

/// What this process occupies in memory, as Linux counts it.
public struct ProcessMemory: Sendable, Hashable, Codable {
    /// The bytes resident now (VmRSS).
    public let residentBytes: Int
    /// The most bytes that were ever resident (VmHWM).
    public let peakBytes: Int

    /// Reads the present figures; nil where `/proc` does not exist.
    public static func now() -> ProcessMemory? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        func bytes(_ field: String) -> Int? {
            status.split(separator: "\n").first { $0.hasPrefix(field + ":") }?
                .split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
        }
        guard let resident = bytes("VmRSS"), let peak = bytes("VmHWM") else { return nil }
        return ProcessMemory(residentBytes: resident, peakBytes: peak)
    }
}
