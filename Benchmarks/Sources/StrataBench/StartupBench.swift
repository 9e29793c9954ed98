internal import BenchSupport
internal import Foundation

/// How long a new process needs until it has answered, and what it then occupies.
///
/// The files are in the system's cache, as after a restart of the agent and not of the machine.
@MainActor
struct StartupBench {
    /// One step of a new process.
    struct Step: Codable, Sendable {
        let name: String
        /// Milliseconds since the parent started the process.
        let milliseconds: Double
        let memory: ProcessMemory?
    }

    /// What one number of records gave: the steps of the median round.
    struct Result: Codable, Sendable {
        let recordCount: Int
        let rounds: Int
        /// With the model: meaning and words.
        let hybrid: [Step]
        /// Without: words only.
        let keyword: [Step]
    }

    let plan: BenchPlan
    let data: RecordSet.Prepared
    let model: ModelFolder

    func run() throws -> Result {
        var random = SeededGenerator(seed: data.seed &+ 2)
        var rounds: [StartupChild.Mode: [[Step]]] = [:]
        for _ in 0..<plan.startupRounds {
            let query = data.texts.randomElement(using: &random) ?? ""
            for mode in StartupChild.Mode.allCases { rounds[mode, default: []].append(try start(mode, query)) }
        }
        return Result(
            recordCount: data.texts.count, rounds: plan.startupRounds, hybrid: Self.median(rounds[.hybrid] ?? []),
            keyword: Self.median(rounds[.keyword] ?? []))
    }

    private func start(_ mode: StartupChild.Mode, _ query: String) throws -> [Step] {
        let process = Process()
        let output = Pipe()
        process.executableURL = try URL(
            fileURLWithPath: FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        process.standardOutput = output
        process.arguments = [
            StartupChild.argument, mode.rawValue, data.path, model.path, query,
            String(StartupChild.monotonicNanoseconds()),
        ]
        try process.run()
        let reply = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchFailure("the process that measures start-up ended with status \(process.terminationStatus)")
        }
        return try JSONDecoder().decode([Step].self, from: reply)
    }

    /// The round whose first answer came at the median time.
    private static func median(_ rounds: [[Step]]) -> [Step] {
        func answered(_ steps: [Step]) -> Double {
            steps.first { $0.name == StartupChild.firstRecall }?.milliseconds ?? .infinity
        }
        let sorted = rounds.sorted { answered($0) < answered($1) }
        return sorted.isEmpty ? [] : sorted[sorted.count / 2]
    }
}
