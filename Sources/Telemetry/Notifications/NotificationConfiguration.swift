public import StrataCore

/// Where notifications of alerts go, and how many.
public struct NotificationConfiguration: Sendable, Hashable, Codable {
    /// Who can be told.
    public var sinks: [NotificationSink] = [NotificationSink("log", .log), NotificationSink("console", .console)]
    /// Which alerts go where; an alert goes to the sinks of every route that fits, once to each.
    public var routes: [NotificationRoute] = [
        NotificationRoute(from: .info, to: ["log"]), NotificationRoute(from: .warning, to: ["console"]),
        NotificationRoute(from: .critical, to: ["*"]),
    ]
    /// Codes that nobody is told of; `*` stands for any letters.
    public var ignore: [String] = []
    /// For how long nobody is told of the same alert again, unless it has become graver. 300 s.
    public var cooldownSeconds = 300.0
    /// How many events are told together at most. 10.
    public var groupCountMax = 10
    /// How long the first of a group waits for others; a fatal alert does not wait. 60 s.
    public var groupSeconds = 60.0
    /// How many deliveries may wait; past it the mildest and oldest are dropped. 256.
    public var queueCountMax = 256
    /// How often a delivery is tried. 5.
    public var attemptCountMax = 5
    /// Whether sinks are told when an alert that they were told of is over.
    public var tellsResolved = true

    /// Log and console only.
    public init() {}

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case sinks, routes, ignore, cooldownSeconds, groupCountMax, groupSeconds, queueCountMax, attemptCountMax
        case tellsResolved
    }

    /// Reads a configuration; what is left out keeps its default.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        sinks = try values.decodeIfPresent([NotificationSink].self, forKey: .sinks) ?? sinks
        routes = try values.decodeIfPresent([NotificationRoute].self, forKey: .routes) ?? routes
        ignore = try values.decodeIfPresent([String].self, forKey: .ignore) ?? ignore
        cooldownSeconds = try values.decodeIfPresent(Double.self, forKey: .cooldownSeconds) ?? cooldownSeconds
        groupCountMax = try values.decodeIfPresent(Int.self, forKey: .groupCountMax) ?? groupCountMax
        groupSeconds = try values.decodeIfPresent(Double.self, forKey: .groupSeconds) ?? groupSeconds
        queueCountMax = try values.decodeIfPresent(Int.self, forKey: .queueCountMax) ?? queueCountMax
        attemptCountMax = try values.decodeIfPresent(Int.self, forKey: .attemptCountMax) ?? attemptCountMax
        tellsResolved = try values.decodeIfPresent(Bool.self, forKey: .tellsResolved) ?? tellsResolved
    }

    /// Throws what is wrong with it.
    public func validate() throws(StrataError) {
        var names: Set<String> = []
        for sink in sinks {
            try sink.validate()
            guard names.insert(sink.name).inserted else {
                throw StrataError(.invalidArgument, "two notification sinks are called \(sink.name)")
            }
        }
        for name in routes.flatMap(\.sinks) where name != "*" && !names.contains(name) {
            throw StrataError(
                .invalidArgument,
                "a route names the sink \(name), which there is not; there are \(names.sorted().joined(separator: ", "))"
            )
        }
        func refuse(_ key: String, _ value: Double, _ range: String) -> StrataError {
            StrataError(.invalidArgument, "notifications: \(key) is \(value), expected \(range)")
        }
        guard (0...86_400).contains(cooldownSeconds) else {
            throw refuse("cooldownSeconds", cooldownSeconds, "0 through 86400")
        }
        guard (0...3600).contains(groupSeconds) else { throw refuse("groupSeconds", groupSeconds, "0 through 3600") }
        guard (1...1000).contains(groupCountMax) else {
            throw refuse("groupCountMax", Double(groupCountMax), "1 through 1000")
        }
        guard (1...100_000).contains(queueCountMax) else {
            throw refuse("queueCountMax", Double(queueCountMax), "1 through 100000")
        }
        guard (1...20).contains(attemptCountMax) else {
            throw refuse("attemptCountMax", Double(attemptCountMax), "1 through 20")
        }
    }

    /// The names of the sinks that are told of an alert, in the order of ``sinks``.
    public func sinks(for alert: Alert) -> [String] {
        let named = Set(routes.filter { $0.fits(alert) }.flatMap(\.sinks))
        return sinks.map(\.name).filter { named.contains("*") || named.contains($0) }
    }
}

/// Which alerts go to which sinks.
public struct NotificationRoute: Sendable, Hashable, Codable {
    /// The least severity.
    public var from: AlertSeverity
    /// The components; nil for all.
    public var components: [HealthComponent]?
    /// The names of the sinks; `*` for all.
    public var sinks: [String]

    /// A route.
    public init(from: AlertSeverity, components: [HealthComponent]? = nil, to sinks: [String]) {
        self.from = from
        self.components = components
        self.sinks = sinks
    }

    private enum CodingKeys: String, CodingKey, CaseIterable { case from, components, sinks }

    /// Reads a route; without components it fits all.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        from = try values.decode(AlertSeverity.self, forKey: .from)
        components = try values.decodeIfPresent([HealthComponent].self, forKey: .components)
        sinks = try values.decode([String].self, forKey: .sinks)
    }

    func fits(_ alert: Alert) -> Bool {
        alert.severity >= from && components?.contains(alert.component) ?? true
    }
}

/// Somebody who is told of alerts.
public struct NotificationSink: Sendable, Hashable, Codable {
    /// How somebody is told.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// A line on the terminal.
        case console
        /// A line in the log.
        case log
        /// A request to a web address.
        case webhook
        /// A message in a Slack channel, through an incoming webhook.
        case slack
    }

    /// Its name, which routes use.
    public var name: String
    /// How it is told.
    public var kind: Kind
    /// The address of a webhook or of Slack.
    public var url: String?
    /// `POST` or `PUT`. `POST`.
    public var method = "POST"
    /// More headers of a webhook.
    public var headers: [String: String] = [:]
    /// Sent as `Authorization: Bearer …`. A value `$NAME` is taken from that environment variable.
    public var bearerToken: String?
    /// Signs a webhook's body; see ``WebhookRequest``. A value `$NAME` is taken from that environment variable.
    public var secret: String?
    /// The body of a webhook instead of the standard one, with placeholders such as `{{summary}}`.
    public var template: String?
    /// Slack users or groups who are mentioned from critical on, such as `<@U123>`.
    public var mentions: [String] = []

    /// A sink.
    public init(_ name: String, _ kind: Kind, url: String? = nil) {
        self.name = name
        self.kind = kind
        self.url = url
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, kind, url, method, headers, bearerToken, secret, template, mentions
    }

    /// Reads a sink.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        kind = try values.decode(Kind.self, forKey: .kind)
        url = try values.decodeIfPresent(String.self, forKey: .url)
        method = try values.decodeIfPresent(String.self, forKey: .method) ?? method
        headers = try values.decodeIfPresent([String: String].self, forKey: .headers) ?? [:]
        bearerToken = try values.decodeIfPresent(String.self, forKey: .bearerToken)
        secret = try values.decodeIfPresent(String.self, forKey: .secret)
        template = try values.decodeIfPresent(String.self, forKey: .template)
        mentions = try values.decodeIfPresent([String].self, forKey: .mentions) ?? []
    }

    /// The sink with the values of the environment variables that its secrets name.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` when one is not set.
    public func resolved(_ environment: [String: String]) throws(StrataError) -> Self {
        var sink = self
        sink.bearerToken = try Self.value(bearerToken, of: name, environment)
        sink.secret = try Self.value(secret, of: name, environment)
        sink.url = try Self.value(url, of: name, environment)
        return sink
    }

    private static func value(
        _ text: String?, of sink: String, _ environment: [String: String]
    ) throws(StrataError) -> String? {
        guard let text, text.hasPrefix("$") else { return text }
        guard let value = environment[String(text.dropFirst())], !value.isEmpty else {
            throw StrataError(.invalidArgument, "sink \(sink): the environment variable \(text.dropFirst()) is not set")
        }
        return value
    }

    func validate() throws(StrataError) {
        guard !name.isEmpty, name != "*" else {
            throw StrataError(.invalidArgument, "a notification sink needs a name, and * is not one")
        }
        guard kind == .webhook || kind == .slack else { return }
        // The address may hold a secret, so it is not repeated here.
        guard let url, url.hasPrefix("http://") || url.hasPrefix("https://") || url.hasPrefix("$") else {
            throw StrataError(.invalidArgument, "sink \(name): url must begin with http:// or https://")
        }
        guard method == "POST" || method == "PUT" else {
            throw StrataError(.invalidArgument, "sink \(name): method is \(method), expected POST or PUT")
        }
        for (header, value) in headers
        where header.isEmpty || (header + value).unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) {
            throw StrataError(.invalidArgument, "sink \(name): the header \(header.debugDescription) is malformed")
        }
        if let template { try NotificationTemplate.validate(template, of: name) }
    }
}
