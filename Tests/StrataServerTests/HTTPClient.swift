import Foundation
import StrataCore
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a server answered.
struct Answer: Sendable {
    let status: Int
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue { get throws { try JSONValue(jsonText: text) } }
    /// The code of a problem.
    var code: String? { try? json["code"]?.stringValue }

    /// Reads an answer off the wire, as RFC 9112 writes it.
    init(wire: [UInt8]) throws {
        let blank = try #require(
            wire.firstRange(of: Array("\r\n\r\n".utf8)), "no end of the head in \(wire.count) bytes")
        let lines = String(decoding: wire[..<blank.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        status = try #require(Int(lines[0].split(separator: " ")[1]))
        headers = Dictionary(
            lines.dropFirst().map { line in
                let pair = line.split(separator: ":", maxSplits: 1)
                return (pair[0].lowercased(), pair[1].trimmingCharacters(in: .whitespaces))
            }, uniquingKeysWith: { $1 })
        var rest = wire[blank.upperBound...]
        guard headers["transfer-encoding"] == "chunked" else {
            body = headers["content-length"].flatMap { Int($0) }.map { Array(rest.prefix($0)) } ?? Array(rest)
            return
        }
        var joined: [UInt8] = []
        while let end = rest.firstRange(of: Array("\r\n".utf8)) {
            let count = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16) ?? 0
            joined += rest[end.upperBound...].prefix(count)
            rest = rest[end.upperBound...].dropFirst(count + 2)
        }
        body = joined
    }
}

/// A client that writes the bytes it is told to, in the pieces it is told to.
struct HTTPClient: Sendable {
    private enum Place: Sendable {
        case port(UInt16)
        case path(String)
    }

    private let place: Place
    /// The value of Host.
    let authority: String

    init(url: String) throws {
        if url.hasPrefix("unix:") {
            place = .path(String(url.dropFirst(5)))
            authority = "localhost"
        } else {
            authority = String(try #require(url.components(separatedBy: "//").last))
            let port = try #require(authority.split(separator: ":").last)
            place = .port(try #require(UInt16(port)))
        }
    }

    /// Sends a request and reads the whole answer.
    func send(
        _ method: String, _ path: String, _ body: String? = nil, key: String? = nil, headers: [String: String] = [:]
    ) async throws -> Answer {
        try Answer(wire: try await exchange([request(method, path, body, key: key, headers: headers)]))
    }

    func send(
        _ method: String, _ path: String, json: JSONValue, key: String? = nil, headers: [String: String] = [:]
    ) async throws -> Answer {
        try await send(method, path, json.jsonText, key: key, headers: headers)
    }

    /// The bytes of a request that asks for the connection's end.
    func request(
        _ method: String, _ path: String, _ body: String? = nil, key: String? = nil, headers: [String: String] = [:]
    ) -> [UInt8] {
        var fields = ["Host": authority, "Connection": "close"]
        if let body {
            fields["Content-Length"] = String(body.utf8.count)
            fields["Content-Type"] = "application/json"
        }
        if let key { fields["Authorization"] = "Bearer \(key)" }
        fields.merge(headers) { $1 }
        let head = fields.map { "\($0): \($1)\r\n" }.joined()
        return Array("\(method) \(path) HTTP/1.1\r\n\(head)\r\n\(body ?? "")".utf8)
    }

    /// Writes pieces, each with a system call of its own, and reads until the server closes or `isEnough`.
    func exchange(
        _ pieces: [[UInt8]], until isEnough: @Sendable @escaping ([UInt8]) -> Bool = { _ in false }
    ) async throws -> [UInt8] {
        // Reading blocks, so it gets a thread of its own: the server runs on the pool.
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                continuation.resume(with: Result { try blockingExchange(pieces, until: isEnough) })
            }
            thread.start()
        }
    }

    private func blockingExchange(_ pieces: [[UInt8]], until isEnough: ([UInt8]) -> Bool) throws -> [UInt8] {
        signal(SIGPIPE, SIG_IGN)
        let socket = try connected()
        defer { close(socket) }
        var flag: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &flag, socklen_t(MemoryLayout<Int32>.size))
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        for piece in pieces {
            var rest = piece[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(socket, $0.baseAddress, $0.count) }
                guard count > 0 else { break }
                rest = rest.dropFirst(count)
            }
        }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !isEnough(received) {
            let count = read(socket, &buffer, buffer.count)
            guard count > 0 else { break }
            received += buffer[..<count]
        }
        return received
    }

    private func connected() throws -> Int32 {
        switch place {
        case .port(let port):
            let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            try #require(result == 0)
            return socket
        case .path(let path):
            let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(result == 0)
            return socket
        }
    }
}
