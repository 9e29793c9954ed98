import Foundation
import StrataCore

extension ModelCard {
    /// The card's name in a model folder.
    public static let fileName = "strata-model.json"

    /// Reads a card.
    ///
    /// - Throws: ``StrataError/Code/modelInvalid`` for malformed JSON, a missing, unknown or ill-typed key, another
    ///   schema version or a value out of range; the message names the key.
    public init(json: [UInt8]) throws {
        do {
            self = try JSONDecoder().decode(ModelCard.self, from: Data(json))
        } catch let failure as DecodingError {
            throw StrataError(.modelInvalid, "\(Self.fileName): \(Self.explain(failure))")
        }
    }

    /// Decodes and checks a card.
    public init(from decoder: any Decoder) throws {
        // The version comes first: a newer schema should be reported as such, not by the first key that it adds.
        schemaVersion = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .schemaVersion)
        guard schemaVersion == Self.schemaVersionKnown else {
            throw StrataError(
                .modelInvalid,
                """
                \(Self.fileName) has schemaVersion \(schemaVersion), this version of Strata reads \
                \(Self.schemaVersionKnown); update Strata or take an older card
                """)
        }
        let values = try decoder.closedContainer(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        kind = try values.decode(Kind.self, forKey: .kind)
        precision = try values.decode(String.self, forKey: .precision)
        source = try values.decode(String.self, forKey: .source)
        license = try values.decode(String.self, forKey: .license)
        files = try values.decode(Files.self, forKey: .files)
        sha256 = try values.decodeIfPresent(String.self, forKey: .sha256)
        output = try values.decodeIfPresent(String.self, forKey: .output)
        // A reranker has no vectors, and a table of tokens no batches; whoever writes such keys all the same is heard.
        let embeds = kind != .reranker
        let runs = kind != .static
        func needed<Value: Decodable>(_ key: CodingKeys, _ isNeeded: Bool, otherwise: Value) throws -> Value {
            guard isNeeded || values.contains(key) else { return otherwise }
            return try values.decode(Value.self, forKey: key)
        }
        pooling = try needed(.pooling, embeds && runs, otherwise: embeds ? .mean : .none)
        normalize = try needed(.normalize, embeds && runs, otherwise: embeds)
        queryPrefix = try needed(.queryPrefix, embeds, otherwise: "")
        documentPrefix = try needed(.documentPrefix, embeds, otherwise: "")
        tokenCountMax = try values.decode(Int.self, forKey: .tokenCountMax)
        longText = try values.decodeIfPresent(LongText.self, forKey: .longText) ?? (runs ? .chunk : .truncate)
        chunkOverlap = try values.decodeIfPresent(Int.self, forKey: .chunkOverlap) ?? min(32, tokenCountMax / 8)
        paddingSide = try needed(.paddingSide, runs, otherwise: .right)
        dimension = try needed(.dimension, embeds, otherwise: 1)
        batchInvariant = try needed(.batchInvariant, runs, otherwise: true)
        selfTest = try needed(.selfTest, embeds, otherwise: .none)
        reranking = kind == .reranker ? try values.decode(Reranking.self, forKey: .reranking) : nil
        try checkRanges()
    }

    private func checkRanges() throws {
        let nameCharacters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")
        try Self.expect(
            !name.isEmpty && name.count <= 128 && name.allSatisfy(nameCharacters.contains), "name",
            "1 through 128 letters, digits, dots, dashes or underscores")
        try Self.expect((1...4096).contains(dimension), "dimension", "1 through 4096, not \(dimension)")
        try Self.expect(
            (2...1_048_576).contains(tokenCountMax), "tokenCountMax", "2 through 1048576, not \(tokenCountMax)")
        try Self.expect(
            (0...tokenCountMax / 2).contains(chunkOverlap), "chunkOverlap",
            "0 through \(tokenCountMax / 2), half of tokenCountMax, not \(chunkOverlap)")
        try Self.expect(
            selfTest.tolerance > 0 && selfTest.tolerance <= 0.2, "selfTest.tolerance",
            "more than 0 and at most 0.2, not \(selfTest.tolerance)")
        try Self.expect(
            kind == .reranker || !selfTest.pairs.isEmpty || !selfTest.orders.isEmpty, "selfTest",
            "at least one pair or order")
        try checkReranking()
        for pair in selfTest.pairs {
            try Self.expect(abs(pair.cosine) <= 1, "selfTest.pairs.cosine", "-1 through 1, not \(pair.cosine)")
        }
        if let sha256 {
            let isDigest = sha256.count == 64 && sha256.allSatisfy { $0.isHexDigit && !$0.isUppercase }
            try Self.expect(isDigest, "sha256", "64 hexadecimal digits in lower case")
        }
        for file in [files.model, files.tokenizer] + files.data {
            // A card must not reach outside its folder.
            try Self.expect(
                !file.isEmpty && !file.hasPrefix(".") && !file.contains("/") && !file.contains("\0"), "files",
                "plain names of files in the folder")
        }
    }

    private func checkReranking() throws {
        guard let reranking else { return }
        try Self.expect(
            [nil, 0, 1].contains(reranking.positiveColumn), "reranking.positiveColumn",
            "0 or 1, not \(reranking.positiveColumn ?? 0)")
        try Self.expect(
            (reranking.positiveToken == nil) == (reranking.negativeToken == nil), "reranking.negativeToken",
            "given together with positiveToken")
        let gapMin = reranking.calibration.gapMin
        try Self.expect(
            gapMin > 0 && gapMin <= 1, "reranking.calibration.gapMin", "more than 0 and at most 1, not \(gapMin)")
    }

    private static func expect(_ isGood: Bool, _ key: String, _ expected: String) throws {
        guard !isGood else { return }
        throw StrataError(.modelInvalid, "\(fileName): \(key) must be \(expected)")
    }

    private static func explain(_ failure: DecodingError) -> String {
        func place(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String {
            let path = (context.codingPath + [last].compactMap(\.self)).map {
                $0.intValue.map(String.init) ?? $0.stringValue
            }
            return path.isEmpty ? "the file" : path.joined(separator: ".")
        }
        return switch failure {
        case .keyNotFound(let key, let context): "the key \(place(context, key)) is missing"
        case .valueNotFound(_, let context): "\(place(context)) must not be null"
        case .typeMismatch(let type, let context): "\(place(context)) must be of type \(type)"
        case .dataCorrupted(let context): "\(place(context)): \(context.debugDescription)"
        @unknown default: "\(failure)"
        }
    }
}

extension ModelCard.Files {
    /// Decodes the names; `data` may be left out.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.closedContainer(keyedBy: CodingKeys.self)
        model = try values.decode(String.self, forKey: .model)
        data = try values.decodeIfPresent([String].self, forKey: .data) ?? []
        tokenizer = try values.decode(String.self, forKey: .tokenizer)
    }
}

extension ModelCard.SelfTest {
    /// Decodes the known results; either list may be left out.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.closedContainer(keyedBy: CodingKeys.self)
        tolerance = try values.decodeIfPresent(Float.self, forKey: .tolerance) ?? 0.01
        pairs = try values.decodeIfPresent([Pair].self, forKey: .pairs) ?? []
        orders = try values.decodeIfPresent([Order].self, forKey: .orders) ?? []
    }
}

extension ModelCard.SelfTest.Pair {
    /// Decodes a pair.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.closedContainer(keyedBy: CodingKeys.self)
        first = try values.decode(String.self, forKey: .first)
        second = try values.decode(String.self, forKey: .second)
        cosine = try values.decode(Float.self, forKey: .cosine)
        firstRole = try values.decodeIfPresent(EmbeddingRole.self, forKey: .firstRole) ?? .document
    }
}

extension ModelCard.SelfTest.Order {
    /// Decodes an order.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.closedContainer(keyedBy: CodingKeys.self)
        query = try values.decode(String.self, forKey: .query)
        nearer = try values.decode(String.self, forKey: .nearer)
        farther = try values.decode(String.self, forKey: .farther)
    }
}

extension ModelCard.Reranking {
    /// Decodes the section of a reranker.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.closedContainer(keyedBy: CodingKeys.self)
        activation = try values.decode(Activation.self, forKey: .activation)
        positiveColumn = try values.decodeIfPresent(Int.self, forKey: .positiveColumn)
        positiveToken = try values.decodeIfPresent(String.self, forKey: .positiveToken)
        negativeToken = try values.decodeIfPresent(String.self, forKey: .negativeToken)
        prompt = try values.decodeIfPresent(Prompt.self, forKey: .prompt)
        calibration = try values.decode(Calibration.self, forKey: .calibration)
    }
}

extension ModelCard.Reranking.Prompt {
    /// Decodes the texts.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.closedContainer(keyedBy: CodingKeys.self)
        start = try values.decode(String.self, forKey: .start)
        beforeQuery = try values.decode(String.self, forKey: .beforeQuery)
        beforeDocument = try values.decode(String.self, forKey: .beforeDocument)
        end = try values.decode(String.self, forKey: .end)
    }
}

extension ModelCard.Reranking.Calibration {
    /// Decodes the texts.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.closedContainer(keyedBy: CodingKeys.self)
        query = try values.decode(String.self, forKey: .query)
        relevant = try values.decode(String.self, forKey: .relevant)
        irrelevant = try values.decode(String.self, forKey: .irrelevant)
        gapMin = try values.decodeIfPresent(Double.self, forKey: .gapMin) ?? 0.05
    }
}

/// Any key of an object.
private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// A keyed container whose object has no keys but those of `Key`: a misspelt key must not pass for a default.
    fileprivate func closedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        for key in try container(keyedBy: AnyKey.self).allKeys where Key(stringValue: key.stringValue) == nil {
            throw DecodingError.dataCorrupted(
                .init(codingPath: codingPath, debugDescription: "the key \"\(key.stringValue)\" is unknown"))
        }
        return try container(keyedBy: type)
    }
}
