internal import Foundation
public import StrataCore

/// What is watched, what makes an alert and who is told.
public struct MonitoringConfiguration: Sendable, Hashable, Codable {
    /// How often everything is measured. 15 s.
    public var intervalSeconds = 15.0
    /// Rules beside the standard ones; one with the code of a standard rule takes its place.
    public var rules: [AlertRule] = []
    /// Codes of standard rules that are not to be used.
    public var disabledRules: [String] = []
    /// Where backups are; nil watches none.
    public var backupFolder: String?
    /// Who is told.
    public var notifications = NotificationConfiguration()

    /// The standard rules; log and console.
    public init() {}

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case intervalSeconds, rules, disabledRules, backupFolder, notifications
    }

    /// Reads a configuration; what is left out keeps its default, an unknown key is refused.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        intervalSeconds = try values.decodeIfPresent(Double.self, forKey: .intervalSeconds) ?? intervalSeconds
        rules = try values.decodeIfPresent([AlertRule].self, forKey: .rules) ?? []
        disabledRules = try values.decodeIfPresent([String].self, forKey: .disabledRules) ?? []
        backupFolder = try values.decodeIfPresent(String.self, forKey: .backupFolder)
        notifications =
            try values.decodeIfPresent(NotificationConfiguration.self, forKey: .notifications) ?? notifications
    }

    /// The rules that are used: the standard ones with those of the configuration.
    public var effectiveRules: [AlertRule] {
        let own = Set(rules.map(\.code))
        return AlertRule.standard.filter { !own.contains($0.code) && !disabledRules.contains($0.code) } + rules
    }

    /// Throws what is wrong with it.
    public func validate() throws(StrataError) {
        guard (1...3600).contains(intervalSeconds) else {
            throw StrataError(.invalidArgument, "intervalSeconds is \(intervalSeconds), expected 1 through 3600")
        }
        let known = Set(AlertRule.standard.map(\.code))
        for code in disabledRules where !known.contains(code) {
            throw StrataError(
                .invalidArgument,
                "disabledRules names \(code), which is no standard rule; there are \(known.sorted().joined(separator: ", "))"
            )
        }
        _ = try HealthBoard(rules: effectiveRules)
        try notifications.validate()
    }
}

extension MonitoringConfiguration {
    /// Reads a configuration from JSON and checks it.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument``, naming the key and what was expected.
    public init(json text: String) throws(StrataError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
        } catch let error as StrataError {
            throw error
        } catch let error as DecodingError {
            throw StrataError(.invalidArgument, "the monitoring configuration: \(Self.explanation(of: error))")
        } catch {
            throw StrataError(.invalidArgument, "the monitoring configuration cannot be read", cause: error)
        }
        try validate()
    }

    private static func explanation(of error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
            return path.isEmpty ? "at its beginning" : path.joined(separator: ".")
        }
        return switch error {
        case .keyNotFound(let key, let context): "\(place(context)): the key \(key.stringValue) is missing"
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            "\(place(context)): expected \(type)"
        case .dataCorrupted(let context): "\(place(context)): \(context.debugDescription)"
        @unknown default: "it cannot be read"
        }
    }
}
