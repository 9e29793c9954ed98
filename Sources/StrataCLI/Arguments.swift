public import ArgumentParser
public import MCP
public import Strata
public import StrataCore

// How the library's values are written on the command line.

extension EmbeddingRole: ExpressibleByArgument {}
extension Layer: ExpressibleByArgument {}
extension MemoryRecord.Source: ExpressibleByArgument {}
extension DuplicatePolicy: ExpressibleByArgument {}
extension Acknowledgement: ExpressibleByArgument {}
extension LearnedPromotionSettings.Mode: ExpressibleByArgument {}
extension RecallOptions.Signals: ExpressibleByArgument {}
extension MCPServer.Profile: ExpressibleByArgument {}
extension ScorePart.Name: ExpressibleByArgument {}

extension RecordID: ExpressibleByArgument {
    /// Reads the usual form of a UUID.
    public init?(argument: String) { self.init(argument) }
}

extension Timestamp: ExpressibleByArgument {
    /// Reads ISO 8601.
    public init?(argument: String) { self.init(iso8601: argument) }
}
