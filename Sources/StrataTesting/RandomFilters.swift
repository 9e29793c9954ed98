public import StrataCore

/// Random records and filters over few values, so that many filters match some records and not others.
public struct RandomFilters: Sendable {
    private var random: SeededGenerator
    private static let strings = [
        "a", "b", "é", "e\u{301}", "", "A", "a\"b", "x'; DROP TABLE record; --", "a.b", "\\", "10", "🙂", "\u{1}", "%",
        "ab",
    ]
    private static let numbers: [JSONValue] = [
        0, 1, -1, 1.0, 0.1, 0.30000000000000004, 2.5, 1e300, .integer(.max), .number(9_007_199_254_740_992),
        .integer(9_007_199_254_740_993), 1e-7, .number(-0.0),
    ]
    private static let moments: [Int64] = [-1, 0, 1, 1000, 1_760_000_000_000]

    /// Filters that follow from the seed.
    public init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// A record with that number's id; fields take few values, awkward ones among them.
    public mutating func record(_ number: Int, text: String, in namespace: String) -> MemoryRecord {
        MemoryRecord(
            id: StoreSample.id(number), namespace: namespace, text: text, speaker: maybe { $0.string() },
            layer: pick(Layer.allCases), kind: string(),
            tags: Self.withoutRepeats((0..<below(4)).map { _ in string() }),
            project: maybe { $0.string() }, session: maybe { $0.string() }, metadata: metadata(depth: 2),
            importance: pick([0, 0.25, 0.5, 1]), pinned: below(4) == 0, source: pick(MemoryRecord.Source.allCases),
            createdAt: moment(), updatedAt: moment(), occurredAt: maybe { $0.moment() },
            lastAccessedAt: maybe { $0.moment() }, accessCount: below(3))
    }

    /// A patch of some fields, never of the text.
    public mutating func patch() -> RecordPatch {
        RecordPatch(
            layer: maybe { $0.pick(Layer.allCases) }, kind: maybe { $0.string() },
            tags: maybe { random in Self.withoutRepeats((0..<random.below(3)).map { _ in random.string() }) },
            metadata: maybe { $0.metadata(depth: 1) }, importance: maybe { $0.pick([0, 0.25, 0.5, 1]) },
            pinned: maybe { $0.below(2) == 0 }, occurredAt: maybe { $0.moment() })
    }

    /// A filter; every case comes up.
    public mutating func filter(depth: Int = 3) -> Filter {
        switch below(depth > 0 ? 14 : 11) {
        case 0: return .layers(Set((0..<below(3)).map { _ in pick(Layer.allCases) }))
        case 1: return .text(pick(Filter.TextField.allCases), oneOf: strings() + [pick(["user", "tool"])])
        case 2: return .tagsAny(strings())
        case 3: return .tagsAll(strings())
        case 4: return .tagsNone(strings())
        case 5: return .time(pick(Filter.TimeField.allCases), pick(Filter.Comparison.allCases), moment())
        case 6: return .importance(pick(Filter.Comparison.allCases), pick([0, 0.25, 0.3, 1, .nan, .infinity]))
        case 7: return .pinned(below(2) == 0)
        case 8:
            return .metadata(path: path(), pick(Filter.Comparison.allCases), value(depth: below(8) == 0 ? 1 : 0))
        case 9: return .metadataIn(path: path(), (0..<below(4)).map { _ in value(depth: 0) })
        case 10: return .metadataContains(path: path(), value(depth: 0))
        case 11: return .all((0..<below(4)).map { _ in filter(depth: depth - 1) })
        case 12: return .any((0..<below(4)).map { _ in filter(depth: depth - 1) })
        default: return .not(filter(depth: depth - 1))
        }
    }

    /// A whole number from 0 up to, not including, `count`.
    public mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    /// One of some values, which must not be empty.
    public mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

    private mutating func maybe<Value>(_ make: (inout Self) -> Value) -> Value? {
        below(2) == 0 ? nil : make(&self)
    }

    private mutating func string() -> String { pick(Self.strings) }
    private mutating func strings() -> [String] { (0..<below(3)).map { _ in string() } }
    private mutating func moment() -> Timestamp { Timestamp(milliseconds: pick(Self.moments)) }
    private mutating func path() -> [String] {
        (0..<(below(5) == 0 ? 2 + below(2) : below(6) == 0 ? 0 : 1)).map { _ in string() }
    }

    private mutating func metadata(depth: Int) -> [String: JSONValue] {
        // Keys that Swift takes as equal would depend on the order of insertion; one of them is enough here.
        var members: [String: JSONValue] = [:]
        for _ in 0..<below(5) { members[string()] = value(depth: depth) }
        return members
    }

    private mutating func value(depth: Int) -> JSONValue {
        switch below(depth > 0 ? 8 : 6) {
        case 0: .null
        case 1: .bool(below(2) == 0)
        case 2, 3: pick(Self.numbers)
        case 4, 5: .string(string())
        case 6: .array((0..<below(3)).map { _ in value(depth: depth - 1) })
        default: .object(metadata(depth: depth - 1))
        }
    }

    private static func withoutRepeats(_ strings: [String]) -> [String] {
        strings.enumerated().filter { index, text in
            !strings[..<index].contains { $0.utf8.elementsEqual(text.utf8) }
        }.map(\.element)
    }
}
