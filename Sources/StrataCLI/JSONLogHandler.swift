internal import Logging
internal import Strata
internal import StrataCore

/// Writes log entries to standard error, one JSON object a line.
struct JSONLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    private let label: String

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var entry: [String: JSONValue] = [
            "at": .string(EngineEnvironment.system.now().description), "level": .string(event.level.rawValue),
            "logger": .string(label), "message": .string(event.message.description),
        ]
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
            entry[key] = .string(value.description)
        }
        Terminal.standardError.write(JSONValue.object(entry).jsonText + "\n")
    }
}
