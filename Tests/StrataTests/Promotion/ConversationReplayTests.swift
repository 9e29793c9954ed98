import Foundation
import StrataCore
import StrataTesting
import Testing

@testable import Strata

/// JSON text of values, and back.
enum JSONCoding {
    static func encode(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}

@Suite struct ConversationReplayTests {
    private let small = """
        {"sample_id":"small","conversation":{"speaker_a":"Ann","speaker_b":"Bo",
        "session_1_date_time":"12:05 am on 8 May, 2023","session_1":[
        {"speaker":"Ann","dia_id":"D1:1","text":"Hello Bo, where do you live now?"},
        {"speaker":"Bo","dia_id":"D1:2","text":"In Porto since March.","blip_caption":["a river","a bridge"]}],
        "session_2_date_time":"1:30 pm on 9 May, 2023","session_2":[
        {"speaker":"Ann","dia_id":"D2:1","text":"My cat Tilda had four kittens."}]},
        "qa":[{"question":"Where does Bo live?","answer":"Porto","evidence":["D:1:02; D9:9"],"category":4},
        {"question":"How many kittens?","answer":4,"evidence":["D2:1"],"category":4},
        {"question":"Who is Rex?","evidence":["D1:1"],"category":5}]}
        """

    private func write(_ text: String, in scratch: Scratch, named name: String = "c.json") throws -> String {
        let path = scratch.path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func aFileInLocomosFormIsRead() throws {
        let scratch = try Scratch()
        let path = try write(small, in: scratch)
        let conversation = try #require(try LabelledConversation.read(from: path).first)
        #expect(conversation.sessions.map(\.turns.count) == [2, 1])
        #expect(
            conversation.sessions.map(\.time?.description) == ["2023-05-08T00:05:00.000Z", "2023-05-09T13:30:00.000Z"])
        #expect(conversation.sessions[0].turns[1].text == "In Porto since March. [image: a river; a bridge]")
        // The malformed id is repaired, the one that names no turn is dropped, category 5 needs nothing.
        #expect(conversation.neededTurns == ["D1:2", "D2:1"])
        #expect(try LabelledConversation.read(folder: scratch.path) == [conversation])
    }

    @Test func filesThatAreNoConversationAreRefused() throws {
        let scratch = try Scratch()
        for (text, code) in [
            ("[", StrataError.Code.invalidArgument), ("{}", .invalidArgument), ("[1]", .invalidArgument),
        ] {
            let path = try write(text, in: scratch)
            #expect { try LabelledConversation.read(from: path) } throws: { ($0 as? StrataError)?.code == code }
        }
        #expect { try LabelledConversation.read(from: scratch.path + "/none") } throws: {
            ($0 as? StrataError)?.code == .notFound
        }
        #expect { try LabelledConversation.read(folder: scratch.path + "/none") } throws: {
            ($0 as? StrataError)?.code == .notFound
        }
    }

    @Test func nothingOfALaterSessionIsKnownWhenATurnIsDecidedOn() async throws {
        let scratch = try Scratch()
        let whole = try LabelledConversation.read(from: try write(small, in: scratch))
        let cut = try #require(small.range(of: #""session_2_date_time""#))
        let end = try #require(small.range(of: #"]},"#, range: cut.lowerBound..<small.endIndex))
        var shorter = small
        shorter.replaceSubrange(cut.lowerBound..<end.lowerBound, with: #""session_2":["#)
        let early = try LabelledConversation.read(from: try write(shorter, in: scratch, named: "d.json"))
        let model = ModelChoice.embedder(SeededEmbedder())
        let all = try await ConversationReplay.run(whole, at: scratch.path + "/whole", model: model)[0]
        let first = try await ConversationReplay.run(early, at: scratch.path + "/early", model: model)[0]
        #expect(first.examples.count == 2 && all.examples.count == 3)
        #expect(all.examples.prefix(2).map(\.features) == first.examples.map(\.features))
        #expect(all.examples.map(\.isNeeded) == [false, true, true])
        // One question was asked; what it found was used, and the other question's evidence is needed later.
        #expect(all.examples.compactMap(\.afterUse).contains { $0.useCount == 1 })
        #expect(all.examples.compactMap(\.afterUse).count(where: \.isNeeded) == 1)
    }
}
