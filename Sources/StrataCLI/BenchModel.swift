internal import ArgumentParser
internal import Foundation
internal import ModelStore
internal import Strata
internal import StrataCore
internal import TextModels

/// `strata models bench`
struct BenchModel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure models: speed by length, agreement with a reference, retrieval quality.",
        discussion: """
            strata models bench all-MiniLM-L6-v2 all-MiniLM-L6-v2-int8 --quality Examples/trail-cabin

            Without names, every embedding model that is there. Texts of about 20, 128 and 256 tokens, and those of \
            --texts; each is embedded whole, and text by text. The first float32 model among them is the reference \
            that the others agree with or not. Timings on a shared machine are worth little: compare within one run.
            """)

    @Argument(help: "Names in the store, or model folders.")
    var names: [String] = []

    @Option(help: "Seconds a measurement, 0.05 to 60.")
    var seconds = 1.0

    @Option(help: ArgumentHelp("A text a line, as a further group.", valueName: "file"), completion: .file())
    var texts: String?

    @Option(
        help: ArgumentHelp(
            "A folder with conversation.jsonl (text) and questions.jsonl (question, answers: line numbers).",
            valueName: "folder"), completion: .directory)
    var quality: String?

    @OptionGroup var options: ModelStoreOptions

    func validate() throws {
        guard (0.05...60).contains(seconds) else {
            throw ValidationError("--seconds must be 0.05 to 60, not \(seconds)")
        }
    }

    func run() async throws {
        let output = options.output
        let environment = ProcessInfo.processInfo.environment
        let wished = names.isEmpty ? try await options.store().list().filter(Self.isEmbedding).map(\.name) : names
        guard !wished.isEmpty else { throw StrataError(.notFound, "no embedding model to measure; run `make setup`") }
        let sample = try quality.map(RetrievalSample.init(folder:))
        let lines = try texts.map(Self.lines(of:))
        var reference: (name: String, agreement: AgreementSample)?
        let folders = try wished.map { try ModelPlace.folder($0, environment: environment) }
        let embedders = try await Self.load(folders)
        // The reference comes first, whatever the order of the names.
        let order = embedders.indices.sorted { first, second in
            let isFirst = embedders[first].card.precision.hasPrefix("float32")
            let isSecond = embedders[second].card.precision.hasPrefix("float32")
            return isFirst == isSecond ? first < second : isFirst
        }
        for index in order {
            let embedder = embedders[index]
            let bench = ModelBench(embedder: embedder, seconds: seconds)
            var report = try await bench.speed(groups: bench.groups(lines: lines))
            report.name = wished[index]
            let agreement = try await AgreementSample(embedder, texts: sample?.texts ?? bench.plainTexts())
            if let reference, reference.agreement.dimension == agreement.dimension {
                report.agreement = agreement.compared(with: reference.agreement, named: reference.name)
            } else if reference == nil, embedder.card.precision.hasPrefix("float32") {
                reference = (wished[index], agreement)
            }
            if let sample { report.quality = try await sample.quality(of: embedder) }
            if output.json {
                try output.result(json: report)
            } else {
                report.lines(output.style).forEach(output.result)
            }
        }
    }

    private static func isEmbedding(_ model: InstalledModel) -> Bool {
        if case .success(let card) = model.card { card.kind == .embedding } else { false }
    }

    private static func load(_ folders: [String]) async throws -> [OnnxEmbedder] {
        var embedders: [OnnxEmbedder] = []
        for folder in folders { embedders.append(try await OnnxEmbedder.load(folder: folder)) }
        return embedders
    }

    private static func lines(of path: String) throws -> [String] {
        guard let bytes = FileManager.default.contents(atPath: path),
            let text = String(validating: bytes, as: UTF8.self)
        else { throw StrataError(.notFound, "there is no readable UTF-8 file \(path)") }
        let lines = text.split(whereSeparator: \.isNewline).map(String.init).filter { !$0.allSatisfy(\.isWhitespace) }
        guard !lines.isEmpty else { throw StrataError(.invalidArgument, "\(path) has no lines") }
        return lines
    }
}
