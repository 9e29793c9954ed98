internal import Foundation
internal import StrataCore

/// A request that tells somebody of alerts.
public struct WebhookRequest: Sendable, Hashable {
    /// `POST` or `PUT`.
    public var method: String
    /// The address; it may hold a secret.
    public var url: String
    /// Its headers, each once.
    public var headers: [String: String]
    /// Its body, in UTF-8.
    public var body: [UInt8]

    /// The request for a sink.
    ///
    /// A sink with a secret gets `X-Strata-Signature: sha256=…`, the HMAC-SHA256 (RFC 2104) in hexadecimal of the time in
    /// `X-Strata-Timestamp` (seconds since 1970), a full stop and the body; so a receiver can refuse what is old or forged.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` when the sink has no address.
    public init(_ notification: AlertNotification, to sink: NotificationSink) throws {
        guard let url = sink.url else { throw StrataError(.invalidArgument, "sink \(sink.name) has no url") }
        self.url = url
        method = sink.kind == .slack ? "POST" : sink.method
        headers = sink.headers
        headers["Content-Type"] = headers["Content-Type"] ?? "application/json"
        if let token = sink.bearerToken { headers["Authorization"] = "Bearer \(token)" }
        if sink.kind == .slack {
            body = Array(SlackMessage.json(of: notification, mentions: sink.mentions).jsonText.utf8)
        } else if let template = sink.template {
            body = Array(NotificationTemplate.text(template, notification).utf8)
        } else {
            body = try Array(Self.encoder.encode(StandardBody(notification)))
        }
        if let secret = sink.secret {
            let time = String(notification.at.milliseconds / 1000)
            headers["X-Strata-Timestamp"] = time
            let digest = HMACSHA256.digest(of: Array((time + ".").utf8) + body, key: Array(secret.utf8))
            headers["X-Strata-Signature"] = "sha256=\(digest)"
        }
    }

    private struct StandardBody: Encodable {
        let source = "strata"
        let kind: String
        let severity: AlertSeverity
        let at: Timestamp
        let events: [AlertEvent]

        init(_ notification: AlertNotification) {
            kind = notification.isTest ? "test" : "alert"
            severity = notification.severity
            at = notification.at
            events = notification.events
        }
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

/// HMAC with SHA-256, RFC 2104. It signs notifications; the key is the caller's.
enum HMACSHA256 {
    static func digest(of message: [UInt8], key: [UInt8]) -> SHA256.Digest {
        var block = key.count > 64 ? hash(key).bytes : key
        block += [UInt8](repeating: 0, count: 64 - block.count)
        let inner = hash(block.map { $0 ^ 0x36 } + message)
        return hash(block.map { $0 ^ 0x5C } + inner.bytes)
    }

    private static func hash(_ bytes: [UInt8]) -> SHA256.Digest {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.finalize()
    }
}

/// The body of a webhook in the operator's own words.
enum NotificationTemplate {
    static let placeholders = [
        "kind", "severity", "component", "code", "summary", "measurement", "value", "limit", "command", "since", "at",
        "count", "text",
    ]

    static func validate(_ template: String, of sink: String) throws(StrataError) {
        for name in names(in: template) where !placeholders.contains(name) {
            throw StrataError(
                .invalidArgument,
                """
                sink \(sink): the template has {{\(name)}}; there are \
                \(placeholders.map { "{{\($0)}}" }.joined(separator: " "))
                """)
        }
    }

    private static func names(in template: String) -> [String] {
        template.components(separatedBy: "{{").dropFirst().map { part in
            part.components(separatedBy: "}}")[0]
        }
    }

    /// Fills in the figures of the gravest event; each is escaped as the inside of a JSON string.
    static func text(_ template: String, _ notification: AlertNotification) -> String {
        guard let gravest = notification.events.max(by: { $0.alert.severity < $1.alert.severity }) else { return "" }
        let alert = gravest.alert
        let values: [String: String] = [
            "kind": notification.isTest ? "test" : gravest.kind.rawValue, "severity": alert.severity.rawValue,
            "component": alert.component.rawValue, "code": alert.code, "summary": alert.summary,
            "measurement": alert.measurement, "value": alert.unit.text(alert.value),
            "limit": alert.unit.text(alert.limit), "command": alert.command, "since": alert.since.description,
            "at": notification.at.description, "count": String(notification.events.count),
            "text": notification.lines.joined(separator: "\n"),
        ]
        var pieces = template.components(separatedBy: "{{")
        for index in pieces.indices.dropFirst() {
            let parts = pieces[index].components(separatedBy: "}}")
            let value = JSONValue.string(values[parts[0]] ?? "").jsonText.dropFirst().dropLast()
            pieces[index] = value + parts.dropFirst().joined(separator: "}}")
        }
        return pieces.joined()
    }
}

extension AlertNotification {
    /// Each event in one line, as console and log show it.
    public var lines: [String] {
        events.map { event in
            let alert = event.alert
            let word =
                switch event.kind {
                case .raised: isTest ? "test" : alert.severity.rawValue
                case .lowered: "lowered"
                case .resolved: "resolved"
                }
            let head = "[\(word)] \(alert.component.rawValue) \(alert.code): \(alert.summary) \(alert.measurement)"
            guard event.kind != .resolved else { return head + "; since \(alert.since)" }
            return head + "; since \(alert.since); run: \(alert.command)"
        }
    }

    /// The lines with colours for a terminal.
    public var coloredLines: [String] {
        zip(events, lines).map { event, line in
            let code =
                switch (event.kind, event.alert.severity) {
                case (.resolved, _): "32"
                case (_, .info): "36"
                case (_, .warning): "33"
                case (_, .critical): "31"
                case (_, .fatal): "1;37;41"
                }
            guard let end = line.firstIndex(of: "]") else { return line }
            return "\u{1B}[\(code)m\(line[...end])\u{1B}[0m\(line[line.index(after: end)...])"
        }
    }
}

/// A message in Slack's Block Kit, <https://api.slack.com/block-kit>.
enum SlackMessage {
    private static func color(_ event: AlertEvent) -> String {
        if event.kind == .resolved { return "#36a64f" }
        return switch event.alert.severity {
        case .info: "#439fe0"
        case .warning: "#ff9900"
        case .critical: "#ff0000"
        case .fatal: "#000000"
        }
    }

    static func json(of notification: AlertNotification, mentions: [String]) -> JSONValue {
        let title =
            notification.isTest ? "Strata: test notification" : "Strata: \(notification.events.count) alert event(s)"
        // Slack shows at most 20 attachments with colours; groups are smaller by default.
        let attachments = notification.events.prefix(20).map { event -> JSONValue in
            let alert = event.alert
            let word = event.kind == .resolved ? "resolved" : alert.severity.rawValue
            let fields: [(String, String)] = [
                ("Component", alert.component.rawValue), ("Code", "`\(alert.code)`"),
                ("Measured", alert.measurement), ("Since", alert.since.description),
            ]
            var blocks: [JSONValue] = [
                section("*\(word.uppercased())* \(escaped(alert.summary))"),
                [
                    "type": "section",
                    "fields": .array(fields.map { markdown("*\($0.0)*\n\(escaped($0.1))") }),
                ],
            ]
            if event.kind != .resolved { blocks.append(section("Run: `\(escaped(alert.command))`")) }
            return ["color": .string(color(event)), "blocks": .array(blocks)]
        }
        var blocks = [section("*\(title)*")]
        if notification.severity >= .critical, !mentions.isEmpty,
            notification.events.contains(where: { $0.kind != .resolved })
        {
            blocks.append(section(mentions.joined(separator: " ")))
        }
        return ["text": .string(title), "blocks": .array(blocks), "attachments": .array(attachments)]
    }

    private static func section(_ text: String) -> JSONValue { ["type": "section", "text": markdown(text)] }
    /// Slack refuses texts of more than 3000 characters, and fields of more than 2000.
    private static func markdown(_ text: String) -> JSONValue {
        ["type": "mrkdwn", "text": .string(String(text.prefix(1900)))]
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
