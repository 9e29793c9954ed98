internal import StrataCore

/// Finds the times that a question names: dates, months, years, and times relative to today.
///
/// It reads English, German, French, Spanish, Russian and Chinese dates, and the commonest relative forms of each. What it
/// does not know it leaves alone; a month without a year means that month of any year.
public struct TimeExpressionParser: Sendable {
    /// Today, in days since 1970-01-01 where the asker is.
    public let today: Int

    private static let analyzer = TextAnalyzer(language: .none)

    /// A parser for questions asked on that day.
    public init(today: Int) { self.today = today }

    /// The times named in a text, in order; none overlaps another.
    public func expressions(in text: String) -> [TimeExpression] {
        let words = Self.analyzer.words(in: text).filter { !$0.isPart }
        let tokens = words.map(Token.init)
        var found: [TimeExpression] = []
        var position = 0
        while position < tokens.count {
            if let (meaning, next) = expression(tokens[...], at: position) {
                let range = tokens[position].utf8Range.lowerBound..<tokens[next - 1].utf8Range.upperBound
                found.append(TimeExpression(utf8Range: range, meaning: meaning))
                position = next
            } else {
                position += 1
            }
        }
        return found
    }

    private typealias Tokens = ArraySlice<Token>
    private typealias Match = (meaning: TimeExpression.Meaning, end: Int)

    private struct Token {
        let utf8Range: Range<Int>
        let role: TimeLexicon.Role?
        /// The numbers of a word of digits: one, or the parts of `08.05.2023`.
        let numbers: [Int]

        init(_ word: AnalyzedWord) {
            utf8Range = word.utf8Range
            role = TimeLexicon.shared[word.surface]
            var digits = Substring(word.surface)
            for suffix in ["st", "nd", "rd", "th", "er"] where digits.hasSuffix(suffix) && digits.count <= 4 {
                digits = digits.dropLast(2)
            }
            let parts = digits.split(separator: "_", omittingEmptySubsequences: false)
            let values = parts.compactMap { $0.utf8.allSatisfy { (48...57).contains($0) } ? Int($0) : nil }
            numbers = values.count == parts.count ? values : []
        }

        var number: Int? { numbers.count == 1 ? numbers[0] : nil }
        var dayOfMonth: Int? { number.flatMap { (1...31).contains($0) ? $0 : nil } }
        var year: Int? { number.flatMap { (1900...2099).contains($0) ? $0 : nil } }
        var month: Int? { if case .month(let month, _) = role { month } else { nil } }
        /// A count before a unit, in digits or as a word.
        var count: Int? {
            if let number { return (1...999).contains(number) ? number : nil }
            if case .number(let value) = role { return value }
            return nil
        }
        var unit: TimeLexicon.Unit? { if case .unit(let unit) = role { unit } else { nil } }
        var direction: TimeLexicon.Direction? {
            if case .direction(let direction) = role { direction } else { nil }
        }
    }

    private func expression(_ tokens: Tokens, at start: Int) -> Match? {
        shifted(tokens, at: start) ?? date(tokens, at: start) ?? relative(tokens, at: start)
    }

    // MARK: Dates

    private func date(_ tokens: Tokens, at start: Int) -> Match? {
        numericDate(tokens, at: start) ?? dayFirst(tokens, at: start) ?? monthFirst(tokens, at: start)
            ?? chineseDate(tokens, at: start) ?? year(tokens, at: start)
    }

    /// `2023-05-08`, `2023/5/8` and `08.05.2023`.
    private func numericDate(_ tokens: Tokens, at start: Int) -> Match? {
        let first = tokens[start]
        if first.numbers.count == 3, first.numbers[2] >= 1900,
            let date = CivilDate(year: first.numbers[2], month: first.numbers[1], day: first.numbers[0])
        {
            return (Self.single(date), start + 1)
        }
        guard let year = first.year, start + 2 < tokens.endIndex, let month = tokens[start + 1].number,
            let day = tokens[start + 2].number, let date = CivilDate(year: year, month: month, day: day),
            first.utf8Range.upperBound + 1 == tokens[start + 1].utf8Range.lowerBound,
            tokens[start + 1].utf8Range.upperBound + 1 == tokens[start + 2].utf8Range.lowerBound
        else { return nil }
        return (Self.single(date), start + 3)
    }

    /// `8 May`, `8th of May, 2023`.
    private func dayFirst(_ tokens: Tokens, at start: Int) -> Match? {
        guard let day = tokens[start].dayOfMonth else { return nil }
        let monthAt = skipLinks(tokens, from: start + 1)
        guard monthAt < tokens.endIndex, let month = tokens[monthAt].month else { return nil }
        return withYear(tokens, month: month, day: day, at: monthAt + 1)
    }

    /// `May 8, 2023`, `May 2023`, `in May`.
    private func monthFirst(_ tokens: Tokens, at start: Int) -> Match? {
        guard case .month(let month, let isAmbiguous) = tokens[start].role else { return nil }
        let next = start + 1 < tokens.endIndex ? tokens[start + 1] : nil
        if let day = next?.dayOfMonth { return withYear(tokens, month: month, day: day, at: start + 2) }
        guard !isAmbiguous || next?.year != nil || isIntroduced(tokens, at: start) else { return nil }
        return withYear(tokens, month: month, day: nil, at: start + 1)
    }

    /// `2023年5月8日` and its parts.
    private func chineseDate(_ tokens: Tokens, at start: Int) -> Match? {
        func part(_ unit: TimeLexicon.Unit, at position: Int) -> Int? {
            guard position + 1 < tokens.endIndex, tokens[position + 1].unit == unit,
                tokens[position].utf8Range.upperBound == tokens[position + 1].utf8Range.lowerBound
            else { return nil }
            return tokens[position].number
        }
        let year = part(.year, at: start).flatMap { (1900...2099).contains($0) ? $0 : nil }
        let monthAt = year == nil ? start : start + 2
        guard let month = part(.month, at: monthAt), (1...12).contains(month) else {
            return year.map { (Self.year($0), start + 2) }
        }
        let dayAt = monthAt + 2
        let day = dayAt < tokens.endIndex ? tokens[dayAt].dayOfMonth : nil
        let end = day == nil ? dayAt : min(dayAt + 2, tokens.endIndex)
        return (Self.meaning(year: year, month: month, day: day), end)
    }

    private func year(_ tokens: Tokens, at start: Int) -> Match? {
        tokens[start].year.map { (Self.year($0), start + 1) }
    }

    private func withYear(_ tokens: Tokens, month: Int, day: Int?, at position: Int) -> Match {
        let yearAt = skipLinks(tokens, from: position)
        if yearAt < tokens.endIndex, let year = tokens[yearAt].year {
            return (Self.meaning(year: year, month: month, day: day), yearAt + 1)
        }
        return (Self.meaning(year: nil, month: month, day: day), position)
    }

    private func skipLinks(_ tokens: Tokens, from position: Int) -> Int {
        var position = position
        while position < tokens.endIndex, tokens[position].role == .link { position += 1 }
        return position
    }

    private func isIntroduced(_ tokens: Tokens, at position: Int) -> Bool {
        guard position > tokens.startIndex else { return false }
        switch tokens[position - 1].role {
        case .preposition, .link, .direction: return true
        default: return false
        }
    }

    // MARK: Relative times

    private func relative(_ tokens: Tokens, at start: Int) -> Match? {
        switch tokens[start].role {
        case .day(let offset): return (.days(today + offset...today + offset), start + 1)
        case .span(let unit, let direction): return (span(unit, direction), start + 1)
        case .direction(let direction): return directed(tokens, direction, at: start + 1)
        case .agoBefore: return distance(tokens, at: start + 1).map { (near(today, $0.count, $0.unit), $0.end) }
        case .weekday(let weekday) where isIntroduced(tokens, at: start):
            return (previous(weekday: weekday), start + 1)
        default:
            guard let found = distance(tokens, at: start), found.end < tokens.endIndex,
                tokens[found.end].role == .ago
            else {
                return trailing(tokens, at: start)
            }
            return (near(today, found.count, found.unit), found.end + 1)
        }
    }

    /// "last week", "this May", "next Friday".
    private func directed(_ tokens: Tokens, _ direction: TimeLexicon.Direction, at position: Int) -> Match? {
        guard position < tokens.endIndex, let meaning = directed(tokens[position].role, direction) else { return nil }
        return (meaning, position + 1)
    }

    /// "la semaine dernière", "el año pasado": the direction behind the unit.
    private func trailing(_ tokens: Tokens, at start: Int) -> Match? {
        guard start + 1 < tokens.endIndex, let direction = tokens[start + 1].direction, direction != .current,
            !(start + 2 < tokens.endIndex && directed(tokens[start + 2].role, direction) != nil)
        else { return nil }
        switch tokens[start].role {
        case .unit, .month, .season: return directed(tokens[start].role, direction).map { ($0, start + 2) }
        default: return nil
        }
    }

    private func directed(_ role: TimeLexicon.Role?, _ direction: TimeLexicon.Direction) -> TimeExpression.Meaning? {
        let now = CivilDate(daysSinceEpoch: today)
        switch role {
        case .unit(.day): return .days(today + direction.rawValue...today + direction.rawValue)
        case .unit(let unit): return span(unit, direction)
        case .weekend:
            let saturday = today - now.weekday + 6 + 7 * direction.rawValue
            return .days(saturday...saturday + 1)
        case .weekday(let weekday):
            if direction == .last { return previous(weekday: weekday) }
            let day = today + (weekday - now.weekday + 7) % 7
            return .days(direction == .next && day == today ? day + 7...day + 7 : day...day)
        case .month(let month, _):
            var year = now.year
            if direction == .last, month >= now.month { year -= 1 }
            if direction == .next, month <= now.month { year += 1 }
            return Self.meaning(year: year, month: month, day: nil)
        case .season(let first):
            var year = now.year
            if direction == .last, first + 2 >= now.month { year -= 1 }
            if direction == .next, first <= now.month { year += 1 }
            return Self.months(from: first, of: year, count: 3)
        default: return nil
        }
    }

    /// "two weeks before Christmas" is not known, "two weeks before 8 May 2023" and "the day after tomorrow" are.
    private func shifted(_ tokens: Tokens, at start: Int) -> Match? {
        var (count, unit, end) = (1, TimeLexicon.Unit.day, start + 1)
        if let found = distance(tokens, at: start) {
            (count, unit, end) = (found.count, found.unit, found.end)
        } else if tokens[start].unit == nil {
            return nil
        } else {
            unit = tokens[start].unit ?? .day
        }
        guard end < tokens.endIndex, tokens[end].role == .before || tokens[end].role == .after else { return nil }
        let anchorAt = skipLinks(tokens, from: end + 1)
        guard anchorAt < tokens.endIndex, let anchor = date(tokens, at: anchorAt) ?? relative(tokens, at: anchorAt),
            case .days(let days) = anchor.meaning
        else { return nil }
        let isBefore = tokens[end].role == .before
        return (
            near(isBefore ? days.lowerBound : days.upperBound, isBefore ? count : -count, unit), anchor.end
        )
    }

    private func distance(_ tokens: Tokens, at start: Int) -> (count: Int, unit: TimeLexicon.Unit, end: Int)? {
        guard start < tokens.endIndex, let count = tokens[start].count else { return nil }
        // "a couple of weeks", "a few days".
        var position = start + 1
        var total = count
        while position < tokens.endIndex, tokens[position].unit == nil, position <= start + 2 {
            if let inner = tokens[position].count, total == 1 {
                total = inner
            } else if tokens[position].role != .link {
                return nil
            }
            position += 1
        }
        guard position < tokens.endIndex, let unit = tokens[position].unit else { return nil }
        return (total, unit, position + 1)
    }

    /// The days around so many units before a day: the longer ago, the vaguer people count.
    private func near(_ day: Int, _ count: Int, _ unit: TimeLexicon.Unit) -> TimeExpression.Meaning {
        let (length, slack) =
            switch unit {
            case .day: (1, 0)
            case .week: (7, 3)
            case .month: (30, 10)
            case .year: (365, 60)
            }
        let middle = day - count * length
        return .days(middle - slack...middle + slack)
    }

    private func previous(weekday: Int) -> TimeExpression.Meaning {
        let back = (CivilDate(daysSinceEpoch: today).weekday - weekday + 7) % 7
        let day = today - (back == 0 ? 7 : back)
        return .days(day...day)
    }

    private func span(_ unit: TimeLexicon.Unit, _ direction: TimeLexicon.Direction) -> TimeExpression.Meaning {
        let now = CivilDate(daysSinceEpoch: today)
        switch unit {
        case .day: return .days(today + direction.rawValue...today + direction.rawValue)
        case .week:
            let monday = today - now.weekday + 1 + 7 * direction.rawValue
            return .days(monday...monday + 6)
        case .month:
            let month = now.month - 1 + direction.rawValue
            return Self.months(from: (month + 12) % 12 + 1, of: now.year + (month < 0 ? -1 : month / 12), count: 1)
        case .year: return Self.year(now.year + direction.rawValue)
        }
    }

    // MARK: Meanings

    private static func single(_ date: CivilDate) -> TimeExpression.Meaning {
        .days(date.daysSinceEpoch...date.daysSinceEpoch)
    }

    private static func year(_ year: Int) -> TimeExpression.Meaning { months(from: 1, of: year, count: 12) }

    private static func months(from month: Int, of year: Int, count: Int) -> TimeExpression.Meaning {
        let last = month - 1 + count
        guard let first = CivilDate(year: year, month: month, day: 1),
            let after = CivilDate(year: year + last / 12, month: last % 12 + 1, day: 1)
        else { return .yearly(month: month, day: nil) }
        return .days(first.daysSinceEpoch...after.daysSinceEpoch - 1)
    }

    /// A day that the month does not have stands for the month.
    private static func meaning(year: Int?, month: Int, day: Int?) -> TimeExpression.Meaning {
        guard let year else { return .yearly(month: month, day: day) }
        if let day, let date = CivilDate(year: year, month: month, day: day) { return single(date) }
        return months(from: month, of: year, count: 1)
    }
}
