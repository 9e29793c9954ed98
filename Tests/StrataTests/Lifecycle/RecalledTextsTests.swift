import StrataCore
import StrataTesting
import Testing

@testable import Strata

@Suite struct RecalledTextsTests {
    private let now = Timestamp(milliseconds: 1_760_000_000_000)
    private let text = "Nora is allergic to hazelnuts and to walnuts since the spring of last year."

    private func noted() -> RecalledTexts {
        var texts = RecalledTexts()
        texts.note([text], in: "a", session: "s", at: now)
        return texts
    }

    @Test(arguments: [
        "Nora is allergic to hazelnuts and to walnuts since the spring of last year.",
        "\"Nora is allergic to hazelnuts and to walnuts since the spring of last year\"",
        "> Note: Nora is allergic to hazelnuts and to walnuts since the spring of last year.",
        "NORA is allergic — to hazelnuts, and to walnuts, since the spring of last year!",
        "Nora is allergic to hazelnuts",
    ])
    func aQuotationIsAnEcho(quotation: String) {
        #expect(noted().isEcho(quotation, in: "a", session: "s", at: now + .seconds(60)))
    }

    @Test(arguments: [
        "Nora is no longer allergic to hazelnuts, the doctor says.",
        "She is allergic to walnuts.", "Yes, hazelnuts.", "",
        "Nora is allergic to hazelnuts, so the cake for her birthday needs another recipe without any nuts at all.",
    ])
    func whatSaysSomethingOfItsOwnIsNone(answer: String) {
        #expect(!noted().isEcho(answer, in: "a", session: "s", at: now))
    }

    @Test func anEchoIsHeardInItsOwnSessionAndForAnHourOnly() {
        var texts = noted()
        #expect(!texts.isEcho(text, in: "b", session: "s", at: now))
        #expect(!texts.isEcho(text, in: "a", session: "t", at: now))
        #expect(!texts.isEcho(text, in: "a", session: "s", at: now + .seconds(3601)))
        texts.forget(namespace: "a")
        #expect(!texts.isEcho(text, in: "a", session: "s", at: now))
    }

    @Test func theOldestTextsLeaveWhenThereAreTooMany() {
        var texts = noted()
        for index in 0..<RecalledTexts.textCountMax {
            texts.note(["the record of number \(index) in this list"], in: "a", session: "s", at: now)
        }
        #expect(!texts.isEcho(text, in: "a", session: "s", at: now))
    }

    @Test func recalledTextThatComesBackIsStoredAsSuchAndCountsAsNoUse() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let id = try await engine.remember(NewMemory(text, session: "s")).record.id
        _ = try await engine.recall("hazelnuts", options: RecallOptions(countsUse: false, session: "s"))
        let echo = try await engine.remember(NewMemory("As you said: \"\(text)\"", session: "s"))
        #expect(echo.status == .stored && echo.record.source == .recall)
        let again = try await engine.remember(NewMemory(text, session: "s"))
        #expect(again.status == .duplicate && again.record.id == id && again.record.accessCount == 0)
        #expect(try await engine.remember(NewMemory(text, session: "other")).record.accessCount == 1)
        try await engine.close()
    }
}
