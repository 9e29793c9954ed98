public import StrataCore

/// What is installed, what works, and what to do about what does not.
public struct DiagnosticReport: Sendable, Hashable, Codable {
    /// How a check ended, from good to bad.
    public enum Status: String, Sendable, Codable, CaseIterable, Comparable {
        /// All is well.
        case ok
        /// It works, with less than the usual means.
        case warning
        /// It does not work.
        case failure

        /// Orders from good to bad.
        public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .ok: 0
            case .warning: 1
            case .failure: 2
            }
        }
    }

    /// One thing that was looked at.
    public struct Check: Sendable, Hashable, Codable {
        /// A stable word for it, in snake case.
        public let name: String
        /// How it ended.
        public let status: Status
        /// What was found.
        public let message: String
        /// What to do; nil when all is well.
        public let advice: String?
        /// The figures behind the message.
        public let details: [String: JSONValue]

        init(
            _ name: String, _ status: Status, _ message: String, advice: String? = nil,
            details: [String: JSONValue] = [:]
        ) {
            self.name = name
            self.status = status
            self.message = message
            self.advice = advice
            self.details = details
        }

        /// A check that an error ended.
        init(_ name: String, _ status: Status, _ error: any Error, advice: String) {
            let message = (error as? StrataError)?.message ?? String(describing: error)
            let code = (error as? StrataError)?.code.description ?? "internal"
            self.init(name, status, message, advice: advice, details: ["code": .string(code)])
        }
    }

    /// The checks, in the order in which they build on one another.
    public let checks: [Check]
    /// The worst of them.
    public var status: Status { checks.map(\.status).max() ?? .ok }

    private enum CodingKeys: String, CodingKey { case checks, status }

    init(checks: [Check]) { self.checks = checks }

    /// Reads the checks; the status follows from them.
    public init(from decoder: any Decoder) throws {
        checks = try decoder.container(keyedBy: CodingKeys.self).decode([Check].self, forKey: .checks)
    }

    /// Writes the checks and their worst status.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(checks, forKey: .checks)
        try container.encode(status, forKey: .status)
    }
}
