import StrataCore
import Telemetry
import Testing

@Suite struct HealthTests {
    static func rule(
        _ direction: AlertRule.Direction = .above, _ limits: [AlertSeverity: Double] = [.warning: 10, .critical: 20],
        hold: Double = 30, clear: Double = 60
    ) -> AlertRule {
        AlertRule(
            "rule", .store, "figure", direction, limits, hold: hold, clear: clear, summary: "Too much.", command: "help"
        )
    }

    /// Feeds values, one every ten seconds, and gives the events with their second.
    static func run(_ rule: AlertRule, _ values: [Double]) throws -> [String] {
        var board = try HealthBoard(rules: [rule])
        return values.enumerated().flatMap { index, value in
            board.observe([HealthSample(.store, "figure", value)], at: moment(Double(index) * 10))
                .map { "\(index * 10) \($0.kind.rawValue) \($0.alert.severity.rawValue)" }
        }
    }

    @Test func anAlertComesAfterItsHoldingTimeAndOnce() throws {
        #expect(try Self.run(Self.rule(), [0, 11, 11, 11, 11, 11, 11]) == ["40 raised warning"])
        #expect(try Self.run(Self.rule(), [0, 11, 11, 0, 11, 11, 0, 11, 11, 0]).isEmpty, "never 30 s without a break")
    }

    @Test func wavesAroundTheLimitGiveOneAlert() throws {
        let waves = (0..<60).map { $0.isMultiple(of: 2) ? 10.0 : 9.5 }
        #expect(try Self.run(Self.rule(hold: 0), waves) == ["0 raised warning"])
    }

    @Test func anAlertEndsByItselfOnceTheValueIsBackByTheMargin() throws {
        let values = [11.0] + Array(repeating: 9.5, count: 10) + Array(repeating: 8.9, count: 8)
        #expect(try Self.run(Self.rule(hold: 0), values) == ["0 raised warning", "170 resolved warning"])
    }

    @Test func anAlertRisesAndFallsWithItsValue() throws {
        let values = [11.0, 21] + Array(repeating: 15, count: 8) + Array(repeating: 0, count: 8)
        #expect(
            try Self.run(Self.rule(hold: 0), values) == [
                "0 raised warning", "10 raised critical", "80 lowered warning", "160 resolved warning",
            ])
    }

    @Test func aGraverSeverityHasToHoldOnItsOwn() throws {
        #expect(try Self.run(Self.rule(), [11, 11, 11, 21, 11, 11, 11]) == ["30 raised warning"])
    }

    @Test func limitsKnowTheirDirection() throws {
        let below = Self.rule(.below, [.warning: 100, .critical: 10], hold: 0, clear: 0)
        #expect(
            try Self.run(below, [1e9, 101, 100, 10, 200]) == [
                "20 raised warning", "30 raised critical", "40 resolved critical",
            ])
        #expect(try Self.run(below, [1e9, 1e12]).isEmpty, "a good rate is no alert")
    }

    @Test func theReportSaysWhatIsWrongAndWhatHelps() throws {
        var board = try HealthBoard(rules: AlertRule.standard)
        _ = board.observe(
            [
                HealthSample(.disk, "free_bytes", 40 * 1_048_576, .bytes),
                HealthSample(.store, "probe_failure_count", 0),
            ], at: moment(0))
        let report = board.report(at: moment(90), startedAt: moment(-10), version: "1")
        #expect(report.status == .unhealthy)
        #expect(report.uptimeSeconds == 100)
        let disk = report.components.first { $0.name == .disk }
        #expect(disk?.status == .unhealthy)
        #expect(disk?.reasons.first?.contains("40 MiB") == true)
        #expect(report.components.first { $0.name == .store }?.status == .healthy)
        #expect(report.components.first { $0.name == .reranker }?.status == nil, "what is not in use is not judged")
        #expect(report.alerts.first?.command == "strata cleanup")
        #expect(report.alerts.first?.limit == 67_108_864)
        #expect(report.alerts.first?.since == moment(0))
    }

    @Test func anHourOfHistoryIsKeptInBoundedMemory() {
        var history = SampleHistory()
        for second in 0..<10_000 { history.add(Double(second), at: moment(Double(second))) }
        let points = history.points(at: moment(9999))
        #expect(points.count <= SampleHistory.slotCount)
        #expect(points.count >= SampleHistory.slotCount - 1)
        #expect(points.last?.last == 9999)
        #expect(points.allSatisfy { $0.at >= moment(9999 - 3600) })
        #expect(zip(points, points.dropFirst()).allSatisfy { $0.at < $1.at })
        #expect(points.dropLast().allSatisfy { $0.count == 10 && $0.max - $0.min == 9 })
        history.add(1, at: moment(0))
        #expect(history.points(at: moment(9999)).last?.last == 1, "a clock that was set back is no new slot")
    }

    @Test func everyStandardRuleIsValidAndHasItsOwnCode() throws {
        _ = try HealthBoard(rules: AlertRule.standard)
        #expect(Set(AlertRule.standard.map(\.component)).count == HealthComponent.allCases.count)
    }

    @Test(arguments: [
        #"{"code":"Bad Code","component":"store","metric":"m","direction":"above","limits":{"warning":1},"summary":"s","command":"c"}"#,
        #"{"code":"a","component":"store","metric":"m","direction":"above","limits":{},"summary":"s","command":"c"}"#,
        #"{"code":"a","component":"store","metric":"m","direction":"above","limits":{"warning":2,"critical":1},"summary":"s","command":"c"}"#,
        #"{"code":"a","component":"store","metric":"m","direction":"below","limits":{"warning":1},"holdSeconds":-1,"summary":"s","command":"c"}"#,
        #"{"code":"a","component":"oven","metric":"m","direction":"above","limits":{"warning":1},"summary":"s","command":"c"}"#,
        #"{"code":"a","component":"store","metric":"m","direction":"above","limits":{"warning":1},"summary":"s","command":"c","hold":3}"#,
        #"{"code":"store_slow","component":"store","metric":"m","direction":"above","limits":{"warning":1},"margin":2,"summary":"s","command":"c"}"#,
    ])
    func aBadRuleIsRefusedAtTheStart(_ rule: String) {
        #expect(throws: (any Error).self) { try MonitoringConfiguration(json: "{\"rules\":[\(rule)]}") }
    }

    @Test func ownRulesJoinOrReplaceTheStandardOnes() throws {
        let configuration = try MonitoringConfiguration(
            json: """
                {"intervalSeconds": 5, "disabledRules": ["recall_slow"], "rules": [
                  {"code": "many_records", "component": "store", "metric": "record_count", "direction": "above",
                   "limits": {"info": 1000}, "summary": "Many records.", "command": "strata stats"},
                  {"code": "disk_space_low", "component": "disk", "metric": "free_bytes", "direction": "below",
                   "limits": {"warning": 5}, "summary": "Full.", "command": "df"}]}
                """)
        let codes = configuration.effectiveRules.map(\.code)
        #expect(codes.count == AlertRule.standard.count)
        #expect(codes.contains("many_records") && !codes.contains("recall_slow"))
        #expect(configuration.effectiveRules.first { $0.code == "disk_space_low" }?.limits == [.warning: 5])
        #expect(throws: StrataError.self) { try MonitoringConfiguration(json: #"{"intervalSeconds": 0}"#) }
        #expect(throws: StrataError.self) { try MonitoringConfiguration(json: #"{"disabledRules": ["recal_slow"]}"#) }
        #expect(throws: StrataError.self) { try MonitoringConfiguration(json: #"{"intervalSecond": 5}"#) }
        #expect(throws: StrataError.self) { try MonitoringConfiguration(json: "[") }
    }
}
