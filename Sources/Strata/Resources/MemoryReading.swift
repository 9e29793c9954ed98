internal import Foundation

/// How much memory there is and how much of it is in use, where it is tightest: the machine, or one of the control groups
/// that this process is in.
public struct MemoryReading: Sendable, Hashable, Codable {
    /// What sets the limit.
    public enum Source: String, Sendable, Codable {
        /// The machine.
        case machine
        /// A control group of version 1.
        case cgroup1
        /// A control group of version 2.
        case cgroup2
    }

    /// What sets the limit.
    public let source: Source
    /// How many bytes there may be.
    public let limitBytes: Int
    /// How many are in use, without the file pages that the kernel drops first.
    public let usedBytes: Int
    /// The least limit of a control group, whether or not it is the tightest; nil without any.
    public let groupLimitBytes: Int?
    /// The share of the last ten seconds, 0 through 1, in which some task waited for memory; nil where the kernel does
    /// not say.
    public let pressure: Double?

    /// The share that is in use, 0 through 1.
    public var share: Double { limitBytes > 0 ? min(1, Double(usedBytes) / Double(limitBytes)) : 0 }

    /// A reading of those values.
    public init(source: Source, limitBytes: Int, usedBytes: Int, pressure: Double?, groupLimitBytes: Int? = nil) {
        self.source = source
        self.limitBytes = limitBytes
        self.usedBytes = usedBytes
        self.pressure = pressure
        self.groupLimitBytes = groupLimitBytes
    }

    /// Reads the present figures, which blocks; nil where there is no `/proc`.
    public static func now() -> Self? { read { try? String(contentsOfFile: $0, encoding: .utf8) } }

    /// Reads the figures from files whose texts `read` gives; nil for one that cannot be read.
    static func read(_ read: (String) -> String?) -> Self? {
        guard let machine = machine(read) else { return nil }
        let pressure = read("/proc/pressure/memory").flatMap(pressure)
        let groups = groups(read)
        let tightest = (groups + [machine]).max {
            Double($0.used) / Double($0.limit) < Double($1.used) / Double($1.limit)
        }
        let level = tightest ?? machine
        return MemoryReading(
            source: level.source, limitBytes: level.limit, usedBytes: level.used, pressure: pressure,
            groupLimitBytes: groups.map(\.limit).min())
    }

    private struct Level {
        let source: Source
        let limit: Int
        let used: Int
    }

    private static func machine(_ read: (String) -> String?) -> Level? {
        let figures = figures(of: read("/proc/meminfo") ?? "")
        guard let total = figures["MemTotal:"], let available = figures["MemAvailable:"], total > 0 else { return nil }
        return Level(source: .machine, limit: total * 1024, used: max(0, total - available) * 1024)
    }

    /// The groups with a limit, from the process's own up to the root: any of them may be the tightest.
    private static func groups(_ read: (String) -> String?) -> [Level] {
        (read("/proc/self/cgroup") ?? "").split(separator: "\n").flatMap { line -> [Level] in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return [] }
            if parts[0] == "0", parts[1].isEmpty {
                return ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].flatMap { root in
                    folders(root, String(parts[2])).compactMap { level2($0, read) }
                }
            }
            guard parts[1].split(separator: ",").contains("memory") else { return [] }
            return folders("/sys/fs/cgroup/memory", String(parts[2])).compactMap { level1($0, read) }
        }
    }

    private static func folders(_ root: String, _ path: String) -> [String] {
        var names = path.split(separator: "/")
        var folders = [root]
        while !names.isEmpty {
            folders.append(root + "/" + names.joined(separator: "/"))
            names.removeLast()
        }
        return folders
    }

    private static func level2(_ folder: String, _ read: (String) -> String?) -> Level? {
        guard let limit = read(folder + "/memory.max").flatMap(number), limit > 0,
            let used = read(folder + "/memory.current").flatMap(number)
        else { return nil }
        let idle = figures(of: read(folder + "/memory.stat") ?? "")["inactive_file"] ?? 0
        return Level(source: .cgroup2, limit: limit, used: max(0, used - idle))
    }

    private static func level1(_ folder: String, _ read: (String) -> String?) -> Level? {
        // Without a limit the file holds the largest multiple of a page that fits into 63 bits.
        guard let limit = read(folder + "/memory.limit_in_bytes").flatMap(number), limit > 0, limit < 1 << 60,
            let used = read(folder + "/memory.usage_in_bytes").flatMap(number)
        else { return nil }
        let idle = figures(of: read(folder + "/memory.stat") ?? "")["total_inactive_file"] ?? 0
        return Level(source: .cgroup1, limit: limit, used: max(0, used - idle))
    }

    /// The number of a file that holds one; nil for `max` and anything else.
    private static func number(_ text: String) -> Int? { Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) }

    /// Lines of a name and a number.
    private static func figures(of text: String) -> [String: Int] {
        var figures: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count >= 2, let number = Int(words[1]) { figures[String(words[0])] = number }
        }
        return figures
    }

    /// `some avg10=1.25 avg60=… total=…`, per cent of the time.
    private static func pressure(_ text: String) -> Double? {
        let words = text.split(separator: "\n").first { $0.hasPrefix("some ") }?.split(separator: " ")
        let figure = words?.first { $0.hasPrefix("avg10=") }.flatMap { Double($0.dropFirst(6)) }
        return figure.map { min(1, max(0, $0 / 100)) }
    }
}
