internal import Foundation
public import HTTPTypes
public import HummingbirdCore
internal import NIOCore
public import StrataCore

/// A request that was let in: its caller is known, its namespace is the caller's, its body is complete.
public struct ServerRequest: Sendable {
    /// The request's id: the client's `X-Request-ID`, or a new one.
    public let id: String
    /// The method.
    public let method: HTTPRequest.Method
    /// The path without the query, as it came.
    public let path: String
    /// The header fields.
    public let headers: HTTPFields
    /// The path's parameters, decoded.
    public let parameters: [String: String]
    /// The query's parameters in their order, decoded, `namespace` among them.
    public let query: [(name: String, value: String)]
    /// Who calls.
    public let caller: Caller
    /// The namespace, when the route has one; else the default one of the caller.
    public let namespace: String
    /// The body.
    public let body: [UInt8]

    /// The body as JSON.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument``; `unsupported_media_type` when the client calls it something else,
    ///   as a form of a foreign web page must.
    public func json() throws -> JSONValue {
        guard mediaType == nil || mediaType == MediaType.json else {
            throw StrataError(
                .unsupportedMediaType,
                "the body's Content-Type is not one that this path takes, such as \(MediaType.json)")
        }
        return try JSONValue(utf8: body, named: "the body")
    }

    /// Whether the client would rather have that media type than JSON.
    func prefers(_ mediaType: String) -> Bool {
        headers[.accept].map { $0.split(separator: ",").first?.contains(mediaType) == true } ?? false
    }

    /// The media type of the body, without its parameters, in lower case.
    var mediaType: String? {
        headers[.contentType]?.split(separator: ";").first?.trimmingCharacters(in: .whitespaces).lowercased()
    }
}

extension JSONValue {
    /// Reads JSON from bytes that must be UTF-8.
    init(utf8 bytes: some Collection<UInt8>, named name: String) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw StrataError(.invalidArgument, "\(name) is not valid UTF-8")
        }
        guard !text.isEmpty else { throw StrataError(.invalidArgument, "\(name) is empty, expected JSON") }
        self = try JSONValue(jsonText: text)
    }
}

/// What a request is answered with.
public struct Reply: Sendable {
    /// The body of an answer.
    public enum Body: Sendable {
        /// All of it.
        case bytes([UInt8])
        /// Written as it comes; ends when the closure has called `finish`.
        case stream(@Sendable (inout any ResponseBodyWriter) async throws -> Void)
    }

    /// The status.
    public var status: HTTPResponse.Status
    /// The header fields, besides those that every answer carries.
    public var headers: HTTPFields
    /// The body.
    public var body: Body

    /// An answer.
    public init(_ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A value as JSON, keys sorted.
    public static func json(
        encoding value: some Encodable, _ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) throws -> Reply {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return json(bytes: Array(try encoder.encode(value)), status, headers: headers)
    }

    /// A JSON value.
    public static func json(
        _ value: JSONValue, _ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Reply {
        json(bytes: Array(value.jsonText.utf8), status, headers: headers)
    }

    private static func json(bytes: [UInt8], _ status: HTTPResponse.Status, headers: HTTPFields) -> Reply {
        var reply = Reply(status, headers: headers, body: .bytes(bytes))
        reply.headers[.contentType] = "application/json"
        return reply
    }
}
