internal import Strata
internal import Synchronization

/// Shows on a terminal which stage a backup or a restore is in and how far it is.
final class StageBar: Sendable {
    private struct Shown {
        var stage: BackupProgress.Stage?
        var percent = -1
    }

    private let style: Style
    private let isTerminal = Terminal.standardError.isTerminal
    private let shown = Mutex(Shown())

    init(_ output: Output) { style = output.messageStyle }

    /// Shows a state, where it is another percentage than the last.
    @Sendable func show(_ progress: BackupProgress) {
        guard isTerminal else { return }
        let percent = Int(progress.share * 100)
        let isNew = shown.withLock { shown in
            defer { shown = Shown(stage: progress.stage, percent: percent) }
            return shown.stage != progress.stage || shown.percent != percent
        }
        guard isNew else { return }
        let bar = style.cyan(DisplayText.bar(progress.share, width: 30))
        Terminal.standardError.write(
            "\r\u{1B}[K\(bar) \(progress.stage.rawValue.padded(to: 8)) \("\(percent)%".paddedLeft(to: 4))")
    }

    /// Takes the bar off the terminal.
    func clear() {
        if isTerminal { Terminal.standardError.write("\r\u{1B}[K") }
    }
}
