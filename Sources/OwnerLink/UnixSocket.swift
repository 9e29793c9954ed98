internal import Foundation
internal import StrataCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A connected or listening socket of the local machine, used by one thread at a time; every call blocks.
///
/// A message is its length as four bytes, most significant first, then JSON.
struct UnixSocket: Sendable {
    /// The longest message, in bytes.
    static let messageBytesMax = 64 << 20
    /// How long a peer may take to read what was sent to it.
    private static let sendSecondsMax = 30
    /// A peer that is gone is an error of the call, not a signal that ends the process.
    #if canImport(Darwin)
        private static let sendFlags: Int32 = 0
    #else
        private static let sendFlags = Int32(MSG_NOSIGNAL)
    #endif

    let descriptor: Int32

    /// Why a message cannot be read.
    enum Failure: Error {
        /// The peer has hung up, between two messages or within one.
        case ended
        /// A length of zero or over the limit.
        case badLength(Int)
    }

    /// Listens at a path, in place of whatever lies there; only this user can connect.
    static func listening(at path: String) throws -> UnixSocket {
        let socket = try UnixSocket()
        // Whoever listens owns the folder, so that a socket found there was left behind by a process that is gone.
        unlink(path)
        let isBound = try withAddress(path) { bind(socket.descriptor, $0, $1) == 0 }
        guard isBound, chmod(path, 0o600) == 0, listen(socket.descriptor, 16) == 0 else {
            let reason = String(cString: strerror(errno))
            socket.end()
            throw StrataError(.storageFailure, "cannot listen at \(path) (\(reason))")
        }
        return socket
    }

    /// Connects to a path; nil when nobody listens there.
    static func connected(to path: String) throws -> UnixSocket? {
        let socket = try UnixSocket()
        guard try withAddress(path, { connect(socket.descriptor, $0, $1) == 0 }) else {
            socket.end()
            return nil
        }
        return socket
    }

    private init() throws {
        #if canImport(Darwin)
            descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #else
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        guard descriptor >= 0 else {
            throw StrataError(.storageFailure, "cannot make a socket (\(String(cString: strerror(errno))))")
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        limitSending()
    }

    private init(connected descriptor: Int32) {
        self.descriptor = descriptor
        limitSending()
    }

    private func limitSending() {
        var limit = timeval(tv_sec: Self.sendSecondsMax, tv_usec: 0)
        #if canImport(Darwin)
            var isOn: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &isOn, socklen_t(4))
        #endif
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    private static func withAddress<Value>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
    ) throws -> Value {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw StrataError(
                .invalidArgument, "the path \(path) is too long for a socket; choose a shorter data directory")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// The next caller, or nil once the socket was shut down.
    func nextCaller() -> UnixSocket? {
        while true {
            let connected = accept(descriptor, nil, nil)
            if connected >= 0 {
                // A child of this process has no business with it.
                _ = fcntl(connected, F_SETFD, FD_CLOEXEC)
                return UnixSocket(connected: connected)
            }
            guard errno == EINTR || errno == ECONNABORTED || errno == EMFILE else { return nil }
        }
    }

    /// Whether the process at the other end belongs to this user.
    var isPeerThisUser: Bool {
        #if canImport(Darwin)
            var (user, group) = (uid_t(), gid_t())
            return getpeereid(descriptor, &user, &group) == 0 && user == geteuid()
        #else
            // `struct ucred`: process, user, group, of 32 bits each.
            var credentials: [UInt32] = [0, 0, 0]
            var length = socklen_t(12)
            guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0, length == 12 else {
                return false
            }
            return credentials[1] == geteuid()
        #endif
    }

    /// Sends a message.
    func write(_ message: some Encodable) throws {
        let body = try JSONEncoder().encode(message)
        guard body.count <= Self.messageBytesMax else {
            throw StrataError(
                .tooLarge,
                "the message has \(body.count) bytes, at most \(Self.messageBytesMax) go to the owner; ask for less")
        }
        var data = Data()
        withUnsafeBytes(of: UInt32(body.count).bigEndian) { data.append(contentsOf: $0) }
        data.append(body)
        try data.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = send(
                    descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Self.sendFlags)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Failure.ended }
                sent += count
            }
        }
    }

    /// Waits for a message and reads it.
    ///
    /// - Throws: ``Failure``; `DecodingError` for JSON that is something else.
    func receive<Message: Decodable>(_ type: Message.Type) throws -> Message {
        let head = try read(4)
        let length = head.reduce(0) { $0 << 8 | Int($1) }
        guard length > 0, length <= Self.messageBytesMax else { throw Failure.badLength(length) }
        return try JSONDecoder().decode(type, from: Data(read(length)))
    }

    /// Memory grows with what has come, not with what was announced.
    private func read(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: min(count, 1 << 16))
        while bytes.count < count {
            let received = recv(descriptor, &block, min(block.count, count - bytes.count), 0)
            if received < 0, errno == EINTR { continue }
            guard received > 0 else { throw Failure.ended }
            bytes += block.prefix(received)
        }
        return bytes
    }

    /// Makes whoever waits for something from the peer stop waiting; what is being sent goes out.
    func stopReceiving() { shutdown(descriptor, Int32(SHUT_RD)) }

    func end() { close(descriptor) }
}
