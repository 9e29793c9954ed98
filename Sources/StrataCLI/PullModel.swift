internal import ArgumentParser
internal import Foundation
internal import ModelStore
internal import StrataCore
internal import Synchronization

/// `strata models pull`
struct PullModel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetch a model from a hub or a mirror of one.",
        discussion: """
            strata models pull OWNER/NAME --hub https://HOST --card Models/NAME/strata-model.json

            Takes the files that the card names, the card from the repository unless --card gives one. What was \
            fetched before an interruption is not fetched again. Sizes and SHA-256 are compared with what the hub \
            lists and with the card. A model that is there at the same commit is left alone.
            """)

    @Argument(help: "The repository: NAME or OWNER/NAME.")
    var repository: String

    @Option(help: "A branch, tag or commit.")
    var revision = "main"

    @Option(help: ArgumentHelp("The hub's address. Default: $STRATA_HUB, else $HF_ENDPOINT.", valueName: "url"))
    var hub: String?

    @Option(help: "The name in the store. Default: the card's.")
    var name: String?

    @Option(help: ArgumentHelp("A card for a repository without one.", valueName: "file"), completion: .file())
    var card: String?

    @Option(
        name: .customLong("file"),
        help: ArgumentHelp(
            "Where in the repository a file of the card lies, such as onnx/model.onnx; repeat for more.",
            valueName: "path"))
    var files: [String] = []

    @Option(help: "Files fetched side by side, 1 to 16.")
    var parallel = 4

    @Flag(help: "Take the place of a model of that name.")
    var replace = false

    @Flag(help: "Send no request; only find what is there. STRATA_OFFLINE=1 does the same.")
    var offline = false

    @OptionGroup var options: ModelStoreOptions

    func validate() throws {
        guard (1...16).contains(parallel) else { throw ValidationError("--parallel must be 1 to 16, not \(parallel)") }
    }

    func run() async throws {
        let environment = options.environment
        var choice = PullOptions()
        choice.revision = revision
        choice.name = name
        choice.card = try ModelStoreOptions.card(at: card)
        choice.paths = files
        choice.replaces = replace
        choice.parallelCount = parallel
        choice.isOffline = offline || !["", "0"].contains(environment.variables["STRATA_OFFLINE"] ?? "")
        let source = choice.isOffline ? nil : try ModelHub(address: hub, environment: environment)
        let output = options.output
        let bar = Mutex(TransferBar(style: output.messageStyle, writesLines: !output.json))
        let outcome: PullOutcome
        do {
            outcome = try await options.store().pull(repository, from: source, options: choice) { progress in
                bar.withLock { $0.show(progress) }
            }
        } catch {
            bar.withLock { $0.clear() }
            throw error
        }
        bar.withLock { $0.clear() }
        var answer = ModelAnswer(outcome.model)
        answer.isKnown = outcome.isKnown
        if output.json {
            try output.result(json: answer)
        } else {
            let verb = outcome.isKnown ? "already there:" : "pulled"
            output.result("\(verb) \(answer.name), \(DisplayText.bytes(answer.sizeBytes)), in \(answer.folder)")
        }
    }
}

/// Shows how far a transfer is: bytes, rate, time left.
struct TransferBar {
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private let style: Style
    private let isTerminal = Terminal.standardError.isTerminal
    private let writesLines: Bool
    private var lastShown: ContinuousClock.Instant?

    init(style: Style, writesLines: Bool) {
        self.style = style
        self.writesLines = writesLines
        start = clock.now
    }

    /// Shows the state, at most ten times a second on a terminal and once in ten seconds elsewhere.
    mutating func show(_ progress: PullProgress) {
        guard isTerminal || writesLines else { return }
        let now = clock.now
        if let lastShown, now - lastShown < (isTerminal ? .milliseconds(100) : .seconds(10)) { return }
        lastShown = now
        let width = isTerminal ? min(40, max(0, (Terminal.standardError.width ?? 80) - 62)) : 0
        let line = Self.line(progress, elapsed: now - start, barWidth: width, style: style)
        Terminal.standardError.write(isTerminal ? "\r\u{1B}[K" + line : "strata: \(line)\n")
    }

    /// Takes the bar off the terminal.
    mutating func clear() {
        guard isTerminal, lastShown != nil else { return }
        Terminal.standardError.write("\r\u{1B}[K")
        lastShown = nil
    }

    /// The state in words: the rate counts what this run fetched, not what an earlier one had. Pure.
    static func line(_ progress: PullProgress, elapsed: Duration, barWidth: Int, style: Style) -> String {
        let share = progress.bytesTotal > 0 ? min(1, Double(progress.bytesDone) / Double(progress.bytesTotal)) : 0
        let rate = Double(max(0, progress.bytesDone - progress.bytesResumed)) / max(elapsed / .seconds(1), 0.001)
        var parts = ["\(Int(share * 100))%".paddedLeft(to: 4)]
        parts.append("\(DisplayText.bytes(progress.bytesDone)) of \(DisplayText.bytes(progress.bytesTotal))")
        parts.append("\(progress.filesDone)/\(progress.fileCount) files")
        parts.append("\(DisplayText.bytes(Int(rate)))/s")
        if rate > 0, share < 1 {
            let left = Double(progress.bytesTotal - progress.bytesDone) / rate
            parts.append("\(DisplayText.span(.seconds(min(left, 1e6)))) left")
        }
        let figures = parts.joined(separator: "  ")
        guard barWidth >= 5 else { return figures }
        return style.cyan(DisplayText.bar(share, width: barWidth)) + " " + figures
    }
}
