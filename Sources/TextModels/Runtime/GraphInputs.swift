import StrataCore

/// How the inputs of a transformer's graph are fed, worked out once from what the graph declares.
///
/// Inputs are known by their names, because their order differs between exports: the tokens' ids and mask, types and
/// positions where they are declared, and the key-value cache of a decoder that was exported with one, which is empty.
struct GraphInputs: Sendable, Equatable {
    /// What an input gets.
    enum Feed: Sendable, Equatable {
        case tokenIDs, attentionMask, typeIDs, positions
        /// A key or value of a decoder's cache without any past token. Its shape for a run of so many rows has them in
        /// place of nil.
        case emptyPast(OnnxSession.ElementType, shape: [Int?])

        fileprivate static let named: [(name: String, feed: Feed)] = [
            ("input_ids", .tokenIDs), ("attention_mask", .attentionMask), ("token_type_ids", .typeIDs),
            ("position_ids", .positions),
        ]
    }

    /// In the order of the graph's inputs.
    let feeds: [Feed]
    /// 1 for a graph that takes a single text; nil for any number.
    let rowCountMax: Int?

    /// Reads a graph's declaration.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid`` for an input that cannot be fed, and without `input_ids`.
    init(_ inputs: [OnnxSession.Value]) throws {
        feeds = try inputs.map(Self.feed)
        guard feeds.contains(.tokenIDs) else {
            throw StrataError(
                .modelInvalid, "the graph has no input named input_ids; inputs: \(OnnxSession.Value.list(inputs))")
        }
        rowCountMax = inputs.contains { $0.shape.first == 1 } ? 1 : nil
    }

    private static func feed(_ input: OnnxSession.Value) throws -> Feed {
        if input.name.hasPrefix("past_key_values.") { return try pastFeed(input) }
        guard let feed = Feed.named.first(where: { $0.name == input.name })?.feed else {
            throw StrataError(
                .modelInvalid,
                """
                the model requires an input that Strata cannot feed: \(input.name); it feeds \
                \(Feed.named.map(\.name).joined(separator: ", ")) and past_key_values. Export the model without it
                """)
        }
        let isOpen = input.shape.count == 2 && (input.shape[0] ?? 1) == 1 && input.shape[1] == nil
        guard input.elementType == .int64, isOpen else {
            throw StrataError(
                .modelInvalid,
                """
                input \(input.summary) cannot be fed; expected int64 of shape [batch, sequence] with an open \
                sequence. Export the model with dynamic axes
                """)
        }
        return feed
    }

    /// The first axis is the batch; of the others the only open one counts the past tokens.
    private static func pastFeed(_ input: OnnxSession.Value) throws -> Feed {
        let inner = input.shape.dropFirst()
        guard input.elementType.isFloat, input.shape.count == 4, inner.count(where: { $0 == nil || $0 == 0 }) == 1
        else {
            throw StrataError(
                .modelInvalid,
                """
                input \(input.summary) cannot be fed empty; expected float32 or float16 of shape [batch, heads, past, \
                components] with one open axis beside the batch
                """)
        }
        return .emptyPast(input.elementType, shape: [input.shape[0]] + inner.map { $0 ?? 0 })
    }
}

extension OnnxSession.Value {
    /// The name, type and shape in words.
    var summary: String {
        "\(name) \(elementType) [\(shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", "))]"
    }

    /// Those of several values.
    static func list(_ values: [Self]) -> String { values.map(\.summary).joined(separator: ", ") }
}
