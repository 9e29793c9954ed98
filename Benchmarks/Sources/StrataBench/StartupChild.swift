internal import BenchSupport
internal import Foundation
internal import Strata

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// This program when ``StartupBench`` starts it again: opens a data directory, answers two recalls and says when.
enum StartupChild {
    /// What the new process searches with.
    enum Mode: String, CaseIterable {
        case hybrid, keyword
    }

    /// The first argument of such a process.
    static let argument = "startup-child"
    /// The name of the step that matters most.
    static let firstRecall = "first recall"

    /// Nanoseconds on the clock that all processes share.
    static func monotonicNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Does the child's work when the arguments ask for it, and says whether they did.
    static func runIfAsked() async throws -> Bool {
        let arguments = CommandLine.arguments
        guard arguments.count == 7, arguments[1] == argument, let mode = Mode(rawValue: arguments[2]),
            let start = UInt64(arguments[6])
        else { return false }
        let (data, model, query) = (arguments[3], arguments[4], arguments[5])
        var steps: [StartupBench.Step] = []
        func note(_ name: String) {
            let milliseconds = Double(monotonicNanoseconds() - start) / 1e6
            steps.append(StartupBench.Step(name: name, milliseconds: milliseconds, memory: .now()))
        }
        note("process runs")
        var configuration = EngineConfiguration()
        configuration.model = mode == .hybrid ? .folder(model) : .none
        let options = RecallOptions(signals: mode == .hybrid ? .hybrid : .keyword)
        let engine = try await MemoryEngine.open(at: data, configuration: configuration)
        note("engine open")
        guard try await !engine.recall(query, options: options).isEmpty else {
            throw BenchFailure("a stored text found nothing")
        }
        note(firstRecall)
        _ = try await engine.recall(query, options: options)
        note("second recall")
        try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(steps))
        try await engine.close()
        return true
    }
}
