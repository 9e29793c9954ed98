import Foundation
import StrataCore
import Testing

/// A folder that goes away with the test.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "strata-cli-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file into the folder and returns its path.
    func write(_ name: String, _ text: String) throws -> String { try write(name, bytes: Array(text.utf8)) }

    func write(_ name: String, bytes: [UInt8]) throws -> String {
        let file = URL(fileURLWithPath: path).appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file.path
    }
}

/// What a finished child said.
struct Outcome {
    let status: Int32
    let out: String
    let err: String

    /// Standard output as one JSON value a line.
    var json: [JSONValue] {
        get throws { try out.split(separator: "\n").map { try JSONValue(jsonText: String($0)) } }
    }

    /// The code of the last error on standard error.
    var errorCode: String? {
        get throws {
            guard let last = err.split(separator: "\n").last else { return nil }
            return try JSONValue(jsonText: String(last))["error"]?["code"]?.stringValue
        }
    }
}

extension JSONValue {
    subscript(key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    subscript(index: Int) -> JSONValue? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }

    var count: Int {
        switch self {
        case .array(let elements): elements.count
        case .object(let members): members.count
        default: 0
        }
    }

    var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    var keys: Set<String> { if case .object(let members) = self { Set(members.keys) } else { [] } }
}

/// The built command with a data directory of its own.
struct Strata {
    let scratch: Scratch
    var model: String? = "none"

    init(model: String? = "none") throws {
        scratch = try Scratch()
        self.model = model
    }

    var dataDirectory: String { scratch.path + "/data" }

    /// The executable lies beside the test bundle.
    static var executable: URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "strata")
    }

    /// Whether `make setup` has put runtime and model where the command looks for them.
    static var hasModel: Bool {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["STRATA_HOME"] ?? (environment["HOME"] ?? "") + "/.local/share/strata"
        return FileManager.default.fileExists(atPath: home + "/models/all-MiniLM-L6-v2-int8/model.onnx")
    }

    /// A child that is set up and not yet started.
    func child(
        _ arguments: [String], environment: [String: String] = [:], of executable: URL = executable
    ) throws -> Child {
        var variables = ProcessInfo.processInfo.environment
        for name in ["NO_COLOR", "STRATA_MODEL", "STRATA_DATA_DIR"] { variables[name] = nil }
        variables["STRATA_DATA_DIR"] = dataDirectory
        if let model { variables["STRATA_MODEL"] = model }
        variables.merge(environment) { $1 }
        return try Child(executable, arguments, environment: variables, scratch: scratch)
    }

    /// Runs the command to its end.
    func run(
        _ arguments: String..., input: [UInt8] = [], environment: [String: String] = [:]
    ) async throws -> Outcome {
        let child = try child(arguments, environment: environment)
        try child.start()
        child.send(input)
        child.closeInput()
        return try await child.outcome()
    }

    /// Stores a text and returns its id.
    func remember(_ text: String, _ options: String...) async throws -> String {
        let child = try child(["remember", text, "--json"] + options)
        try child.start()
        child.closeInput()
        let outcome = try await child.outcome()
        return try #require(try outcome.json.first?["record"]?["id"]?.stringValue, "\(outcome.err)")
    }
}

/// A child process: standard input is a pipe, standard output and error are files or pipes of this process.
final class Child {
    private let process = Process()
    private let input = Pipe()
    private let out = Pipe()
    private let errors: URL
    private var received: [UInt8] = []

    init(_ executable: URL, _ arguments: [String], environment: [String: String], scratch: Scratch) throws {
        errors = URL(fileURLWithPath: scratch.path).appending(path: "stderr-\(UUID().uuidString)")
        try Data().write(to: errors)
        process.executableURL = executable
        process.arguments = arguments
        process.environment = environment
        process.standardInput = input
        process.standardOutput = out
        process.standardError = try FileHandle(forWritingTo: errors)
    }

    func start() throws { try process.run() }

    func send(_ bytes: [UInt8]) {
        // A child that refuses its arguments may be gone before it reads.
        signal(SIGPIPE, SIG_IGN)
        try? input.fileHandleForWriting.write(contentsOf: Data(bytes))
    }

    /// Sends more than a pipe holds while somebody reads what the child makes of it.
    func sendInBackground(_ bytes: [UInt8]) {
        signal(SIGPIPE, SIG_IGN)
        let handle = input.fileHandleForWriting
        DispatchQueue.global().async {
            try? handle.write(contentsOf: Data(bytes))
            try? handle.close()
        }
    }

    func closeInput() { try? input.fileHandleForWriting.close() }

    /// Waits until the child has written a whole line to standard output.
    func line() throws -> String {
        while !received.contains(UInt8(ascii: "\n")) {
            guard let chunk = try out.fileHandleForReading.read(upToCount: 1), !chunk.isEmpty else {
                throw CancellationError()
            }
            received += chunk
        }
        return String(decoding: received, as: UTF8.self)
    }

    /// Waits until the child has written these words to standard error, or has ended.
    func waitForErrors(containing words: String) throws {
        while process.isRunning, try !String(contentsOf: errors, encoding: .utf8).contains(words) { sched_yield() }
    }

    var processID: Int32 { process.processIdentifier }

    func interrupt() { process.interrupt() }

    func terminate() { process.terminate() }

    /// Ends the child as a power cut would: it gets no chance to do anything.
    func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

    /// Waits until the child has written that many lines to standard output, or has ended.
    func waitForLines(_ count: Int) throws {
        var lineCount = received.count(where: { $0 == UInt8(ascii: "\n") })
        while lineCount < count {
            guard let chunk = try out.fileHandleForReading.read(upToCount: 64), !chunk.isEmpty else { return }
            received += chunk
            lineCount += chunk.count(where: { $0 == UInt8(ascii: "\n") })
        }
    }

    /// Reads standard output to its end and waits for the child.
    func outcome() async throws -> Outcome {
        received += try out.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, out: String(decoding: received, as: UTF8.self),
            err: try String(contentsOf: errors, encoding: .utf8))
    }
}
