import Dispatch
import Foundation
import StrataCore

/// Finds the fastest layout of a model's runs by running them, for half a second or so.
///
/// Rates on shared machines swing by a tenth and more, so candidates take turns, the best round of each counts, and the
/// usual layout stays unless another is clearly faster.
struct TuningMeasurement {
    /// Padded tokens of a run that are tried.
    static let tokenBudgets = [160, 256, 512, 1024]
    /// How much faster another budget must be than the usual one.
    static let gainMin = 1.08
    /// How much faster spreading each run over the cores must be: it makes queries wait for bulk runs, so it needs a
    /// reason.
    static let spreadGainMin = 1.25
    /// A model whose single run of 160 tokens takes longer is left with the usual layout: measuring it would take longer
    /// than a start may.
    static let runTimeMax = Duration.milliseconds(120)
    /// The share of the cores that the measurement must have got: what others leave over says nothing about a layout.
    static let processorShareMin = 0.75
    private static let roundCount = 2

    let model: EncoderModel
    let clock = ContinuousClock()

    /// Texts as the self-test has them, repeated to a short and a longer length.
    private func samples() -> [TokenizedText] {
        let words = model.card.selfTest.pairs.map { "\($0.first) \($0.second)" }.joined(separator: " ")
        var texts: [TokenizedText] = []
        for wished in [20, 100] {
            var text = words
            while text.utf8.count < wished * 4 { text += " " + words }
            // Words have four to five letters and a token each, roughly; the length need not be exact.
            let cut = String(text.prefix(wished * 5))
            if let tokens = model.tokens(of: cut, as: .document).first { texts.append(tokens) }
        }
        return texts
    }

    /// The best layout of the model as it was loaded, starting from `usual`; nil when the model is too slow to be
    /// measured at a start, or the machine too busy.
    func best(from usual: RunTuning) throws -> RunTuning? {
        let texts = samples()
        guard let longest = texts.last else { return nil }
        let rowCount = max(1, min(model.rowCountMax, 160 / max(1, longest.ids.count)))
        let warmUp = try clock.measure { _ = try model.embed(Array(repeating: longest, count: rowCount)) }
        let single = try clock.measure { _ = try model.embed(Array(repeating: longest, count: rowCount)) }
        guard min(warmUp, single) <= Self.runTimeMax else { return nil }
        // A model whose texts run alone has no use for a budget.
        let budgets = model.rowCountMax == 1 ? [usual.tokenBudget] : Self.tokenBudgets
        var rates = [Int: Double]()
        let processorTime = Self.processorTime()
        let wallTime = try clock.measure {
            for _ in 0..<Self.roundCount {
                for budget in budgets {
                    let rate = try rate(of: texts, tokenBudget: budget, workerCount: usual.workerCount)
                    rates[budget] = max(rates[budget] ?? 0, rate)
                }
            }
        }
        let share = (Self.processorTime() - processorTime) / (wallTime * Double(usual.workerCount))
        guard share >= Self.processorShareMin else { return nil }
        let budget = Self.choice(among: rates, usual: usual.tokenBudget)
        var tuning = usual
        tuning.tokenBudget = budget
        tuning.tokensPerSecond = rates[budget]
        return tuning
    }

    /// What this process has used of all cores.
    private static func processorTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// The usual budget, or the one with the highest rate if that is clearly higher. Pure.
    static func choice(among rates: [Int: Double], usual: Int) -> Int {
        let fastest = rates.max { $0.value == $1.value ? $0.key > $1.key : $0.value < $1.value }
        guard let fastest, let known = rates[usual] else { return fastest?.key ?? usual }
        return fastest.value >= known * gainMin ? fastest.key : usual
    }

    /// Tokens a second when so many workers run texts of each length in runs of so many tokens: the harmonic mean over
    /// the lengths, because every length costs its time.
    func rate(of texts: [TokenizedText], tokenBudget: Int, workerCount: Int) throws -> Double {
        var secondsPerToken = 0.0
        for text in texts {
            let rows = max(1, min(model.rowCountMax, tokenBudget / max(1, text.ids.count)))
            let batch = Array(repeating: text, count: rows)
            let failure = FirstError()
            let time = clock.measure {
                DispatchQueue.concurrentPerform(iterations: workerCount) { _ in
                    failure.catching { _ = try model.embed(batch) }
                }
            }
            try failure.rethrow()
            secondsPerToken += time / .seconds(1) / Double(rows * text.ids.count * workerCount)
        }
        return Double(texts.count) / secondsPerToken
    }

    /// The rate of the usual texts at a layout, to compare two sessions.
    func rate(at tuning: RunTuning) throws -> Double {
        let texts = samples()
        return try (0..<Self.roundCount).map { _ in
            try rate(of: texts, tokenBudget: tuning.tokenBudget, workerCount: tuning.workerCount)
        }.max() ?? 0
    }
}
