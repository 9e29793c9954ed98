import Foundation
import Ingest
import StrataCore
import Testing

@Suite struct ExportFormatTests {
    private static let chatGPT = #"""
        [{"title":"Trip","create_time":1700000000.5,"conversation_id":"c-1","current_node":"n4","mapping":{
          "n0":{"id":"n0","message":null,"parent":null,"children":["n1"]},
          "n1":{"id":"n1","parent":"n0","children":["n2"],"message":{"id":"m1","author":{"role":"system"},
            "content":{"content_type":"text","parts":["be kind"]},"metadata":{}}},
          "n2":{"id":"n2","parent":"n1","children":["n3","n9"],"message":{"id":"11111111-2222-7333-8444-555555555555",
            "author":{"role":"user"},"create_time":1700000001.25,
            "content":{"content_type":"text","parts":["Where is the \"hut\"? [in] {braces} \\ "]},"recipient":"all"}},
          "n9":{"id":"n9","parent":"n2","children":[],"message":{"id":"m9","author":{"role":"assistant"},
            "content":{"content_type":"text","parts":["abandoned"]}}},
          "n3":{"id":"n3","parent":"n2","children":["n4"],"message":{"id":"m3","author":{"role":"assistant"},
            "content":{"content_type":"code","text":"search()"},"recipient":"browser"}},
          "n4":{"id":"n4","parent":"n3","children":[],"message":{"id":"m4","author":{"role":"assistant"},
            "create_time":null,"content":{"content_type":"multimodal_text","parts":[{"asset":"x"},"On the ridge."]}}}
        }},
        {"title":"Empty","mapping":{}}, 7, {"other":1}]
        """#

    @Test func aChatGPTExportGivesTheVisibleMessages() throws {
        let events = try Scratch().events(Self.chatGPT.utf8, .chatGPT)
        let items = events.compactMap(\.item)
        #expect(items.map(\.text) == [#"Where is the "hut"? [in] {braces} \"#, "On the ridge."])
        #expect(items.map(\.speaker) == ["user", "assistant"])
        #expect(items.allSatisfy { $0.session == "c-1" && $0.metadata == ["title": "Trip"] && $0.origin == nil })
        #expect(items[0].occurredAt == Timestamp(milliseconds: 1_700_000_001_250))
        #expect(items[0].externalID == "11111111-2222-7333-8444-555555555555")
        #expect(items[1].occurredAt == nil)
        let omissions = events.compactMap { if case .omission(let reason) = $0 { reason } else { nil } }
        #expect(omissions == [.hiddenMessage, .toolMessage, .otherBranch])
        let problems = events.compactMap(\.problem)
        #expect(problems.map(\.reason).count == 2 && problems.allSatisfy { $0.line != nil })
        #expect(problems.first?.reason == .notAnObject(kind: "number"))
    }

    @Test func aClaudeExportGivesMessagesAndAttachments() throws {
        let text = #"""
            [{"uuid":"u-1","name":"Plans","chat_messages":[
              {"uuid":"a1","sender":"human","text":"old form","content":[],"created_at":"2026-01-02T03:04:05.678901Z",
               "attachments":[{"file_name":"a.txt","extracted_content":"the attached words"}]},
              {"uuid":"a2","sender":"assistant","text":"ignored","content":[
                {"type":"thinking","thinking":"hm"},{"type":"text","text":"first"},{"type":"tool_use","input":{}},
                {"type":"text","text":"second"}]},
              {"uuid":"a3","sender":"human","text":"","content":[]}]}]
            """#
        let events = try Scratch().events(text.utf8, .claude)
        let items = events.compactMap(\.item)
        #expect(items.map(\.text) == ["old form", "the attached words", "first\nsecond"])
        #expect(items.map(\.speaker) == ["user", "user", "assistant"])
        #expect(items.map(\.kind) == ["message", "attachment", "message"])
        #expect(items.map(\.externalID) == ["a1", nil, "a2"])
        #expect(items[1].metadata == ["title": "Plans", "fileName": "a.txt"])
        #expect(items[0].occurredAt == Timestamp(iso8601: "2026-01-02T03:04:05.678Z"))
        #expect(events.last == .omission(.noText))
    }

    @Test(arguments: [#"[%]"#, #"{"results":[%]}"#, #"{"total":[1,{"results":[2]}],"memories" : [%],"x":1}"#])
    func aMem0ExportIsReadInAllItsForms(frame: String) throws {
        let memory = #"""
            {"id":"892db2ae-06d9-49e5-8b3e-585ef9b85b8e","memory":"Likes tea","hash":"h","score":0.5,"user_id":"alice",
            "run_id":"r1","categories":["food","food"],"metadata":{"a":1},"created_at":"2026-01-02T03:04:05-07:00",
            "updated_at":null}
            """#
        let items = try Scratch().items(frame.replacing("%", with: memory), .mem0)
        #expect(items.count == 1)
        #expect(items[0].text == "Likes tea" && items[0].tags == ["food"] && items[0].session == "r1")
        #expect(items[0].metadata == ["a": 1, "user_id": "alice"])
        #expect(items[0].externalID == "892db2ae-06d9-49e5-8b3e-585ef9b85b8e")
        #expect(items[0].occurredAt == Timestamp(iso8601: "2026-01-02T10:04:05Z"))
    }

    @Test func theMCPMemoryFileGivesObservationsAndRelations() throws {
        let text = """
            {"type":"entity","name":"Ada","entityType":"person","observations":["likes tea","lives in Rome"]}
            {"type":"relation","from":"Ada","to":"Acme","relationType":"works_at"}
            {"type":"entity","name":"Acme","entityType":"company","observations":[]}
            {"type":"entity"}
            {"type":"entity",
            """
        let events = try Scratch().events(text.utf8, .mcpMemory)
        let items = events.compactMap(\.item)
        #expect(
            items.map(\.text) == ["Ada: likes tea", "Ada: lives in Rome", "Ada works at Acme", "Acme (company)"])
        #expect(items[0].metadata == ["entity": "Ada", "entityType": "person", "observation": "likes tea"])
        #expect(items[2].metadata == ["from": "Ada", "to": "Acme", "relationType": "works_at"])
        #expect(events.compactMap(\.problem).map(\.line) == [4, 5])
    }

    @Test func aDocumentThatIsCutOffGivesWhatIsWholeAndNamesTheLine() throws {
        let whole = #"[{"memory":"one"},"# + "\n" + #"{"memory":"two"},"# + "\n" + #"{"memory":"thr"#
        let events = try Scratch().events(whole.utf8, .mem0)
        #expect(events.compactMap(\.item?.text) == ["one", "two"])
        #expect(events.compactMap(\.problem) == [IngestProblem(path: "file", line: 3, reason: .brokenDocument)])
        for broken in ["7", "{}", #"{"results":3}"#, "[{}}", "\u{FEFF}[", #"["unclosed"#] {
            let problem = try Scratch().events(broken.utf8, .mem0).last?.problem
            #expect(problem != nil, "\(broken)")
        }
        #expect(try Scratch().events("[]".utf8, .claude).isEmpty)
    }

    @Test func anElementOverTheLimitIsNamedAndLeftOut() throws {
        var options = IngestOptions()
        options.elementBytesMax = 40
        let text = #"[{"memory":"short"},{"memory":"\#(String(repeating: "x", count: 300_000))"},{"memory":"end"}]"#
        let events = try Scratch().events(text.utf8, .mem0, options)
        #expect(events.compactMap(\.item?.text) == ["short", "end"])
        #expect(events.compactMap(\.problem?.reason) == [.lineTooLong(byteCount: 300_013, limit: 40)])
    }

    @Test func aFileTellsWhatItIs() throws {
        let scratch = try Scratch()
        let cases: [(String, String, ImportFormat?)] = [
            ("conversations.json", Self.chatGPT, .file(.chatGPT)),
            ("c.json", #"[{"uuid":"u","chat_messages":[]}]"#, .file(.claude)),
            ("m.json", #"{"results":[{"memory":"x"}]}"#, .file(.mem0)),
            ("memory.json", #"{"type":"entity","name":"a"}"#, .file(.mcpMemory)),
            ("memory.jsonl", #"{"type":"relation"}"#, .file(.mcpMemory)),
            ("e.jsonl", #"{"format":"strata-export","type":"header","version":1}"#, .strata),
            ("plain.jsonl", #"{"text":"x"}"#, .file(.jsonLines)), ("damaged.jsonl", "{", .file(.jsonLines)),
            ("n.md", "[", .file(.markdown)), ("x.bin", "PK", nil), ("empty.json", "", nil), ("a.json", "{}", nil),
        ]
        for (name, text, expected) in cases {
            try scratch.write(name, text.utf8)
            #expect(ImportFormat.detect(file: scratch.folder.appendingPathComponent(name).path) == expected, "\(name)")
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func garbledDocumentsNeverStopTheProcess(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let scratch = try Scratch()
        for _ in 0..<150 {
            var bytes = Array(Self.chatGPT.utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                if Bool.random(using: &random) {
                    bytes[place] = UInt8.random(in: 0...255, using: &random)
                } else {
                    bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...200, using: &random)))
                }
            }
            for format in [IngestFormat.chatGPT, .claude, .mem0, .mcpMemory] {
                let events = try scratch.events(bytes, format)
                #expect(events.count < 5000)
            }
        }
    }
}
