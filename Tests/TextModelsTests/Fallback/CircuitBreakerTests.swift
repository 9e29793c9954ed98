import StrataCore
import Testing

@testable import TextModels

struct CircuitBreakerTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    private func after(_ seconds: Int64) -> Timestamp { start + .seconds(seconds) }

    private func opened() -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for _ in 0..<3 { if let admission = breaker.admit(at: start) { breaker.fail(admission, at: start) } }
        return breaker
    }

    @Test func threeFailuresInARowOpenItAndASuccessStartsTheCountAgain() {
        var breaker = CircuitBreaker()
        for _ in 0..<2 { breaker.fail(.usual, at: start) }
        breaker.succeed(.usual)
        for _ in 0..<2 { breaker.fail(.usual, at: start) }
        #expect(breaker.state == .closed && breaker.admit(at: start) == .usual)
        breaker.fail(.usual, at: start)
        #expect(breaker.state == .open && breaker.admit(at: start) == nil)
    }

    @Test func afterTheOpenTimeOneCallTriesAndTheOthersWait() {
        var breaker = opened()
        #expect(breaker.admit(at: after(299)) == nil)
        #expect(breaker.admit(at: after(300)) == .probe)
        #expect(breaker.state == .halfOpen && breaker.admit(at: after(301)) == nil)
        breaker.succeed(.probe)
        #expect(breaker.state == .closed && breaker.failureCount == 0 && breaker.admit(at: after(302)) == .usual)
    }

    @Test func aFailedTryOpensItForAsLongAgain() {
        var breaker = opened()
        _ = breaker.admit(at: after(300))
        breaker.fail(.probe, at: after(310))
        #expect(breaker.admit(at: after(609)) == nil && breaker.admit(at: after(610)) == .probe)
    }

    @Test func aTryThatSaysNothingLetsTheNextCallTry() {
        var breaker = opened()
        _ = breaker.admit(at: after(300))
        breaker.abandon(.probe)
        #expect(breaker.admit(at: after(301)) == .probe)
    }

    @Test func callsFromBeforeTheFailuresChangeNothing() {
        var breaker = opened()
        breaker.succeed(.usual)
        breaker.fail(.usual, at: after(200))
        breaker.abandon(.usual)
        #expect(breaker.state == .open && breaker.admit(at: after(300)) == .probe)
        breaker.succeed(.usual)
        #expect(breaker.state == .halfOpen)
    }

    @Test func aClockThatWasSetBackDoesNotKeepItOpen() {
        var breaker = opened()
        #expect(breaker.admit(at: after(-1000)) == .probe)
    }
}
