import Foundation
import StrataCore
import Testing

struct JSONTextTests {
    @Test(arguments: [
        "", " ", "{", "[", "\"", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01", "-", "1.", ".5", "1e",
        "+1",
        "1 2", "tru", "nul", "\"\\x\"", "\"\\u12\"", "\"\\u+123\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"",
        "\"a\nb\"", "1e999", "]", "NaN", "[1}", "'a'",
    ])
    func whatIsNoJSONIsRefused(text: String) {
        let error = #expect(throws: StrataError.self) { try JSONValue(jsonText: text) }
        #expect(error?.code == .invalidArgument)
    }

    @Test func deepNestingIsRefusedAndDoesNotOverflowTheStack() {
        #expect(throws: StrataError.self) { try JSONValue(jsonText: String(repeating: "[", count: 100_000)) }
    }

    @Test(arguments: [
        (" [ 1 , -2.5e1 , \"\\u00e9\\ud83d\\ude42\\n\\/\" ] ", JSONValue.array([1, -25.0, "é🙂\n/"])),
        ("{\"a\":1,\"a\":2}", .object(["a": 2])), ("9223372036854775807", .integer(.max)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("-0", .integer(0)), ("1.0", .number(1)),
        ("\"\u{7f}\u{2028}\"", "\u{7f}\u{2028}"),
    ])
    func jsonMeansWhatTheStandardSays(text: String, value: JSONValue) throws {
        let read = try JSONValue(jsonText: text)
        #expect(read == value)
        #expect(try JSONValue(jsonText: read.jsonText) == value)
    }

    @Test func textsAreWhatFoundationReads() throws {
        let value: JSONValue = [
            "b": [nil, true, false, -7, 0.1, 1e-300, .integer(.min)], "a\"\\\u{1}\n": "ü🙂", "": [:], "z": [],
        ]
        let decoded = try JSONDecoder().decode(JSONValue.self, from: Data(value.jsonText.utf8))
        #expect(decoded == value)
        #expect(value.jsonText.hasPrefix("{\"\":{},\"a\\\"\\\\\\u0001\\u000a\":\"ü🙂\",\"b\":[null,"))
    }
}
