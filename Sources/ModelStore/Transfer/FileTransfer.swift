internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import StrataCore

/// Fetches one file, going on where an earlier attempt ended, until it is whole and right.
struct FileTransfer: Sendable {
    struct Source: Sendable {
        var url: URL
        var token: String?
        /// The name for messages.
        var name: String
        /// What the repository announced; nil where it says nothing.
        var sizeBytes: Int?
        var sha256: String?
    }

    let transport: HTTPTransport
    let environment: TransferEnvironment
    let retries: RetryPolicy
    /// The most bytes of a file whose size nobody announced, and of any.
    let sizeBytesMax: Int
    /// Told of every change in the number of bytes that are there.
    let progress: @Sendable (_ sizeBytes: Int, _ total: Int?) -> Void

    /// What one attempt is to take and what it found out.
    private struct Plan {
        var offset = 0
        var expectedBytes: Int?
        /// A hash that the server gives with the file, as hubs do for large ones.
        var sha256: String?
    }

    /// Fetches into `path`.
    ///
    /// - Returns: the file's SHA-256.
    /// - Throws: ``StrataError``: `unreachable`, `notFound`, `corrupted` when the bytes come wrong again after a new
    ///   start, `tooLarge`, `storageFailure`; `CancellationError`.
    func fetch(_ source: Source, to path: String) async throws -> String {
        let lane = BlockingLane("transfer")
        let file = PartialFile(path: path)
        var failureCount = 0
        var wrongCount = 0
        var sizeBefore = try await lane.run { file.size() ?? 0 }
        while true {
            do {
                let plan = try await attempt(source, file, lane)
                let digest = try await lane.run { try file.digest() }
                if let expected = source.sha256 ?? plan.sha256, expected != digest {
                    wrongCount += 1
                    try await lane.run { file.remove() }
                    guard wrongCount < 2 else {
                        throw StrataError(
                            .corrupted,
                            "\(source.name) has SHA-256 \(digest), expected \(expected), twice; the mirror is damaged")
                    }
                    continue
                }
                try await lane.run { try file.finish() }
                return digest
            } catch let failure as TransferFailure {
                let size = try await lane.run { file.size() ?? 0 }
                // Bytes that came are progress; only failures in a row count.
                failureCount = size > sizeBefore ? 1 : failureCount + 1
                sizeBefore = size
                let pause = retries.pause(
                    afterFailure: failureCount, retryAfter: failure.retryAfter, random: environment.randomBits())
                guard failure.isRetryable, let pause else { throw failure.error(during: "fetching \(source.name)") }
                try await environment.pause(pause)
            }
        }
    }

    /// One request; leaves what it got in the partial file, also when it fails in the middle.
    private func attempt(_ source: Source, _ file: PartialFile, _ lane: BlockingLane) async throws -> Plan {
        let resume = try await lane.run { file.resumePoint() }
        var request = HTTPTransport.Request(url: source.url, token: source.token)
        // Compressed bytes could not be resumed, nor compared with the announced size.
        request.headers.append(("accept-encoding", "identity"))
        if let resume {
            if resume.offset == source.sizeBytes { return Plan(offset: resume.offset, expectedBytes: resume.offset) }
            request.headers.append(("range", "bytes=\(resume.offset)-"))
            request.headers.append(("if-range", resume.validator))
        }
        let response = try await transport.send(request, accepts: [416])
        if response.status == 416 {
            // What is there is no part of what the server has; the next attempt starts from the beginning.
            try await lane.run { file.remove() }
            throw TransferFailure(kind: .malformed, message: "the server refuses to go on at \(resume?.offset ?? 0)")
        }
        var plan = try plan(response, source, resume)
        if plan.offset == 0 {
            let validator = Self.strongValidator(response)
            try await lane.run { try file.begin(validator: validator) }
        }
        try check(plan.expectedBytes, source)
        progress(plan.offset, plan.expectedBytes)
        try await receive(response, &plan, source, file, lane)
        return plan
    }

    /// Reads the head of an answer: from where its bytes count and how many there will be in all.
    private func plan(
        _ response: HTTPTransport.Response, _ source: Source, _ resume: (offset: Int, validator: String)?
    ) throws -> Plan {
        var plan = Plan()
        let length = response.header("content-length").flatMap { Int($0) }
        if response.status == 206 {
            guard let resume, let range = ContentRange(response.header("content-range") ?? ""),
                range.start == resume.offset
            else {
                throw TransferFailure(kind: .malformed, message: "the answer holds another range than was asked for")
            }
            plan.offset = resume.offset
            plan.expectedBytes = range.total ?? length.map { resume.offset + $0 }
        } else {
            plan.expectedBytes = length
        }
        if let announced = source.sizeBytes {
            if let expected = plan.expectedBytes, expected != announced {
                throw TransferFailure(
                    kind: .malformed, message: "the server has \(expected) bytes, the repository lists \(announced)")
            }
            plan.expectedBytes = announced
        }
        if let tag = response.header("x-linked-etag")?.trimmingCharacters(in: ["\""]), Self.isDigest(tag) {
            plan.sha256 = tag
        }
        return plan
    }

    private func receive(
        _ response: HTTPTransport.Response, _ plan: inout Plan, _ source: Source, _ file: PartialFile,
        _ lane: BlockingLane
    ) async throws {
        var total = plan.offset
        var pending: [UInt8] = []
        var broken: (any Error)?
        do {
            for try await part in response.body {
                pending += part.readableBytesView
                guard total + pending.count <= plan.expectedBytes ?? sizeBytesMax else {
                    try await lane.run { file.remove() }
                    throw TransferFailure(kind: .malformed, message: "\(source.name) is longer than announced")
                }
                if pending.count >= 1 << 20 {
                    let chunk = pending
                    try await lane.run { try file.append(chunk) }
                    total += chunk.count
                    pending.removeAll(keepingCapacity: true)
                    progress(total, plan.expectedBytes)
                }
            }
        } catch let error as StrataError {
            throw error
        } catch let error as TransferFailure {
            throw error
        } catch {
            broken = HTTPTransport.failure(error)
        }
        // What came before the break is kept: the next attempt, or the next run, goes on behind it.
        let chunk = pending
        try await lane.run { try file.append(chunk) }
        total += chunk.count
        progress(total, plan.expectedBytes)
        if let broken { throw broken }
        if let expected = plan.expectedBytes, total < expected {
            throw TransferFailure(kind: .connection, message: "only \(total) of \(expected) bytes came")
        }
    }

    private func check(_ expected: Int?, _ source: Source) throws {
        guard let expected, expected > sizeBytesMax else { return }
        throw StrataError(
            .tooLarge, "\(source.name) has \(expected) bytes, the limit is \(sizeBytesMax); raise it to fetch it")
    }

    /// An ETag that promises identical bytes; a weak one does not.
    private static func strongValidator(_ response: HTTPTransport.Response) -> String? {
        response.header("etag").flatMap { $0.hasPrefix("\"") ? $0 : nil }
    }

    static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}

/// `bytes START-END/TOTAL`.
struct ContentRange: Equatable {
    let start: Int
    let end: Int
    let total: Int?

    init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        let sides = parts[1].split(separator: "/")
        guard sides.count == 2 else { return nil }
        let ends = sides[0].split(separator: "-").map { Int($0) }
        guard ends.count == 2, let start = ends[0], let end = ends[1], start <= end else { return nil }
        (self.start, self.end, total) = (start, end, Int(sides[1]))
    }
}
