import Foundation
import StrataCore
import TextModels

/// Whether what a long text says at its end is found.
///
/// `embed-bench long FOLDER LONG.json`, with the file of `make_long_texts.py`: groups of long texts and questions, each of
/// which one text answers, early (within what the model reads at once) or late. Prints the share of questions for which
/// that text is the nearest, and among the nearest three, of its group.
enum LongTextBench {
    struct Group: Decodable {
        var documents: [String]
        var questions: [Question]
    }

    struct Question: Decodable {
        var text: String
        var document: Int
        var isLate: Bool
    }

    struct Shares: Encodable {
        var questionCount = 0
        var first = 0.0
        var amongThree = 0.0
    }

    static func run(folder: String, file: String) async throws -> [String: [String: Shares]] {
        let groups = try JSONDecoder().decode([Group].self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        var report: [String: [String: Shares]] = [:]
        for longText in ModelCard.LongText.allCases {
            var options = OnnxEmbedder.Options()
            options.longText = longText
            let embedder = try await OnnxEmbedder.load(folder: folder, options: options)
            var shares: [String: Shares] = [:]
            for group in groups {
                let documents = try await embedder.embed(group.documents, as: .document).map(\.vector)
                let questions = try await embedder.embed(group.questions.map(\.text), as: .query).map(\.vector)
                for (question, vector) in zip(group.questions, questions) {
                    let scores = documents.map { zip($0, vector).reduce(Float(0)) { $0 + $1.0 * $1.1 } }
                    let rank = scores.count { $0 > scores[question.document] }
                    let name = question.isLate ? "late" : "early"
                    shares[name, default: Shares()].questionCount += 1
                    shares[name]?.first += rank == 0 ? 1 : 0
                    shares[name]?.amongThree += rank < 3 ? 1 : 0
                }
            }
            report[longText.rawValue] = shares.mapValues {
                Shares(
                    questionCount: $0.questionCount, first: $0.first / Double($0.questionCount),
                    amongThree: $0.amongThree / Double($0.questionCount))
            }
        }
        return report
    }
}
