internal import Foundation
internal import HTTPTypes
internal import StrataCore

/// The form that a route's errors take.
public enum ErrorDialect: Sendable, Hashable {
    /// `application/problem+json` of RFC 9457.
    case problem
    /// OpenAI's `{"error": {…}}`.
    case openAI
}

extension StrataError.Code {
    /// No key was given, or an unknown or revoked one.
    static let unauthorized = Self("unauthorized")
    /// The key may not do that, or not in that namespace.
    static let forbidden = Self("forbidden")
    /// The request addresses a host name that is not this server's.
    static let misdirected = Self("misdirected")
    /// The path exists, the method does not.
    static let methodNotAllowed = Self("method_not_allowed")
    /// The body is of another media type than the route takes.
    static let unsupportedMediaType = Self("unsupported_media_type")
    /// The record is no longer at the version of `If-Match`.
    static let preconditionFailed = Self("precondition_failed")
    /// The same `Idempotency-Key` came with another request.
    static let idempotencyMismatch = Self("idempotency_mismatch")
    /// The caller has spent its budget for now.
    static let rateLimited = Self("rate_limited")
    /// The work took longer than it may.
    static let deadlineExceeded = Self("deadline_exceeded")
}

/// An error on its way to the client.
struct Problem: Sendable {
    let code: StrataError.Code
    let status: HTTPResponse.Status
    let detail: String
    let isRetryable: Bool
    var headers: HTTPFields = [:]

    /// The one place where codes become statuses. An unknown error becomes 500 and tells nothing of itself.
    init(_ error: any Error) {
        let known = error as? StrataError
        code = known?.code ?? .internal
        isRetryable = known?.isRetryable ?? false
        status = Self.status(of: code)
        detail =
            code == .internal ? "the server failed; its log tells more under the request's id" : known?.message ?? ""
    }

    /// The status of a code.
    static func status(of code: StrataError.Code) -> HTTPResponse.Status {
        switch code {
        case .invalidArgument, .invalidFilter: .badRequest
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .conflict: .conflict
        case .preconditionFailed: .preconditionFailed
        case .tooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .misdirected: .misdirectedRequest
        case .dimensionMismatch, .invalidVector, .idempotencyMismatch: .unprocessableContent
        case .rateLimited: .tooManyRequests
        case .overloaded, .locked, .closed, .storageFailure, .modelInvalid, .modelSuspended, .runtimeUnavailable:
            .serviceUnavailable
        case .deadlineExceeded: .gatewayTimeout
        default: .internalServerError
        }
    }

    /// The answer, in the form of the route.
    func reply(_ dialect: ErrorDialect, requestID: String) -> Reply {
        let body: JSONValue
        var fields = headers
        switch dialect {
        case .problem:
            fields[.contentType] = "application/problem+json"
            body = [
                "type": .string("urn:strata:error:\(code)"), "title": .string(status.reasonPhrase),
                "status": .integer(Int64(status.code)), "detail": .string(detail), "code": .string(code.description),
                "requestId": .string(requestID), "retryable": .bool(isRetryable),
            ]
        case .openAI:
            fields[.contentType] = "application/json"
            let type =
                switch status.code {
                case 401: "authentication_error"
                case 403: "permission_error"
                case 429: "rate_limit_error"
                case 500...: "server_error"
                default: "invalid_request_error"
                }
            body = [
                "error": [
                    "message": .string(detail), "type": .string(type), "param": .null,
                    "code": .string(code.description),
                ]
            ]
        }
        if status == .unauthorized { fields[.wwwAuthenticate] = "Bearer realm=\"strata\"" }
        if status == .serviceUnavailable, fields[.retryAfter] == nil { fields[.retryAfter] = "1" }
        return Reply(status, headers: fields, body: .bytes(Array(body.jsonText.utf8)))
    }
}
