internal import Foundation
internal import HTTPTypes
internal import Strata
internal import StrataCore

/// What became of many memories, in their order.
struct BatchAnswer: Encodable {
    /// What became of one.
    enum Item: Encodable {
        case done(RememberOutcome)
        case refused(StrataError)

        private enum CodingKeys: String, CodingKey { case status, error }

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .done(let outcome): try outcome.encode(to: encoder)
            case .refused(let error):
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode("refused", forKey: .status)
                try container.encode(
                    ["code": error.code.description, "message": error.message], forKey: .error)
            }
        }
    }

    let results: [Item]
    let storedCount: Int
    let duplicateCount: Int
    let refusedCount: Int

    init(_ results: [Result<RememberOutcome, StrataError>]) {
        var counts = (stored: 0, duplicate: 0, refused: 0)
        self.results = results.map { result in
            switch result {
            case .success(let outcome):
                if outcome.status == .stored { counts.stored += 1 } else { counts.duplicate += 1 }
                return .done(outcome)
            case .failure(let error):
                counts.refused += 1
                return .refused(error)
            }
        }
        (storedCount, duplicateCount, refusedCount) = counts
    }

    /// The items, one a line.
    func lines() throws -> Reply {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes: [UInt8] = []
        for item in results {
            bytes += try encoder.encode(item)
            bytes.append(UInt8(ascii: "\n"))
        }
        return Reply(.ok, headers: [.contentType: MediaType.ndjson], body: .bytes(bytes))
    }
}
