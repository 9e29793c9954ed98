internal import ArgumentParser
internal import Foundation
internal import OwnerLink
internal import Strata
internal import StrataCore

/// `strata remember`
struct RememberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remember",
        abstract: "Store a memory; done when it is on disk.",
        discussion: """
            strata remember "Nora is allergic to hazelnuts." --tag health --layer assets
            strata remember - < letter.txt
            tail -f agent.log | strata remember --lines -

            Several words make one text. The same text in the same namespace is stored once: the old id is printed \
            and counts as used.
            """)

    @Argument(help: "The text, or - to read it from standard input.")
    var text: [String]

    @Flag(help: "Store one memory a line, as the lines come in. Blank lines are passed over.")
    var lines = false

    @Option(help: "Who said it.")
    var speaker: String?

    @Option(help: "Where it starts: interact, insights or assets.")
    var layer = Layer.interact

    @Option(help: "Your own kind of memory.")
    var kind = "general"

    @Option(help: "A label; repeat for more.")
    var tag: [String] = []

    @Option(help: "The project it belongs to.")
    var project: String?

    @Option(help: "The conversation or run it belongs to.")
    var session: String?

    @Option(help: ArgumentHelp("A JSON object of your own.", valueName: "json"))
    var metadata: String?

    @Option(help: "How much it matters, 0 through 1.")
    var importance = 0.5

    @Flag(help: "Exempt it from expiry and eviction.")
    var pin = false

    @Option(help: ArgumentHelp("When it happened, such as 2026-05-04T17:00Z.", valueName: "time"))
    var occurredAt: Timestamp?

    @Option(help: "Where it comes from: user, assistant, tool, import or recall.")
    var source = MemoryRecord.Source.user

    @Option(help: ArgumentHelp("The id to store it under, a UUID; else one is made.", valueName: "uuid"))
    var id: RecordID?

    @Option(help: "What to do when the text is there already: skip, replace, link or keep.")
    var onDuplicate = DuplicatePolicy.skip

    @Option(
        help: "What to wait for: durable (on disk) or buffered (taken in; a kill within the next moments loses it).")
    var ack = Acknowledgement.durable

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if lines, id != nil { throw ValidationError("--id names one memory and --lines stores many; give one of them") }
        if text.contains("-"), text != ["-"] {
            throw ValidationError("- reads standard input and stands alone; quote a text that holds a dash")
        }
    }

    func run() async throws {
        let output = common.output
        let template = try template()
        if !lines {
            let text = try text == ["-"] ? StandardInput.readAll() : text.joined(separator: " ")
            let outcome = try await common.withMemory(.init(makesDirectory: true)) { memory in
                try await memory.remember(
                    self.memory(text, template), in: common.namespaceName, onDuplicate: onDuplicate, ack: ack)
            }
            try report(outcome, output)
            output.warnings(outcome.degradations)
            return
        }
        let (refusedCount, interrupted) = try await common.withMemory(.init(makesDirectory: true)) { memory in
            try await rememberLines(memory, template, output)
        }
        if interrupted { throw ExitCode(ExitStatus.interrupted.rawValue) }
        if refusedCount > 0 { throw ExitCode(ExitStatus.badInput.rawValue) }
    }

    /// Stores lines as they come in, so that it can stand at the end of a pipe that never ends.
    private func rememberLines(_ memory: any MemoryClient, _ template: NewMemory, _ output: Output) async throws -> (
        refusedCount: Int, interrupted: Bool
    ) {
        let interruption = Interruption()
        var lines =
            text == ["-"]
            ? StandardInput.Lines(until: interruption) : StandardInput.Lines(of: text.joined(separator: " "))
        var refusedCount = 0
        var told: Set<Degradation> = []
        while let batch = try lines.nextBatch(countMax: 256) {
            let memories = batch.compactMap { try? $0.text.get() }.map { self.memory($0, template) }
            var results = try await memory.remember(
                memories, in: common.namespaceName, onDuplicate: onDuplicate, ack: ack)[...]
            var degradations: [Degradation] = []
            for line in batch {
                // Lines that are no text went nowhere, so that the next result belongs to the next line that is one.
                switch line.text.flatMap({ _ in results.removeFirst() }) {
                case .success(let outcome):
                    try report(outcome, output)
                    degradations += outcome.degradations
                case .failure(let error):
                    refusedCount += 1
                    output.error(error, about: "line \(line.number)")
                }
            }
            output.warnings(degradations.filter { !told.contains($0) })
            told.formUnion(degradations)
            if interruption.isPending { break }
        }
        // The caller closes the memory, which writes down what was only taken in.
        return (refusedCount, interruption.isPending)
    }

    private func template() throws -> NewMemory {
        var memory = NewMemory(
            "", id: id, speaker: speaker, layer: layer, kind: kind, tags: tag, project: project, session: session,
            importance: importance, pinned: pin, source: source, occurredAt: occurredAt)
        if let metadata {
            guard case .object(let members) = try JSONValue(jsonText: metadata) else {
                throw StrataError(.invalidArgument, "--metadata takes a JSON object such as '{\"room\": 4}'")
            }
            memory.metadata = members
        }
        return memory
    }

    private func memory(_ text: String, _ template: NewMemory) -> NewMemory {
        var memory = template
        memory.text = text
        return memory
    }

    private func report(_ outcome: RememberOutcome, _ output: Output) throws {
        if output.json {
            try output.result(json: outcome)
        } else {
            output.result("\(outcome.record.id) \(outcome.status.rawValue)")
        }
    }
}
