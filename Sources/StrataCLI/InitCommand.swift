internal import ArgumentParser
internal import Foundation
internal import OwnerLink
internal import Strata
internal import StrataCore

/// `strata init`
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make the data directory and say what it will work with.",
        discussion: """
            Not needed before remember or ingest, which make the directory themselves. A directory that is there \
            already is left as it is.
            """)

    @OptionGroup var common: CommonOptions

    private struct Answer: Encodable {
        let dataDirectory: String
        let created: Bool
        let embeddingSpace: String?
        let degradations: [Degradation]
    }

    func run() async throws {
        let path = try common.dataDirectory()
        let created = !MemoryEngine.exists(at: path)
        let output = common.output
        let answer = try await common.withMemory(.init(makesDirectory: true)) { memory in
            Answer(
                dataDirectory: URL(fileURLWithPath: path).standardizedFileURL.path, created: created,
                embeddingSpace: memory.spaceIdentifier, degradations: memory.modelDegradations)
        }
        output.warnings(answer.degradations)
        if output.json {
            try output.result(json: answer)
        } else {
            output.result("\(created ? "made" : "already there:") \(DisplayText.harmless(answer.dataDirectory))")
            output.result("model: \(answer.embeddingSpace ?? "none, words only")")
        }
    }
}
