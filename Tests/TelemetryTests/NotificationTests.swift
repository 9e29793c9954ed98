import Foundation
import StrataCore
import Synchronization
import Telemetry
import Testing

@Suite struct NotificationTests {
    static func event(
        _ kind: AlertEvent.Kind = .raised, _ severity: AlertSeverity = .warning, code: String = "disk_space_low",
        _ component: HealthComponent = .disk
    ) -> AlertEvent {
        AlertEvent(
            kind,
            Alert(
                code: code, component: component, severity: severity, summary: "Full & <odd>.", metric: "free_bytes",
                value: 1_048_576, unit: .bytes, direction: .below, limit: 2_097_152, detail: nil,
                command: "strata cleanup", since: moment(0), updatedAt: moment(0), resolvedAt: nil))
    }

    /// A clock, a notifier and what its sinks got.
    final class Scene: Sendable {
        struct State {
            var now = moment(0)
            var lines: [String] = []
            var requests: [WebhookRequest] = []
            var answers: [Int] = []
        }

        let state = Mutex(State())
        let notifier: Notifier

        init(_ configure: (inout NotificationConfiguration) -> Void = { _ in }) throws {
            var configuration = NotificationConfiguration()
            configuration.sinks = [NotificationSink("log", .log), NotificationSink("hook", .webhook, url: "http://x/")]
            configuration.routes = [
                NotificationRoute(from: .warning, to: ["log"]), NotificationRoute(from: .critical, to: ["hook"]),
            ]
            configure(&configuration)
            let holder = Holder()
            notifier = try Notifier(
                configuration,
                outlets: Notifier.Outlets(
                    log: { note in holder.scene?.state.withLock { $0.lines += note.lines } },
                    http: { request in
                        guard let scene = holder.scene else { return 500 }
                        return scene.state.withLock { state in
                            state.requests.append(request)
                            return state.answers.isEmpty ? 200 : state.answers.removeFirst()
                        }
                    }), now: { holder.scene?.state.withLock { $0.now } ?? moment(0) }, randomBits: { 1 << 63 })
            holder.set(self)
        }

        private final class Holder: Sendable {
            private struct Weak: Sendable { weak let scene: Scene? }
            private let box = Mutex(Weak(scene: nil))
            var scene: Scene? { box.withLock { $0.scene } }
            func set(_ scene: Scene) { box.withLock { $0 = Weak(scene: scene) } }
        }

        /// Moves to a second, takes events in and delivers; gives the lines that came of it.
        func at(_ second: Double, _ events: AlertEvent...) async -> Int {
            let before = state.withLock { state in
                state.now = moment(second)
                return state.lines.count
            }
            await notifier.accept(events)
            await notifier.deliver()
            return state.withLock { $0.lines.count } - before
        }
    }

    @Test func theFirstOfAGroupWaitsForOthersAndTenGoAtOnce() async throws {
        let scene = try Scene()
        #expect(await scene.at(0, Self.event()) == 0)
        #expect(await scene.at(59) == 0)
        #expect(await scene.at(60) == 1)
        for number in 0..<9 { #expect(await scene.at(100, Self.event(code: "c\(number)")) == 0) }
        #expect(await scene.at(101, Self.event(code: "c9")) == 10)
    }

    @Test func aFatalAlertDoesNotWait() async throws {
        let scene = try Scene()
        #expect(await scene.at(0, Self.event(.raised, .fatal)) == 1)
    }

    @Test func theSameAlertIsToldAgainOnlyAfterTheCoolDownOrWhenGraver() async throws {
        let scene = try Scene { $0.groupSeconds = 0 }
        #expect(await scene.at(0, Self.event()) == 1)
        #expect(await scene.at(10, Self.event(.resolved)) == 1)
        #expect(await scene.at(20, Self.event()) == 0, "within 300 s")
        #expect(await scene.at(30, Self.event(.raised, .critical)) == 1, "graver")
        #expect(await scene.at(40, Self.event(.resolved, .critical)) == 1)
        #expect(await scene.at(50, Self.event()) == 0)
        #expect(await scene.at(329) == 0)
        #expect(await scene.at(330) == 1, "it still holds when the cool-down ends")
        #expect(await scene.at(340, Self.event(.resolved)) == 1)
        #expect(await scene.at(350, Self.event()) == 0)
        #expect(await scene.at(360, Self.event(.resolved)) == 0, "who was not told of it is not told of its end")
        #expect(await scene.at(2000) == 0)
    }

    @Test func routesIgnorePatternsAndSilencesDecideWhoIsTold() async throws {
        let scene = try Scene {
            $0.groupSeconds = 0
            $0.ignore = ["cache_*", "*_slow"]
            $0.routes.append(NotificationRoute(from: .info, components: [.backup], to: ["hook"]))
        }
        #expect(await scene.at(0, Self.event(code: "cache_reset"), Self.event(code: "recall_slow")) == 0)
        #expect(await scene.at(0, Self.event(.raised, .info, code: "backup_old", .backup)) == 0)
        #expect(scene.state.withLock { $0.requests.count } == 1)
        #expect(await scene.at(0, Self.event(.raised, .critical)) == 1)
        #expect(scene.state.withLock { $0.requests.count } == 2)
        await scene.notifier.silence("disk*", for: .seconds(1000))
        #expect(await scene.at(400, Self.event(.raised, .critical)) == 0)
        #expect(await scene.at(1001, Self.event(.raised, .critical)) == 1)
    }

    @Test func aFailedDeliveryIsTriedAgainWithGrowingPauses() async throws {
        let scene = try Scene {
            $0.groupSeconds = 0
            $0.routes = [NotificationRoute(from: .info, to: ["hook"])]
        }
        scene.state.withLock { $0.answers = [500, 503, 429, 200] }
        let count = { scene.state.withLock { $0.requests.count } }
        _ = await scene.at(0, Self.event())
        _ = await scene.at(0.9)
        #expect(count() == 1)
        _ = await scene.at(1)
        #expect(count() == 2)
        _ = await scene.at(4.9)
        #expect(count() == 2)
        _ = await scene.at(5)
        #expect(count() == 3)
        _ = await scene.at(21)
        #expect(count() == 4)
        let status = try #require(await scene.notifier.statuses.first { $0.sink == "hook" })
        #expect(status.deliveredCount == 1 && status.retryCount == 3 && status.pendingCount == 0)
        #expect(status.lastError == nil)
    }

    @Test func whatNobodyCouldBeToldIsToldAgainAtOnce() async throws {
        let scene = try Scene {
            $0.groupSeconds = 0
            $0.routes = [NotificationRoute(from: .info, to: ["hook"])]
        }
        scene.state.withLock { $0.answers = [404] }
        _ = await scene.at(0, Self.event())
        _ = await scene.at(1, Self.event())
        #expect(scene.state.withLock { $0.requests.count } == 2, "the cool-down begins with what arrived")
        let status = await scene.notifier.statuses.first { $0.sink == "hook" }
        #expect(status?.failedCount == 1 && status?.deliveredCount == 1)
    }

    @Test func aFullQueueDropsTheMildest() async throws {
        let scene = try Scene {
            $0.groupSeconds = 0
            $0.queueCountMax = 2
            $0.routes = [NotificationRoute(from: .info, to: ["hook"])]
        }
        let events = [
            Self.event(.raised, .critical, code: "a"), Self.event(.raised, .info, code: "b"),
            Self.event(.raised, .warning, code: "c"),
        ]
        await scene.notifier.accept(events)
        await scene.notifier.deliver()
        let bodies = scene.state.withLock { $0.requests.map { String(decoding: $0.body, as: UTF8.self) } }
        #expect(bodies.count == 2)
        #expect(!bodies.contains { $0.contains(#""code":"b""#) })
        #expect(await scene.notifier.statuses.first { $0.sink == "hook" }?.droppedCount == 1)
    }

    @Test func aWebhookIsSignedAndTheSignatureIsThatOfTheReference() throws {
        var sink = NotificationSink("hook", .webhook, url: "http://x/")
        sink.method = "PUT"
        sink.secret = String(repeating: "long key ", count: 12)
        sink.bearerToken = "token"
        sink.headers = ["X-Team": "memory"]
        let request = try WebhookRequest(AlertNotification(events: [Self.event()], at: moment(1)), to: sink)
        #expect(request.method == "PUT")
        #expect(request.headers["Authorization"] == "Bearer token")
        #expect(request.headers["X-Team"] == "memory")
        let body = try JSONValue(jsonText: String(decoding: request.body, as: UTF8.self))
        guard case .object(let members) = body else {
            Issue.record("no object")
            return
        }
        #expect(members["source"] == "strata" && members["kind"] == "alert" && members["severity"] == "warning")
        let program = """
            import sys, hmac, hashlib
            print(hmac.new(sys.argv[1].encode(), sys.stdin.buffer.read(), hashlib.sha256).hexdigest(), end="")
            """
        let time = try #require(request.headers["X-Strata-Timestamp"])
        let signed = time + "." + String(decoding: request.body, as: UTF8.self)
        let answer = try ToolAnswer("/usr/bin/env", ["python3", "-c", program, sink.secret ?? ""], input: signed)
        #expect(request.headers["X-Strata-Signature"] == "sha256=\(answer.text)")
    }

    @Test func aTemplateIsFilledInAsJSON() throws {
        var sink = NotificationSink("hook", .webhook, url: "http://x/")
        sink.template = #"{"t":"{{severity}}: {{summary}} {{text}}","n":{{count}}}"#
        var event = Self.event()
        event.alert.summary = "a \"quote\" and {{code}}"
        let request = try WebhookRequest(AlertNotification(events: [event], at: moment(1)), to: sink)
        let body = try JSONValue(jsonText: String(decoding: request.body, as: UTF8.self))
        guard case .object(let members) = body else {
            Issue.record("no object")
            return
        }
        #expect(members["t"]?.stringValue?.hasPrefix("warning: a \"quote\" and {{code}} ") == true)
        #expect(members["n"] == 1)
    }

    @Test func aSlackMessageIsMadeOfBlocks() throws {
        var sink = NotificationSink("slack", .slack, url: "http://x/")
        sink.mentions = ["<@U1>"]
        let events = [Self.event(.raised, .critical), Self.event(.resolved, .fatal)]
        let request = try WebhookRequest(AlertNotification(events: events, at: moment(1)), to: sink)
        let text = String(decoding: request.body, as: UTF8.self)
        guard case .object(let members) = try JSONValue(jsonText: text),
            case .array(let parts)? = members["attachments"]
        else {
            Issue.record("no attachments")
            return
        }
        #expect(parts.count == 2)
        #expect(text.contains("#ff0000") && text.contains("#36a64f"))
        #expect(text.contains("Full &amp; &lt;odd&gt;.") && text.contains("<@U1>"))
        #expect(text.contains("strata cleanup"))
    }

    @Test func aTestGoesToEachSinkAndSaysWhatFailed() async throws {
        let scene = try Scene()
        scene.state.withLock { $0.answers = [403] }
        let answers = try await scene.notifier.test()
        #expect(answers.map(\.sink) == ["log", "hook"])
        #expect(answers[0].problem == nil)
        #expect(answers[1].problem == "the receiver answered 403")
        await #expect(throws: StrataError.self) { try await scene.notifier.test("nobody") }
    }

    @Test(arguments: [
        #"{"sinks":[{"name":"a","kind":"webhook"}]}"#,
        #"{"sinks":[{"name":"a","kind":"webhook","url":"ftp://x"}]}"#,
        #"{"sinks":[{"name":"a","kind":"webhook","url":"http://x","method":"GET"}]}"#,
        #"{"sinks":[{"name":"a","kind":"webhook","url":"http://x","headers":{"A":"b\r\nC: d"}}]}"#,
        #"{"sinks":[{"name":"a","kind":"webhook","url":"http://x","template":"{{sumary}}"}]}"#,
        #"{"sinks":[{"name":"a","kind":"log"},{"name":"a","kind":"log"}]}"#,
        #"{"sinks":[{"name":"a","kind":"mail"}]}"#,
        #"{"routes":[{"from":"info","sinks":["nobody"]}]}"#,
        #"{"routes":[{"from":"severe","sinks":["log"]}]}"#,
        #"{"cooldownSeconds":-1}"#, #"{"groupCountMax":0}"#, #"{"cooldown":1}"#,
    ])
    func aBadConfigurationIsRefusedAtTheStart(_ json: String) {
        #expect(throws: StrataError.self) { try MonitoringConfiguration(json: "{\"notifications\":\(json)}") }
    }

    @Test func secretsComeFromTheEnvironment() throws {
        var sink = NotificationSink("hook", .webhook, url: "$HOOK")
        sink.bearerToken = "$TOKEN"
        let resolved = try sink.resolved(["HOOK": "http://x/", "TOKEN": "t"])
        #expect(resolved.url == "http://x/" && resolved.bearerToken == "t")
        #expect(throws: StrataError.self) { try sink.resolved([:]) }
    }
}
