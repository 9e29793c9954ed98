internal import StrataCore

/// The arguments that say which memories are meant, shared by the tools that search and list.
enum FilterParameters {
    static let all: [Parameter] = [
        Parameter(
            "layers", .choices(Layer.allCases.map(\.rawValue)),
            "Only these layers: interact (of the day), insights (proved useful), assets (kept for good). Default: all."),
        Parameter("tags", .texts, "Only memories that carry all of these tags."),
        Parameter("kind", .text, "Only this kind."),
        Parameter("project", .text, "Only this project."),
        Parameter("session", .text, "Only this conversation or run."),
        Parameter("speaker", .text, "Only what this person or agent said."),
        Parameter("since", .moment, "Only what happened, or was stored, at or after this ISO 8601 time."),
        Parameter("until", .moment, "Only what happened, or was stored, before this ISO 8601 time."),
        Parameter(
            "filter", .object,
            """
            Any further condition as JSON, for example {"importance":{"gte":0.7},"tags":{"any":["health","food"]},\
            "metadata.city":"Riga"}; and, or, not combine.
            """),
    ]

    /// The layers that were named; nil for all.
    static func layers(_ arguments: Arguments) -> Set<Layer>? {
        arguments.texts("layers").map { Set($0.compactMap(Layer.init(rawValue:))) }
    }

    /// Everything but the layers as one filter; nil when nothing was asked for.
    static func filter(_ arguments: Arguments) throws -> Filter? {
        var parts: [Filter] = []
        if let tags = arguments.texts("tags"), !tags.isEmpty { parts.append(.tagsAll(tags)) }
        for (name, field) in [
            ("kind", Filter.TextField.kind), ("project", .project), ("session", .session), ("speaker", .speaker),
        ] {
            if let value = arguments.text(name) { parts.append(.text(field, oneOf: [value])) }
        }
        if let moment = arguments.moment("since") { parts.append(time(.gte, moment)) }
        if let moment = arguments.moment("until") { parts.append(time(.lt, moment)) }
        if let object = arguments.object("filter") { parts.append(try Filter(json: .object(object))) }
        return parts.count > 1 ? .all(parts) : parts.first
    }

    /// When it happened counts; where that is not known, when it was stored.
    private static func time(_ comparison: Filter.Comparison, _ moment: Timestamp) -> Filter {
        // A comparison that every moment passes holds exactly where there is one.
        let isDated = Filter.time(.occurredAt, .gte, .earliest)
        return .any([
            .time(.occurredAt, comparison, moment),
            .all([.not(isDated), .time(.createdAt, comparison, moment)]),
        ])
    }
}
