internal import Foundation
internal import StrataCore
internal import TextAnalysis

/// What a query says beside its words and its meaning: whom it names and which times.
///
/// Cues are soft: a record that fits is lifted, none is left out.
struct QueryCues: Sendable {
    /// The times that the query names.
    let times: [TimeExpression]
    /// The difference of the asker's clock from UTC, in seconds.
    let utcOffset: Int

    /// The cues of a query asked at a moment, in a time zone.
    init(query: String, now: Timestamp, timeZone: TimeZone) {
        let date = Date(timeIntervalSince1970: Double(now.milliseconds) / 1000)
        utcOffset = timeZone.secondsFromGMT(for: date)
        times = TimeExpressionParser(today: Self.day(of: now, utcOffset: utcOffset)).expressions(in: query)
    }

    /// How well a moment fits the times that the query names, 0 through 1.
    func agreement(with time: Timestamp) -> Double {
        let day = Self.day(of: time, utcOffset: utcOffset)
        return times.reduce(0) { max($0, $1.agreement(withDay: day)) }
    }

    private static func day(of time: Timestamp, utcOffset: Int) -> Int {
        let seconds = Int((time.milliseconds + Int64(utcOffset) * 1000) / 1000)
        return seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    }
}
