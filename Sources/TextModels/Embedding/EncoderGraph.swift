import StrataCore

/// How an embedding graph is fed and which output is read, worked out once from what it declares.
struct EncoderGraph: Sendable, Equatable {
    let inputs: GraphInputs
    let outputIndex: Int

    /// Matches a graph with its card.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid``: an input that cannot be fed, no output or more than one that fits, or
    ///   an output of fewer components than the card says. Of more components the first ones are taken (Kusupati et al.,
    ///   "Matryoshka Representation Learning", <https://arxiv.org/abs/2205.13147>).
    init(inputs: [OnnxSession.Value], outputs: [OnnxSession.Value], card: ModelCard) throws {
        self.inputs = try GraphInputs(inputs)
        outputIndex = try Self.chooseOutput(among: outputs, card: card)
        guard case let dimension?? = outputs[outputIndex].shape.last else { return }
        guard dimension >= card.dimension else {
            throw Self.invalid(
                card,
                "has \(dimension) components in output \(outputs[outputIndex].name), its card says \(card.dimension)")
        }
        guard dimension == card.dimension || card.normalize else {
            throw Self.invalid(
                card,
                "has \(dimension) components and its card takes \(card.dimension) of them; set \"normalize\" in the card"
            )
        }
    }

    private static func chooseOutput(among outputs: [OnnxSession.Value], card: ModelCard) throws -> Int {
        let rank = card.pooling == .none ? 2 : 3
        let fitting = outputs.indices.filter { outputs[$0].elementType.isFloat && outputs[$0].shape.count == rank }
        if let name = card.output {
            guard let index = fitting.first(where: { outputs[$0].name == name }) else {
                throw invalid(
                    card,
                    """
                    has no float output \(name) of rank \(rank), as its card says; outputs: \
                    \(OnnxSession.Value.list(outputs))
                    """)
            }
            return index
        }
        guard let index = fitting.first, fitting.count == 1 else {
            throw invalid(
                card,
                """
                has \(fitting.count) float outputs of rank \(rank), expected one for pooling \(card.pooling.rawValue); \
                outputs: \(OnnxSession.Value.list(outputs)). Name one under "output" in the card, or change "pooling"
                """)
        }
        return index
    }

    private static func invalid(_ card: ModelCard, _ message: String) -> StrataError {
        StrataError(.modelInvalid, "model \(card.name) \(message)")
    }
}
