internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import StrataCore
internal import Synchronization

/// Sends one request and follows its redirects. Pauses and repetition are the caller's.
///
/// The token goes to the origin (scheme, host, port) that the request names and to no other, whatever redirects say.
/// A redirect from https to http is refused.
final class HTTPTransport: Sendable {
    struct Options: Sendable {
        var connectTimeout = Duration.seconds(15)
        /// The longest silence, before an answer begins and within it.
        var silenceMax = Duration.seconds(30)
        var redirectCountMax = 8
    }

    struct Request: Sendable {
        var url: URL
        var method = "GET"
        var headers: [(String, String)] = []
        var token: String?
        var body: [UInt8]?
    }

    /// An answer whose body still comes.
    struct Response: Sendable {
        let status: Int
        /// The headers of the answer; those of earlier redirects behind them.
        let headers: HTTPHeaders
        let body: HTTPClientResponse.Body

        func header(_ name: String) -> String? { headers.first(name: name) }

        /// The whole body.
        func collect(bytesMax: Int) async throws -> [UInt8] {
            do {
                let buffer = try await body.collect(upTo: bytesMax)
                return Array(buffer.readableBytesView)
            } catch is NIOTooManyBytesError {
                throw TransferFailure(kind: .malformed, message: "the answer is longer than \(bytesMax) bytes")
            } catch {
                throw HTTPTransport.failure(error)
            }
        }
    }

    private let options: Options
    private let proxies: ProxyChoice
    private let now: @Sendable () -> Timestamp
    private let clients = Mutex<[ProxyChoice.Proxy?: HTTPClient]>([:])

    init(environment: TransferEnvironment, options: Options = Options()) {
        self.options = options
        proxies = ProxyChoice(variables: environment.variables)
        now = environment.now
    }

    deinit {
        // Nobody waits for the connections to close; the client demands to be told nevertheless.
        for client in clients.withLock({ Array($0.values) }) { client.shutdown { _ in } }
    }

    /// Sends a request.
    ///
    /// - Returns: an answer of status 200 … 299, or another one that `accepts` names.
    /// - Throws: ``TransferFailure``; `CancellationError`.
    func send(_ request: Request, accepts: Set<Int> = []) async throws -> Response {
        var url = request.url
        var history = HTTPHeaders()
        for _ in 0...options.redirectCountMax {
            let response = try await sendOnce(request, to: url)
            let status = Int(response.status.code)
            history = response.headers + history
            if let target = try Self.redirect(status, response.headers.first(name: "location"), from: url) {
                url = target
                continue
            }
            if 200..<300 ~= status || accepts.contains(status) {
                return Response(status: status, headers: history, body: response.body)
            }
            throw TransferFailure(
                kind: .status(status), message: "\(Self.place(url)) answers \(status) \(response.status.reasonPhrase)",
                retryAfter: response.headers.first(name: "retry-after").flatMap(retryAfter))
        }
        throw TransferFailure(
            kind: .status(310),
            message: "\(Self.place(request.url)) redirects more than \(options.redirectCountMax) times")
    }

    private func sendOnce(_ request: Request, to url: URL) async throws -> HTTPClientResponse {
        var message = HTTPClientRequest(url: url.absoluteString)
        message.method = HTTPMethod(rawValue: request.method)
        message.headers.add(name: "user-agent", value: "strata")
        for (name, value) in request.headers { message.headers.add(name: name, value: value) }
        if let token = request.token, Origin(url) == Origin(request.url) {
            message.headers.add(name: "authorization", value: "Bearer \(token)")
        }
        if let body = request.body { message.body = .bytes(ByteBuffer(bytes: body)) }
        do {
            // The silence ends a request that hangs; a transfer of many hours is none.
            return try await client(for: url).execute(message, deadline: .distantFuture)
        } catch {
            throw Self.failure(error, at: url)
        }
    }

    private static func redirect(_ status: Int, _ location: String?, from url: URL) throws -> URL? {
        guard [301, 302, 303, 307, 308].contains(status) else { return nil }
        guard let location, let target = URL(string: location, relativeTo: url)?.absoluteURL,
            let scheme = target.scheme?.lowercased(), ["http", "https"].contains(scheme), target.host != nil
        else {
            throw TransferFailure(kind: .status(status), message: "\(place(url)) redirects without a usable target")
        }
        guard scheme == "https" || url.scheme?.lowercased() != "https" else {
            throw TransferFailure(kind: .status(status), message: "\(place(url)) redirects from https to http; refused")
        }
        return target
    }

    /// Seconds or a date, as RFC 9110 has it.
    private func retryAfter(_ text: String) -> Duration? {
        if let seconds = Int(text.trimmingCharacters(in: .whitespaces)) {
            return seconds >= 0 ? .seconds(min(seconds, 1 << 31)) : nil
        }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        guard let date = formatter.date(from: text) else { return nil }
        return max(.zero, Timestamp(milliseconds: Int64(date.timeIntervalSince1970 * 1000)) - now())
    }

    private func client(for url: URL) -> HTTPClient {
        let proxy = proxies.proxy(for: url)
        return clients.withLock { clients in
            if let client = clients[proxy] { return client }
            var configuration = HTTPClient.Configuration(
                redirectConfiguration: .disallow,
                timeout: .init(
                    connect: .nanoseconds(Int64(options.connectTimeout / .nanoseconds(1))),
                    read: .nanoseconds(Int64(options.silenceMax / .nanoseconds(1)))))
            configuration.httpVersion = .http1Only
            // What fails is reported at once; whether it is tried again is decided in one place.
            configuration.connectionPool.retryConnectionEstablishment = false
            if let proxy {
                let authorization = proxy.credentials.map {
                    HTTPClient.Authorization.basic(credentials: Data($0.utf8).base64EncodedString())
                }
                configuration.proxy = .server(host: proxy.host, port: proxy.port, authorization: authorization)
            }
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            clients[proxy] = client
            return client
        }
    }

    /// What a lower layer threw, as a failure.
    static func failure(_ error: any Error, at url: URL? = nil) -> any Error {
        if error is CancellationError || error is TransferFailure { return error }
        let place = url.map { "\(Self.place($0)) " } ?? "the connection "
        guard let error = error as? HTTPClientError else {
            return TransferFailure(kind: .connection, message: "\(place)failed: \(error)")
        }
        switch error {
        case .cancelled, .requestStreamCancelled: return CancellationError()
        case .readTimeout, .connectTimeout, .deadlineExceeded, .writeTimeout, .tlsHandshakeTimeout:
            return TransferFailure(
                kind: .timeout, message: "\(place)gave no answer in time (\(error.shortDescription))")
        default: return TransferFailure(kind: .connection, message: "\(place)failed (\(error.shortDescription))")
        }
    }

    /// Host and path: what may be shown, as a query may carry a signature.
    private static func place(_ url: URL) -> String {
        "\(url.host ?? "")\(url.port.map { ":\($0)" } ?? "")\(url.path)"
    }
}

/// Who gets a token: scheme, host and port.
private struct Origin: Equatable {
    let scheme: String?
    let host: String?
    let port: Int?

    init(_ url: URL) {
        scheme = url.scheme?.lowercased()
        host = url.host?.lowercased()
        port = url.port ?? (scheme == "https" ? 443 : 80)
    }
}

extension HTTPHeaders {
    fileprivate static func + (first: HTTPHeaders, second: HTTPHeaders) -> HTTPHeaders {
        var all = first
        all.add(contentsOf: second)
        return all
    }
}
