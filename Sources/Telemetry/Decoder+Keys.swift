internal import StrataCore

private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// Throws when the object has a key that none of `keys` names: a setting with a typing error must not be passed over.
    func refuseUnknownKeys<Key: CodingKey & CaseIterable>(_ keys: Key.Type) throws {
        let known = Key.allCases.map(\.stringValue)
        for key in try container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
            let place = (codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }).joined(separator: ".")
            throw StrataError(
                .invalidArgument,
                """
                unknown key \(key.stringValue)\(place.isEmpty ? "" : " in \(place)"); \
                expected one of \(known.sorted().joined(separator: ", "))
                """)
        }
    }
}
