import Foundation
import StrataCore

/// A loaded cross-encoder that works on the calling thread: pairs in, scores out.
final class RerankerModel: Sendable {
    let card: ModelCard
    /// The card's name and the weights' hash.
    let name: String
    let pairs: PairTokenizer
    private let runner: TokenBatchRunner
    private let reading: ScoreReading

    /// The name and whatever else decides over a score.
    let fingerprint: String

    /// The most pairs of a run.
    var rowCountMax: Int { card.batchInvariant ? runner.inputs.rowCountMax ?? .max : 1 }

    /// Loads, checks and calibrates a folder.
    ///
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/modelInvalid``, ``StrataError/Code/storageFailure``.
    init(
        folder path: String, runtime: OnnxRuntime, options: OnnxSession.Options, verification: ModelVerification,
        times: inout ModelLoadTimes
    ) throws {
        let loaded = try LoadedModel(
            folder: path, kind: .reranker, runtime: runtime, options: options, verification: verification,
            times: &times)
        card = loaded.folder.card
        guard let reranking = card.reranking else {
            throw StrataError(.modelInvalid, "model \(card.name): the card of a reranker lacks \"reranking\"")
        }
        name = "\(card.name)@\(loaded.revision)"
        fingerprint = "\(name)#\(loaded.folder.cardDigest.prefix(12))"
        pairs = PairTokenizer(
            tokenizer: loaded.tokenizer, tokenCountMax: card.tokenCountMax, prompt: reranking.prompt)
        let inputs = try GraphInputs(loaded.session.inputs)
        reading = try ScoreReading(reranking, card: card, tokenizer: loaded.tokenizer, outputs: loaded.session.outputs)
        runner = TokenBatchRunner(
            session: loaded.session, inputs: inputs, outputIndex: reading.outputIndex,
            padID: loaded.tokenizer.padID, paddingSide: card.paddingSide)
        let model = self
        try loaded.testOnce(&times) { try model.calibrate(reranking.calibration) }
    }

    /// Runs pairs together.
    ///
    /// - Parameter texts: 1 through ``rowCountMax`` sequences of ``pairs``.
    /// - Returns: one score a pair, 0 through 1.
    /// - Throws: ``StrataError/Code/inferenceFailed``.
    func scores(of texts: [TokenizedText]) throws -> [Double] {
        try runner.run(texts) { try reading.scores(from: $0) }
    }

    private func calibrate(_ calibration: ModelCard.Reranking.Calibration) throws {
        let query = pairs.query(calibration.query)
        let scores = try [calibration.relevant, calibration.irrelevant].map {
            try self.scores(of: [pairs.tokens(of: query, $0)])[0]
        }
        guard scores[0] - scores[1] >= calibration.gapMin else {
            throw StrataError(
                .modelInvalid,
                """
                reranker \(card.name) makes no sense: it scores the text that answers \(scores[0]) and the one that does \
                not \(scores[1]), expected \(calibration.gapMin) more for the first; the weights, the tokenizer or the \
                card's positive column or tokens do not belong together
                """)
        }
    }
}

/// Which numbers of a cross-encoder's output are the score.
struct ScoreReading: Sendable {
    /// What the columns of an output's last axis stand for.
    enum Columns: Equatable, Sendable {
        case logit
        case classes(positive: Int)
        case tokens(positive: Int, negative: Int)
    }

    let outputIndex: Int
    private let columns: Columns
    private let activation: ModelCard.Reranking.Activation
    private let model: String
    private let outputName: String

    /// Works out what a graph's output means.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid`` when nothing fits, or the card leaves open which column is which.
    init(
        _ reranking: ModelCard.Reranking, card: ModelCard, tokenizer: Tokenizer, outputs: [OnnxSession.Value]
    ) throws {
        func invalid(_ message: String) -> StrataError {
            StrataError(.modelInvalid, "reranker \(card.name) \(message)")
        }
        let fitting = outputs.indices.filter {
            outputs[$0].elementType.isFloat && (1...3).contains(outputs[$0].shape.count)
                && (card.output == nil || card.output == outputs[$0].name)
        }
        guard let index = fitting.first, fitting.count == 1 else {
            throw invalid(
                """
                has \(fitting.count) outputs that could hold scores, expected one; outputs: \
                \(OnnxSession.Value.list(outputs)). Name one under "output" in the card
                """)
        }
        let output = outputs[index]
        outputIndex = index
        outputName = output.name
        activation = reranking.activation
        model = card.name
        if let positive = reranking.positiveToken, let negative = reranking.negativeToken {
            guard output.shape.count == 3, let yes = tokenizer.id(of: positive), let no = tokenizer.id(of: negative)
            else {
                throw invalid(
                    """
                    answers with tokens by its card, so that its output must be [batch, sequence, vocabulary] and the \
                    tokenizer must know both; output: \(output.summary)
                    """)
            }
            columns = .tokens(positive: Int(yes), negative: Int(no))
            return
        }
        let width = output.shape.count == 1 ? 1 : output.shape.last ?? nil
        switch (width, reranking.positiveColumn) {
        case (1, _), (nil, nil): columns = .logit
        case (2, let positive?), (nil, let positive?): columns = .classes(positive: positive)
        default:
            throw invalid(
                """
                has output \(output.summary), of which the card does not say what it means; expected one column, or two \
                with "positiveColumn", or the vocabulary with "positiveToken" and "negativeToken"
                """)
        }
    }

    /// The scores of a run.
    ///
    /// - Throws: ``StrataError/Code/inferenceFailed`` for another shape, NaN or infinity.
    func scores(from output: TokenBatchRunner.Output) throws -> [Double] {
        let rowCount = output.usedColumns.count
        let width = output.shape.count == 1 ? 1 : output.shape.last ?? 0
        let isPerToken = output.shape.count == 3
        let leading = isPerToken ? [rowCount, output.columnCount] : [rowCount]
        let wanted =
            switch columns {
            case .logit: width == 1
            case .classes: width == 2
            case .tokens(let positive, let negative): width > max(positive, negative)
            }
        guard wanted, Array(output.shape.prefix(leading.count)) == leading else {
            throw StrataError(
                .inferenceFailed,
                "reranker \(model) gave output \(outputName) of shape \(output.shape), which does not fit its card")
        }
        return try output.usedColumns.enumerated().map { row, used in
            // A decoder has read everything at the last token.
            let start = (isPerToken ? row * output.columnCount + used.upperBound - 1 : row) * width
            func number(_ column: Int) -> Double { Double(output.numbers[start + column]) }
            let logit =
                switch columns {
                case .logit: number(0)
                case .classes(let positive): number(positive) - number(1 - positive)
                case .tokens(let positive, let negative): number(positive) - number(negative)
                }
            let score = activation == .sigmoid ? 1 / (1 + exp(-logit)) : logit
            guard logit.isFinite, (0...1).contains(score) else {
                throw StrataError(
                    .inferenceFailed,
                    """
                    reranker \(model) gave the score \(score), expected 0 through 1; run `strata doctor` or change \
                    "activation" in its card
                    """)
            }
            return score
        }
    }
}
