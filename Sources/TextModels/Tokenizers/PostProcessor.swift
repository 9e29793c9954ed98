import StrataCore

/// The last step of tokenizing: special tokens around the text or the pair of texts, and the type of each token.
struct PostProcessor: Sendable {
    enum Piece: Sendable {
        case first(typeID: Int32)
        case second(typeID: Int32)
        case special([Int32], typeID: Int32)
    }

    static let supported = "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, Sequence"

    private let single: [Piece]
    private let pair: [Piece]
    /// The templates for a call that wants no special tokens.
    private let bareSingle: [Piece]
    private let barePair: [Piece]

    /// How many special tokens a text or a pair gets.
    func specialCount(isPair: Bool) -> Int {
        (isPair ? pair : single).reduce(0) { count, piece in
            if case .special(let ids, _) = piece { count + ids.count } else { count }
        }
    }

    /// Puts the tokens together; `second` is nil for a single text.
    func join(_ first: ArraySlice<Int32>, _ second: ArraySlice<Int32>?, addSpecialTokens: Bool, isTruncated: Bool)
        -> TokenizedText
    {
        let pieces =
            switch (second != nil, addSpecialTokens) {
            case (false, true): single
            case (false, false): bareSingle
            case (true, true): pair
            case (true, false): barePair
            }
        var ids: [Int32] = []
        var typeIDs: [Int32] = []
        let count = first.count + (second?.count ?? 0) + pieces.count
        ids.reserveCapacity(count)
        typeIDs.reserveCapacity(count)
        for piece in pieces {
            let part: ArraySlice<Int32>
            let type: Int32
            switch piece {
            case .first(let typeID): (part, type) = (first, typeID)
            case .second(let typeID): (part, type) = (second ?? [], typeID)
            case .special(let special, let typeID): (part, type) = (special[...], typeID)
            }
            ids.append(contentsOf: part)
            typeIDs.append(contentsOf: repeatElement(type, count: part.count))
        }
        return TokenizedText(ids: ids, typeIDs: typeIDs, isTruncated: isTruncated)
    }
}

extension PostProcessor {
    /// Reads the `post_processor` of the file; nil stands for a file without one.
    ///
    /// - Parameter idOf: the id of a token by its bytes, to check the ids that the section repeats.
    init(_ section: JSONSection?, idOf: ([UInt8]) -> Int32?) throws {
        let plainSingle: [Piece] = [.first(typeID: 0)]
        let plainPair: [Piece] = [.first(typeID: 0), .second(typeID: 1)]
        guard let section = try section.flatMap(Self.effective) else {
            (single, pair, bareSingle, barePair) = (plainSingle, plainPair, plainSingle, plainPair)
            return
        }
        switch try section.kind() {
        case "TemplateProcessing":
            let specials = try Self.specials(section.required("special_tokens"), idOf)
            single = try Self.template(section.required("single"), specials)
            pair = try Self.template(section.required("pair"), specials)
            bareSingle = single.filter { if case .special = $0 { false } else { true } }
            barePair = pair.filter { if case .special = $0 { false } else { true } }
        case "BertProcessing":
            let separator = try Self.token(section.required("sep"), idOf)
            let start = try Self.token(section.required("cls"), idOf)
            single = [.special([start], typeID: 0), .first(typeID: 0), .special([separator], typeID: 0)]
            pair = single + [.second(typeID: 1), .special([separator], typeID: 1)]
            (bareSingle, barePair) = (plainSingle, plainPair)
        case "RobertaProcessing":
            let separator = try Self.token(section.required("sep"), idOf)
            let start = try Self.token(section.required("cls"), idOf)
            single = [.special([start], typeID: 0), .first(typeID: 0), .special([separator], typeID: 0)]
            pair = single + [.special([separator], typeID: 0), .second(typeID: 0), .special([separator], typeID: 0)]
            (bareSingle, barePair) = (plainSingle, [.first(typeID: 0), .second(typeID: 0)])
        case let kind: throw section.unsupported(kind, supported: Self.supported)
        }
    }

    /// The one component that adds tokens. ByteLevel only moves the places of tokens in the text, which nobody asks for.
    private static func effective(_ section: JSONSection) throws -> JSONSection? {
        switch try section.kind() {
        case "ByteLevel": return nil
        case "Sequence":
            let parts = try section.required("processors").elements().compactMap(effective)
            guard parts.count <= 1 else {
                throw StrataError.tokenizerInvalid(
                    "\(section.path) has \(parts.count) components that add tokens; one beside ByteLevel is supported")
            }
            return parts.first
        default: return section
        }
    }

    /// A token written as its text and its id.
    private static func token(_ section: JSONSection, _ idOf: ([UInt8]) -> Int32?) throws -> Int32 {
        let parts = try section.elements()
        guard parts.count == 2 else {
            throw StrataError.tokenizerInvalid(
                "\(section.path) has \(parts.count) elements, expected a token and its id")
        }
        return try checked(parts[1].id(), parts[0].bytes(), section, idOf)
    }

    private static func checked(
        _ id: Int32, _ token: [UInt8], _ section: JSONSection, _ idOf: ([UInt8]) -> Int32?
    ) throws -> Int32 {
        let name = String(decoding: token, as: UTF8.self)
        guard let known = idOf(token) else {
            throw StrataError.tokenizerInvalid(
                "\(section.path) uses \"\(name)\", which neither the vocabulary nor added_tokens has")
        }
        guard known == id else {
            throw StrataError.tokenizerInvalid(
                "\(section.path) gives \"\(name)\" the id \(id), the vocabulary has \(known)")
        }
        return id
    }

    private static func specials(
        _ section: JSONSection, _ idOf: ([UInt8]) -> Int32?
    ) throws -> [(name: [UInt8], ids: [Int32])] {
        try section.members().map { member in
            let name = String(decoding: member.key, as: UTF8.self)
            let special = JSONSection(node: member.value, path: "\(section.path)[\"\(name)\"]")
            let ids = try special.required("ids").elements()
            let tokens = try special.required("tokens").elements()
            guard ids.count == tokens.count else {
                throw StrataError.tokenizerInvalid("\(special.path) has \(ids.count) ids for \(tokens.count) tokens")
            }
            return (member.key, try zip(ids, tokens).map { try checked($0.id(), $1.bytes(), special, idOf) })
        }
    }

    private static func template(
        _ section: JSONSection, _ specials: [(name: [UInt8], ids: [Int32])]
    ) throws -> [Piece] {
        try section.elements().map { element in
            if let sequence = element.member("Sequence") {
                let typeID = try sequence.required("type_id").id()
                switch try sequence.required("id").string() {
                case "A": return .first(typeID: typeID)
                case "B": return .second(typeID: typeID)
                case let id:
                    throw StrataError.tokenizerInvalid("\(sequence.path).id is \"\(id)\", expected \"A\" or \"B\"")
                }
            }
            let special = try element.required("SpecialToken")
            let name = try special.required("id").bytes()
            guard let ids = specials.first(where: { $0.name == name })?.ids else {
                throw StrataError.tokenizerInvalid(
                    "\(special.path) uses \"\(String(decoding: name, as: UTF8.self))\", which special_tokens lacks")
            }
            return .special(ids, typeID: try special.required("type_id").id())
        }
    }
}
