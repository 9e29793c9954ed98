import Foundation
import StrataCore

/// What a file that is to be imported is.
public enum ImportFormat: Sendable, Hashable {
    /// Strata's own export.
    case strata
    /// A format of ``FileIngest``.
    case file(IngestFormat)
}

extension ImportFormat {
    /// Looks into a file for what it is: by its first object, or else by its name.
    ///
    /// - Returns: nil when neither tells, or when the file cannot be read.
    public static func detect(file: String) -> Self? {
        let byName = IngestFormat(fileName: file)
        guard byName != .markdown, byName != .plainText else { return byName.map(Self.file) }
        guard let handle = try? FileHandle(forReadingFrom: URL(fileURLWithPath: file)) else { return nil }
        if let object = firstLine(of: handle), case .object(let members) = object {
            if members["format"] == "strata-export" { return .strata }
            if members["type"] == "entity" || members["type"] == "relation" { return .file(.mcpMemory) }
            if byName == .jsonLines { return .file(.jsonLines) }
        }
        try? handle.seek(toOffset: 0)
        if let format = firstElement(of: handle).flatMap(format) { return .file(format) }
        return byName.map(Self.file)
    }

    private static func firstLine(of handle: FileHandle) -> JSONValue? {
        var reader = LineReader(handle: handle, lineBytesMax: 16 << 20)
        guard let line = try? reader.next(), !line.isOverLimit else { return nil }
        return try? JSONValue(jsonText: String(decoding: line.bytes, as: UTF8.self))
    }

    private static func firstElement(of handle: FileHandle) -> JSONValue? {
        var reader = JSONElementReader(handle: handle, elementBytesMax: IngestOptions().elementBytesMax)
        guard let element = try? reader.next(), !element.isOverLimit else { return nil }
        return try? JSONValue(jsonText: String(decoding: element.bytes, as: UTF8.self))
    }

    private static func format(of element: JSONValue) -> IngestFormat? {
        guard case .object(let members) = element else { return nil }
        if members["mapping"] != nil { return .chatGPT }
        if members["chat_messages"] != nil { return .claude }
        if members["memory"] != nil { return .mem0 }
        return nil
    }
}
