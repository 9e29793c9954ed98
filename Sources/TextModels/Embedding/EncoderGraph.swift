import StrataCore

/// How a session's inputs are fed and which output is read, worked out once from what the graph declares.
struct EncoderGraph: Sendable, Equatable {
    /// What an input gets.
    enum Feed: String, Sendable, CaseIterable {
        case tokenIDs = "input_ids"
        case attentionMask = "attention_mask"
        case typeIDs = "token_type_ids"
        case positions = "position_ids"
    }

    /// In the order of the graph's inputs.
    let feeds: [Feed]
    let outputIndex: Int
    /// 1 for a graph that takes a single text; nil for any number.
    let rowCountMax: Int?

    /// Matches a graph with its card.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid``: an input that cannot be fed, no output or more than one that fits, or
    ///   an output of another dimension.
    init(inputs: [OnnxSession.Value], outputs: [OnnxSession.Value], card: ModelCard) throws {
        feeds = try inputs.map(Self.feed)
        guard feeds.contains(.tokenIDs) else {
            throw Self.invalid(card, "has no input named input_ids; inputs: \(Self.list(inputs))")
        }
        rowCountMax = inputs.contains { $0.shape[0] == 1 } ? 1 : nil
        outputIndex = try Self.chooseOutput(among: outputs, card: card)
        if case let dimension?? = outputs[outputIndex].shape.last, dimension != card.dimension {
            throw Self.invalid(
                card,
                "has \(dimension) components in output \(outputs[outputIndex].name), its card says \(card.dimension)")
        }
    }

    private static func feed(_ input: OnnxSession.Value) throws -> Feed {
        guard let feed = Feed(rawValue: input.name) else {
            throw StrataError(
                .modelInvalid,
                """
                the model requires an input that Strata cannot feed: \(input.name); it feeds \
                \(Feed.allCases.map(\.rawValue).joined(separator: ", ")). Export the model without it
                """)
        }
        let isOpen = input.shape.count == 2 && (input.shape[0] ?? 1) == 1 && input.shape[1] == nil
        guard input.elementType == .int64, isOpen else {
            throw StrataError(
                .modelInvalid,
                """
                input \(describe(input)) cannot be fed; expected int64 of shape [batch, sequence] with an open \
                sequence. Export the model with dynamic axes
                """)
        }
        return feed
    }

    private static func chooseOutput(among outputs: [OnnxSession.Value], card: ModelCard) throws -> Int {
        let rank = card.pooling == .none ? 2 : 3
        let fitting = outputs.indices.filter { outputs[$0].elementType.isFloat && outputs[$0].shape.count == rank }
        if let name = card.output {
            guard let index = fitting.first(where: { outputs[$0].name == name }) else {
                throw invalid(
                    card,
                    "has no float output \(name) of rank \(rank), as its card says; outputs: \(list(outputs))")
            }
            return index
        }
        guard let index = fitting.first, fitting.count == 1 else {
            throw invalid(
                card,
                """
                has \(fitting.count) float outputs of rank \(rank), expected one for pooling \(card.pooling.rawValue); \
                outputs: \(list(outputs)). Name one under "output" in the card, or change "pooling"
                """)
        }
        return index
    }

    private static func invalid(_ card: ModelCard, _ message: String) -> StrataError {
        StrataError(.modelInvalid, "model \(card.name) \(message)")
    }

    private static func list(_ values: [OnnxSession.Value]) -> String {
        values.map(describe).joined(separator: ", ")
    }

    private static func describe(_ value: OnnxSession.Value) -> String {
        "\(value.name) \(value.elementType) [\(value.shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", "))]"
    }
}
