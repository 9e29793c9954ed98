import Foundation
import Synchronization

/// An HTTP server on the loopback interface that does what a test tells it, down to the single byte. Plain sockets, a
/// thread a connection: a server library would refuse to misbehave.
final class MisbehavingServer: Sendable {
    struct Request: Sendable {
        var method: String
        var path: String
        /// Names in small letters.
        var headers: [String: String]
        var body: [UInt8]
    }

    /// What a test sees of one exchange, and answers it with.
    struct Exchange {
        let request: Request
        fileprivate let descriptor: Int32
        fileprivate let stopped: DispatchSemaphore

        /// Sends a whole answer; without a length the connection's end is the body's.
        func answer(_ status: Int, _ headers: [String: String] = [:], _ body: [UInt8] = []) {
            head(status, headers.merging(["Content-Length": "\(body.count)"]) { own, _ in own })
            send(body)
        }

        func head(_ status: Int, _ headers: [String: String]) {
            let lines = headers.map { "\($0): \($1)\r\n" }.joined()
            send(Array("HTTP/1.1 \(status) Something\r\n\(lines)Connection: close\r\n\r\n".utf8))
        }

        func send(_ bytes: [UInt8]) {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }

        /// Breaks the connection as a crashed machine would.
        func reset() {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }

        /// Says nothing until the server is stopped.
        func hang() {
            stopped.wait()
            stopped.signal()
        }
    }

    let port: UInt16
    private let listener: Int32
    private let stopped = DispatchSemaphore(value: 0)
    private let log = Mutex<[Request]>([])

    /// What was asked so far.
    var requests: [Request] { log.withLock(\.self) }
    var address: String { "http://127.0.0.1:\(port)" }

    init(_ handle: @escaping @Sendable (Exchange) -> Void) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard bind(listener, pointer, size) == 0, listen(listener, 64) == 0 else { return false }
                return getsockname(listener, pointer, &size) == 0
            }
        }
        guard bound else { throw CocoaError(.featureUnsupported) }
        port = UInt16(bigEndian: address.sin_port)
        let stopped = stopped
        // The log outlives the server while a connection's thread still writes to it.
        let record: @Sendable (Request) -> Void = { [weak self] request in self?.log.withLock { $0.append(request) } }
        Thread.detachNewThread {
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { return }
                Thread.detachNewThread {
                    defer { close(descriptor) }
                    guard let request = Self.read(descriptor) else { return }
                    record(request)
                    let exchange = Exchange(request: request, descriptor: descriptor, stopped: stopped)
                    guard request.method == "CONNECT" else { return handle(exchange) }
                    // As a proxy it gives a tunnel, and is its other end as well.
                    exchange.send(Array("HTTP/1.1 200 Connected\r\n\r\n".utf8))
                    guard let inner = Self.read(descriptor) else { return }
                    record(inner)
                    handle(Exchange(request: inner, descriptor: descriptor, stopped: stopped))
                }
            }
        }
    }

    deinit {
        stopped.signal()
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private static func read(_ descriptor: Int32) -> Request? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let end = Array("\r\n\r\n".utf8)
        var headEnd: Int?
        while headEnd == nil {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk.prefix(count)
            headEnd = bytes.firstRange(of: end)?.upperBound
        }
        let lines = String(decoding: bytes[..<(headEnd ?? 0)], as: UTF8.self).components(separatedBy: "\r\n")
        let first = lines[0].split(separator: " ").map(String.init)
        guard first.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
        var body = Array(bytes[(headEnd ?? 0)...])
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while body.count < length {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            body += chunk.prefix(count)
        }
        return Request(method: first[0], path: first[1], headers: headers, body: body)
    }
}
