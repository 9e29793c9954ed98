import Dispatch
import Foundation
import StrataCore

/// How a model's runs are laid out on this machine: how many go on side by side, how many threads each has, and how many
/// padded tokens it holds at most.
public struct RunTuning: Sendable, Hashable, Codable {
    /// Runs at a time.
    public internal(set) var workerCount: Int
    /// Threads inside one run.
    public internal(set) var intraOpThreadCount: Int
    /// The most padded tokens of a run of several texts; a text alone may have more.
    public internal(set) var tokenBudget: Int
    /// Tokens a second at the measurement; nil when nothing was measured.
    public internal(set) var tokensPerSecond: Double?

    /// What held for every model tried on CPUs: a run a core with one thread, 512 tokens a run.
    static func usual(_ options: OnnxEmbedder.Options) -> RunTuning {
        RunTuning(
            workerCount: options.workerCount, intraOpThreadCount: options.intraOpThreadCount,
            tokenBudget: options.tokenBudget ?? 512)
    }
}

/// A measured tuning, kept in the model folder for the machine it was measured on, so that later starts measure nothing.
struct TuningRecord: Hashable, Codable, Sendable {
    static let fileName = ".strata-tuning.json"

    /// What else decides over the best layout: another card, weights, runtime or processor measures anew.
    struct Circumstances: Hashable, Codable, Sendable {
        var cardDigest: String
        var files: [FileStamp]
        var runtimeVersion: String
        var processor: String
        var coreCount: Int

        init(_ folder: ModelFolder, runtimeVersion: String) throws {
            cardDigest = folder.cardDigest
            files = try folder.stamps()
            self.runtimeVersion = runtimeVersion
            processor = Self.processorName()
            coreCount = ProcessInfo.processInfo.activeProcessorCount
        }

        /// The processor's name as the system tells it; empty where it tells none.
        private static func processorName() -> String {
            guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
                let line = text.split(separator: "\n").first(where: { $0.hasPrefix("model name") })
            else { return "" }
            return line.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
        }
    }

    var circumstances: Circumstances
    var tuning: RunTuning

    static func read(from folder: ModelFolder, for circumstances: Circumstances) -> RunTuning? {
        guard let bytes = FileManager.default.contents(atPath: "\(folder.path)/\(fileName)"),
            let record = try? JSONDecoder().decode(TuningRecord.self, from: bytes),
            record.circumstances == circumstances, record.tuning.isPossible
        else { return nil }
        return record.tuning
    }

    /// Keeps the record; false where the folder cannot be written to.
    @discardableResult
    func write(to folder: ModelFolder) -> Bool {
        guard let bytes = try? JSONEncoder().encode(self) else { return false }
        return (try? bytes.write(to: URL(fileURLWithPath: "\(folder.path)/\(Self.fileName)"), options: .atomic)) != nil
    }
}

extension RunTuning {
    /// A record that somebody edited must not break the scheduler.
    fileprivate var isPossible: Bool {
        (1...1024).contains(workerCount) && (1...1024).contains(intraOpThreadCount)
            && (1...1 << 20).contains(tokenBudget)
    }
}
