import Foundation
import StrataCore
import Testing

@Suite struct RecordIDTests {
    @Test func idsMadeLaterAreGreaterEvenWhenTheClockStandsStillOrFallsBack() {
        var generator = RecordIDGenerator(random: SystemRandomNumberGenerator())
        var last = generator.next(at: Timestamp(milliseconds: 1_000_000))
        for step in 0..<20_000 {
            let next = generator.next(at: Timestamp(milliseconds: step % 3 == 0 ? 1_000_000 : 999_000))
            #expect(last < next)
            #expect(last.description < next.description)
            last = next
        }
    }

    @Test func anIdIsAVersion7UUIDWithItsTime() throws {
        var generator = RecordIDGenerator(random: SystemRandomNumberGenerator())
        let id = generator.next(at: Timestamp(milliseconds: 0x0123_4567_89AB))
        let text = id.description
        #expect(text.hasPrefix("01234567-89ab-7"))
        #expect("89ab".contains(text[text.index(text.startIndex, offsetBy: 19)]))
        #expect(UUID(uuidString: text)?.uuidString.lowercased() == text)
    }

    @Test func readsWhatItWrites() {
        for _ in 0..<1000 {
            let id = RecordID(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
            #expect(RecordID(id.description) == id)
            #expect(RecordID(id.description.uppercased()) == id)
        }
    }

    @Test(arguments: [
        "", "0", "01234567-89ab-7000-8000-00000000000", "01234567-89ab-7000-8000-0000000000000",
        "01234567x89ab-7000-8000-000000000000", "0123456789ab70008000000000000000",
        "g1234567-89ab-7000-8000-000000000000", "01234567-89ab-7000-8000-00000000000é",
    ])
    func refusesOtherForms(text: String) {
        #expect(RecordID(text) == nil)
    }
}
