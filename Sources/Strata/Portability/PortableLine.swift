internal import StrataCore

/// A line of an export: the header first, then a record a line, then the end with their number.
///
/// Nothing in it depends on when or where the export was made, so that equal memories give equal files. A file without
/// its end was cut off.
public enum PortableLine: Sendable, Hashable {
    /// What the file is: `{"format":"strata-export","type":"header","version":1}`.
    case header
    /// A record.
    case record(PortableRecord)
    /// The end, with the number of records before it.
    case end(recordCount: Int)

    /// The version that is written, and the only one so far that is read.
    public static let version = 1
    /// The longest line that is read, in bytes: more than a text, a vector and a long history take.
    public static let bytesMax = 64 << 20

    /// The line, without a line end.
    public var jsonLine: String {
        switch self {
        case .header:
            JSONValue.object([
                "format": "strata-export", "type": "header", "version": .integer(Int64(Self.version)),
            ]).jsonText
        case .record(let record): record.jsonLine
        case .end(let count): JSONValue.object(["type": "end", "recordCount": .integer(Int64(count))]).jsonText
        }
    }

    /// Reads a line.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` naming what is wrong, never a value;
    ///   ``StrataError/Code/unsupportedVersion``.
    public init(jsonLine: String) throws {
        let value = try JSONValue(jsonText: jsonLine)
        let fields = try PortableFields(value, of: "the line")
        switch try fields.text("type") {
        case "header":
            let version = try fields.count("version")
            guard try fields.text("format") == "strata-export", version == Self.version else {
                throw StrataError(
                    .unsupportedVersion,
                    "the export has version \(version), this Strata reads version \(Self.version); use a newer one")
            }
            self = .header
        case "record": self = .record(try PortableRecord(json: value))
        case "end": self = .end(recordCount: try fields.count("recordCount"))
        default: throw fields.wrong("type", "header, record or end")
        }
    }
}
