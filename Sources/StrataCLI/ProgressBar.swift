/// Shows on standard error how far a long job is: a bar where that is a terminal, else a line now and then.
struct ProgressBar {
    /// How far the job is.
    struct State {
        var bytesDone = 0
        var bytesTotal = 0
        var memoryCount = 0
        /// How many memories there are to be, where that is known instead of bytes.
        var memoryTotal: Int?
    }

    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private let style: Style
    private let isTerminal = Terminal.standardError.isTerminal
    /// Whether lines are written where there is no terminal.
    private let writesLines: Bool
    private var lastShown: ContinuousClock.Instant?

    init(style: Style, writesLines: Bool) {
        self.style = style
        self.writesLines = writesLines
        start = clock.now
    }

    /// How long the job has run.
    var elapsed: Duration { clock.now - start }

    /// Shows the state, at most ten times a second on a terminal and once in ten seconds elsewhere.
    mutating func show(_ state: State) {
        guard isTerminal || writesLines else { return }
        let now = clock.now
        if let lastShown, now - lastShown < (isTerminal ? .milliseconds(100) : .seconds(10)) { return }
        lastShown = now
        if isTerminal {
            // Back to the start of the line, clear it, write without a line end.
            Terminal.standardError.write("\r\u{1B}[K" + line(state, barWidth: barWidth))
        } else {
            Terminal.standardError.write("strata: " + line(state, barWidth: nil) + "\n")
        }
    }

    /// Shows an empty bar, so that a terminal says something before the first step is done.
    mutating func begin(_ state: State) {
        if isTerminal { show(state) }
    }

    /// Takes the bar off the terminal, so that other lines can be written.
    mutating func clear() {
        guard isTerminal, lastShown != nil else { return }
        Terminal.standardError.write("\r\u{1B}[K")
        lastShown = nil
    }

    /// The figures beside the bar take up to 66 columns.
    private var barWidth: Int { min(40, max(0, (Terminal.standardError.width ?? 80) - 66)) }

    private func line(_ state: State, barWidth: Int?) -> String {
        Self.line(state, elapsed: elapsed, barWidth: barWidth, style: style)
    }

    /// The state in words: share and bytes read, memories, their rate, the time left. Pure.
    static func line(_ state: State, elapsed: Duration, barWidth: Int?, style: Style) -> String {
        let (done, total) =
            state.memoryTotal.map { (state.memoryCount, $0) } ?? (state.bytesDone, state.bytesTotal)
        let share = total > 0 ? min(1, Double(done) / Double(total)) : 0
        let seconds = max(elapsed / .seconds(1), 0.001)
        var parts = ["\(Int(share * 100))%".paddedLeft(to: 4)]
        if let total = state.memoryTotal {
            parts.append("\(state.memoryCount) of \(DisplayText.count(total, "record"))")
        } else {
            parts.append("\(DisplayText.bytes(state.bytesDone)) of \(DisplayText.bytes(state.bytesTotal))")
            parts.append("\(DisplayText.count(state.memoryCount, "text"))")
        }
        parts.append("\(DisplayText.number(Double(state.memoryCount) / seconds, decimals: 0))/s")
        if share > 0, share < 1 {
            parts.append("\(DisplayText.span(.seconds(seconds / share * (1 - share)))) left")
        }
        let figures = parts.joined(separator: "  ")
        guard let barWidth, barWidth >= 5 else { return figures }
        return style.cyan(DisplayText.bar(share, width: barWidth)) + " " + figures
    }
}
