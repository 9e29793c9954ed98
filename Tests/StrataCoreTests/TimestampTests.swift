import Foundation
import StrataCore
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01", 0), ("1970-01-01T00:00:00Z", 0), ("2026-05-04T19:12:00+02:00", 1_777_914_720_000),
        ("2026-05-04 17:12", 1_777_914_720_000), ("2026-05-04T17:12:00.5Z", 1_777_914_720_500),
        ("2026-05-04T17:12:00.123456Z", 1_777_914_720_123), ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ("1969-12-31T23:59:59.999Z", -1), ("2026-05-04T17:12:00-0530", 1_777_934_520_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
    ])
    func readsISO8601(text: String, milliseconds: Int64) {
        #expect(Timestamp(iso8601: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-05", "2026-13-01", "2026-02-29", "2026-05-04T", "2026-05-04T25:00", "2026-05-04T10:61",
        "2026-05-04T10:00:00+", "2026-05-04T10:00:00Zx", "0000-01-01", "2026-5-4", "26-05-04", "2026-05-04T10:00:00.Z",
        "２０２６-05-04",
    ])
    func refusesWhatIsNoMoment(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test func agreesWithFoundationOnADayInEveryMonthOfEightCenturies() throws {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        for year in stride(from: 1600, through: 2400, by: 7) {
            for month in 1...12 {
                let components = DateComponents(year: year, month: month, day: 1 + (year + month) % 28, hour: 13)
                let date = try #require(calendar.date(from: components))
                let moment = Timestamp(milliseconds: Int64(date.timeIntervalSince1970 * 1000))
                #expect(moment.description == formatter.string(from: date))
                #expect(Timestamp(iso8601: moment.description) == moment)
            }
        }
    }

    @Test func durationsAddAndSubtract() {
        let moment = Timestamp(milliseconds: 1000)
        #expect((moment + .seconds(2)).milliseconds == 3000)
        #expect(moment - Timestamp(milliseconds: 250) == .milliseconds(750))
        #expect((moment - .milliseconds(1500)).milliseconds == -500)
    }
}
