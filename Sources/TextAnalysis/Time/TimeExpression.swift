internal import Foundation
internal import StrataCore

/// A time that a text names, such as "last May", "8 May 2023" or "two weeks ago".
public struct TimeExpression: Sendable, Hashable {
    /// When it is.
    public enum Meaning: Sendable, Hashable {
        /// Days, counted from 1970-01-01 and both included.
        case days(ClosedRange<Int>)
        /// A month of any year, and a day of it when one is named.
        case yearly(month: Int, day: Int?)
    }

    /// Its place in the text, as offsets into the UTF-8 bytes.
    public let utf8Range: Range<Int>
    /// When it is.
    public let meaning: Meaning

    /// An expression of that place and meaning.
    public init(utf8Range: Range<Int>, meaning: Meaning) {
        self.utf8Range = utf8Range
        self.meaning = meaning
    }

    /// How well a day, counted from 1970-01-01, fits: 1 on a named day or in a named month, less for days near it, and
    /// little for a day of a named year, since a year says little. 0 through 1.
    ///
    /// People tell of things some days after they happened, so nearness fades slowly: by half in two weeks, or in a
    /// third of the time named if that is longer.
    public func agreement(withDay day: Int) -> Double {
        switch meaning {
        case .days(let days): Self.agreement(days, day)
        case .yearly(let month, let dayOfMonth):
            [-1, 0, 1].lazy.map { Self.agreement(month, dayOfMonth, CivilDate(daysSinceEpoch: day).year + $0, day) }
                .max() ?? 0
        }
    }

    private static func agreement(_ month: Int, _ dayOfMonth: Int?, _ year: Int, _ day: Int) -> Double {
        let dayCount = CivilDate.dayCount(month: month, year: year)
        guard let first = CivilDate(year: year, month: month, day: min(dayOfMonth ?? 1, dayCount)) else { return 0 }
        let start = first.daysSinceEpoch
        return agreement(start...(dayOfMonth == nil ? start + dayCount - 1 : start), day)
    }

    private static func agreement(_ days: ClosedRange<Int>, _ day: Int) -> Double {
        let distance = max(0, days.lowerBound - 1 - day, day - 1 - days.upperBound)
        let specificity = min(1, (31 / Double(days.count)).squareRoot())
        return specificity * exp2(-Double(distance) / max(14, Double(days.count) / 3))
    }
}
