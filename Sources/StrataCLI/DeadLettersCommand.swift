internal import ArgumentParser
internal import OwnerLink
internal import Strata
internal import StrataCore

/// `strata dead-letters`
struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "Look at memories that were handed in and could not be stored; try them again or drop them.",
        subcommands: [List.self, Replay.self, Drop.self], defaultSubcommand: List.self)

    /// `strata dead-letters list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Show them, oldest first.")

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let output = common.output
            let letters = try await common.withMemory(.init(model: false)) { try await $0.deadLetters() }
            if output.json {
                try output.result(json: letters)
                return
            }
            for letter in letters {
                let head = "\(letter.id)  \(DisplayText.moment(letter.at))  \(letter.errorCode)  "
                let text = DisplayText.oneLine(
                    letter.memory.text, width: Terminal.standardOutput.width.map { max(16, $0 - head.count) })
                output.result("\(head)\(text)")
            }
            if letters.isEmpty { output.note("no dead letters") }
        }
    }

    /// `strata dead-letters replay`
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "replay", abstract: "Try them again; what is stored leaves the list.")

        @Argument(help: "The names of the letters; all of them without any.")
        var ids: [String] = []

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let output = common.output
            let tried = try await common.withMemory { memory in
                try await memory.replayDeadLetters(ids.isEmpty ? nil : Set(ids))
            }
            if output.json { try output.result(json: tried) }
            for letter in tried {
                if let code = letter.errorCode {
                    output.error(code: code, message: "\(letter.letter): \(letter.errorMessage ?? "failed again")")
                } else if let record = letter.record, !output.json {
                    output.result("\(letter.letter) stored as \(record)")
                }
            }
            if tried.isEmpty { output.note("no such dead letters") }
            if tried.contains(where: { $0.errorCode != nil }) { throw ExitCode(ExitStatus.badInput.rawValue) }
        }
    }

    /// `strata dead-letters drop`
    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "drop", abstract: "Remove them for good.")

        @Argument(help: "The names of the letters.")
        var ids: [String] = []

        @Flag(help: "Drop all of them.")
        var all = false

        @OptionGroup var common: CommonOptions

        private struct Answer: Encodable {
            let droppedCount: Int
        }

        func run() async throws {
            guard ids.isEmpty == all else { throw UsageError("name the letters to drop, or say --all") }
            let output = common.output
            let count = try await common.withMemory(.init(model: false)) { memory in
                try await memory.dropDeadLetters(all ? nil : Set(ids))
            }
            if output.json {
                try output.result(json: Answer(droppedCount: count))
            } else {
                output.result("dropped \(DisplayText.count(count, "letter"))")
            }
        }
    }
}
