import Foundation
import StrataCore
import Testing

@Suite struct FilterTests {
    private let record = MemoryRecord(
        id: RecordID(high: 1, low: 2), namespace: "n", text: "t", speaker: "Nora", layer: .insights, kind: "turn",
        tags: ["trip", "hut"], project: nil, session: "s1",
        metadata: ["price": 129, "size": ["eu": 41], "note": "grey boots", "list": ["a", 2], "none": nil, "ok": true],
        importance: 0.7, createdAt: Timestamp(milliseconds: 1000), occurredAt: Timestamp(milliseconds: 500))

    private func passes(_ json: String) throws -> Bool {
        try Filter(json: JSONDecoder().decode(JSONValue.self, from: Data(json.utf8))).matches(record)
    }

    @Test(arguments: [
        #"{}"#, #"{"layer":"insights"}"#, #"{"layer":["assets","insights"]}"#, #"{"tags":["trip","hut"]}"#,
        #"{"tags":{"any":["x","hut"],"none":["y"]}}"#, #"{"kind":"turn","session":"s1"}"#,
        #"{"speaker":["Nora","Bean"]}"#, #"{"pinned":false}"#, #"{"importance":{"gt":0.5,"lte":0.7}}"#,
        #"{"createdAt":{"gte":"1970-01-01T00:00:01Z"}}"#, #"{"metadata.price":{"gte":100,"lt":130}}"#,
        #"{"metadata.price":129}"#, #"{"metadata.price":129.0}"#, #"{"metadata.size.eu":{"in":[40,41]}}"#,
        #"{"metadata.note":{"contains":"boots"}}"#, #"{"metadata.list":{"contains":2}}"#, #"{"metadata.none":null}"#,
        #"{"metadata.ok":true}"#, #"{"metadata.ok":{"ne":false}}"#, #"{"metadata.note":{"gt":"grey"}}"#,
        #"{"not":{"layer":"assets"}}"#, #"{"or":[{"kind":"x"},{"tags":["hut"]}]}"#,
        #"{"and":[{"kind":"turn"},{"not":{"metadata.absent":1}}]}"#,
    ])
    func whatHoldsPasses(json: String) throws {
        #expect(try passes(json))
    }

    @Test(arguments: [
        #"{"layer":"assets"}"#, #"{"layer":[]}"#, #"{"project":"p"}"#, #"{"tags":["trip","x"]}"#,
        #"{"tags":{"none":["hut"]}}"#, #"{"lastAccessedAt":{"lt":"2030-01-01"}}"#, #"{"metadata.price":"129"}"#,
        #"{"metadata.price":{"gt":"100"}}"#, #"{"metadata.absent":{"ne":1}}"#, #"{"metadata.ok":{"gt":0}}"#,
        #"{"metadata.note":{"contains":1}}"#, #"{"or":[]}"#, #"{"not":{}}"#, #"{"metadata.note":{"contains":"Boots"}}"#,
    ])
    func whatDoesNotHoldFails(json: String) throws {
        #expect(try !passes(json))
    }

    @Test(arguments: [
        #"[]"#, #""layer""#, #"{"colour":"red"}"#, #"{"layer":"attic"}"#, #"{"layer":1}"#, #"{"tags":{"some":["x"]}}"#,
        #"{"tags":[1]}"#, #"{"pinned":"yes"}"#, #"{"importance":"high"}"#, #"{"createdAt":{"gte":"yesterday"}}"#,
        #"{"createdAt":{"contains":"2026"}}"#, #"{"metadata.price":{"gte":true}}"#, #"{"metadata.price":{"like":"x"}}"#,
        #"{"metadata..x":1}"#, #"{"metadata.x":{"in":3}}"#, #"{"and":{}}"#, #"{"not":[]}"#,
    ])
    func aMalformedFilterIsRefusedByName(json: String) throws {
        let error = #expect(throws: StrataError.self) { try passes(json) }
        #expect(error?.code == .invalidFilter)
        #expect(error?.message.isEmpty == false)
    }

    @Test func jsonValuesSurviveARoundTrip() throws {
        let value: JSONValue = ["a": [1, 2.5, "x", true, nil], "b": ["c": -7]]
        let data = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(JSONValue.self, from: data) == value)
    }
}
