import StrataCore
import Testing

@testable import TextAnalysis

@Suite struct TimeExpressionTests {
    /// A Sunday.
    private static let today = CivilDate(year: 2026, month: 11, day: 22)!.daysSinceEpoch
    private let parser = TimeExpressionParser(today: today)

    private func described(_ text: String) -> [String] {
        parser.expressions(in: text).map { expression in
            switch expression.meaning {
            case .days(let days):
                return [days.lowerBound, days.upperBound].map { day in
                    let date = CivilDate(daysSinceEpoch: day)
                    return "\(date.year)-\(date.month)-\(date.day)"
                }.joined(separator: "…")
            case .yearly(let month, let day): return "month \(month)" + (day.map { " day \($0)" } ?? "")
            }
        }
    }

    @Test(arguments: [
        ("When did she leave on 8 May 2023?", "2023-5-8…2023-5-8"),
        ("the 8th of May, 2023", "2023-5-8…2023-5-8"),
        ("on May 8, 2023", "2023-5-8…2023-5-8"),
        ("since 2023-05-08", "2023-5-8…2023-5-8"),
        ("am 08.05.2023", "2023-5-8…2023-5-8"),
        ("am 8. Mai 2023", "2023-5-8…2023-5-8"),
        ("el 8 de mayo de 2023", "2023-5-8…2023-5-8"),
        ("le 8 mai 2023", "2023-5-8…2023-5-8"),
        ("8 мая 2023 года", "2023-5-8…2023-5-8"),
        ("2023年5月8日", "2023-5-8…2023-5-8"),
        ("What happened in February 2024?", "2024-2-1…2024-2-29"),
        ("in August", "month 8"),
        ("im August", "month 8"),
        ("in May", "month 5"),
        ("on December 24", "month 12 day 24"),
        ("в марте", "month 3"),
        ("en août", "month 8"),
        ("during 2022", "2022-1-1…2022-12-31"),
        ("yesterday", "2026-11-21…2026-11-21"),
        ("сегодня", "2026-11-22…2026-11-22"),
        ("昨天", "2026-11-21…2026-11-21"),
        ("last week", "2026-11-9…2026-11-15"),
        ("this week", "2026-11-16…2026-11-22"),
        ("last weekend", "2026-11-14…2026-11-15"),
        ("last month", "2026-10-1…2026-10-31"),
        ("next month", "2026-12-1…2026-12-31"),
        ("last year", "2025-1-1…2025-12-31"),
        ("last May", "2026-5-1…2026-5-31"),
        ("last December", "2025-12-1…2025-12-31"),
        ("last summer", "2026-6-1…2026-8-31"),
        ("last Friday", "2026-11-20…2026-11-20"),
        ("on Sunday", "2026-11-15…2026-11-15"),
        ("la semaine dernière", "2026-11-9…2026-11-15"),
        ("el año pasado", "2025-1-1…2025-12-31"),
        ("letzten Sommer", "2026-6-1…2026-8-31"),
        ("в прошлом году", "2025-1-1…2025-12-31"),
        ("去年", "2025-1-1…2025-12-31"),
        ("three days ago", "2026-11-19…2026-11-19"),
        ("2 days ago", "2026-11-20…2026-11-20"),
        ("a week ago", "2026-11-12…2026-11-18"),
        ("a couple of weeks ago", "2026-11-5…2026-11-11"),
        ("vor drei Tagen", "2026-11-19…2026-11-19"),
        ("hace dos días", "2026-11-20…2026-11-20"),
        ("три дня назад", "2026-11-19…2026-11-19"),
        ("two weeks before 22 May 2023", "2023-5-5…2023-5-11"),
        ("the day after 31 December 2023", "2024-1-1…2024-1-1"),
        ("the day before yesterday", "2026-11-20…2026-11-20"),
        ("on 31 February 2023", "2023-2-1…2023-2-28"),
    ])
    func timesAreRead(text: String, expected: String) {
        #expect(described(text) == [expected])
    }

    @Test(arguments: [
        "May I ask you something?", "They march every morning", "Who is Will?", "What did she buy for 20 euros?", "",
        "How many years has he worked there?", "Where is the second key?", "the mar and the sat", "version 3.5.1",
        "a week",
    ])
    func otherWordsAreLeftAlone(text: String) {
        #expect(described(text).isEmpty)
    }

    @Test func severalTimesAreFoundWithTheirPlaces() throws {
        let text = "Between March 2023 and last week, what changed?"
        let found = parser.expressions(in: text)
        try #require(found.count == 2)
        let bytes = Array(text.utf8)
        #expect(found.map { String(decoding: bytes[$0.utf8Range], as: UTF8.self) } == ["March 2023", "last week"])
    }

    @Test func agreementFallsWithDistanceAndWithVagueness() throws {
        let day = try #require(parser.expressions(in: "8 May 2023").first)
        let date = try #require(CivilDate(year: 2023, month: 5, day: 8)).daysSinceEpoch
        #expect(day.agreement(withDay: date) == 1)
        #expect(day.agreement(withDay: date + 1) == 1)
        #expect(abs(day.agreement(withDay: date + 15) - 0.5) < 1e-12)
        let year = try #require(parser.expressions(in: "in 2023").first)
        #expect(year.agreement(withDay: date) < 0.3)
        let month = try #require(parser.expressions(in: "in May").first)
        #expect(month.agreement(withDay: date) == 1)
        #expect(month.agreement(withDay: date + 365) == 1)
        #expect(month.agreement(withDay: date + 180) < 0.01)
        for offset in stride(from: -4000, through: 4000, by: 37) {
            for expression in [day, year, month] {
                #expect((0...1).contains(expression.agreement(withDay: date + offset)))
            }
        }
    }

    @Test func datesAndDayNumbersAreInverse() {
        for day in stride(from: -719_162, through: 2_932_896, by: 997) {
            let date = CivilDate(daysSinceEpoch: day)
            #expect(date.daysSinceEpoch == day)
            #expect(CivilDate(year: date.year, month: date.month, day: date.day) == date)
        }
        #expect(CivilDate(daysSinceEpoch: 0).weekday == 4)
        #expect(CivilDate(year: 2026, month: 2, day: 29) == nil)
    }
}
