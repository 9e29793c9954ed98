internal import Foundation

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// What the operating system says of this process and its machine; nil where it does not say.
public struct ProcessFigures: Sendable, Hashable, Codable {
    /// The bytes of memory that the process holds.
    public var residentBytes: Int?
    /// The bytes of its address space.
    public var virtualBytes: Int?
    /// The processor seconds it has used.
    public var cpuSeconds: Double?
    /// Its open files, sockets and pipes.
    public var openDescriptorCount: Int?
    /// How many it may open.
    public var descriptorCountMax: Int?
    /// Seconds from 1970 to its start.
    public var startedAt: Double?
    /// The memory that the process may use: that of its control group, else of the machine.
    public var memoryBytesMax: Int?
    /// How much of ``memoryBytesMax`` is free, as far as other processes leave it.
    public var memoryAvailableBytes: Int?

    /// Reads `/proc` and the control group; elsewhere than on Linux everything is nil.
    public static func read() -> Self {
        var figures = Self()
        guard let stat = text("/proc/self/stat"), let end = stat.lastIndex(of: ")") else { return figures }
        // Fields behind the name, which may hold spaces; the first is field 3 of proc(5).
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        if fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]), ticks > 0 {
            figures.cpuSeconds = (user + system) / ticks
            figures.virtualBytes = Int(fields[20])
            figures.residentBytes = Int(fields[21]).map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
            let boot = text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
            if let boot = boot.flatMap({ Double($0.dropFirst(6)) }), let start = Double(fields[19]) {
                figures.startedAt = boot + start / ticks
            }
        }
        figures.openDescriptorCount = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        if getrlimit(resource, &limit) == 0 { figures.descriptorCountMax = Int(clamping: limit.rlim_cur) }
        readMemory(into: &figures)
        return figures
    }

    private static func readMemory(into figures: inout Self) {
        var machine: [Substring: Int] = [:]
        for line in text("/proc/meminfo")?.split(separator: "\n") ?? [] {
            let parts = line.split(whereSeparator: { $0 == " " || $0 == ":" })
            // Figures of /proc/meminfo are KiB.
            if parts.count >= 2, let value = Int(parts[1]) { machine[parts[0]] = value << 10 }
        }
        figures.memoryBytesMax = machine["MemTotal"]
        figures.memoryAvailableBytes = machine["MemAvailable"]
        let group = number("/sys/fs/cgroup/memory.max") ?? number("/sys/fs/cgroup/memory/memory.limit_in_bytes")
        let used = number("/sys/fs/cgroup/memory.current") ?? number("/sys/fs/cgroup/memory/memory.usage_in_bytes")
        // Version 1 writes a huge number where there is no limit.
        guard let group, let total = figures.memoryBytesMax, group < total else { return }
        figures.memoryBytesMax = group
        if let used {
            figures.memoryAvailableBytes = min(figures.memoryAvailableBytes ?? group, max(0, group - used))
        }
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func number(_ path: String) -> Int? {
        text(path).flatMap { Int($0.filter { !$0.isWhitespace }) }
    }

    /// The figures under the names that Prometheus' own clients use.
    public var families: [MetricFamily] {
        func gauge(_ name: String, _ help: String, _ value: Double?) -> MetricFamily? {
            value.map { MetricFamily(name: name, kind: .gauge, help: help, series: [.init(.number($0))]) }
        }
        let cpu = cpuSeconds.map {
            MetricFamily(
                name: "process_cpu_seconds", kind: .counter, help: "Processor time used, in seconds.",
                series: [.init(.number($0))])
        }
        return [
            cpu,
            gauge(
                "process_resident_memory_bytes", "Memory that the process holds, in bytes.",
                residentBytes.map(Double.init)),
            gauge("process_virtual_memory_bytes", "Address space, in bytes.", virtualBytes.map(Double.init)),
            gauge("process_open_fds", "Open files, sockets and pipes.", openDescriptorCount.map(Double.init)),
            gauge("process_max_fds", "How many may be open.", descriptorCountMax.map(Double.init)),
            gauge("process_start_time_seconds", "When the process started, in seconds since 1970.", startedAt),
        ].compactMap { $0 }
    }
}
