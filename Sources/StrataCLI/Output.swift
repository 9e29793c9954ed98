internal import Foundation
internal import Strata
internal import StrataCore

/// Writes results to standard output and everything else to standard error.
struct Output: Sendable {
    /// Whether results and errors are written as JSON.
    let json: Bool
    /// How results look.
    let style: Style
    /// How messages look.
    let messageStyle: Style

    init(json: Bool) {
        self.json = json
        let environment = ProcessInfo.processInfo.environment
        style = Style(Terminal.standardOutput, environment: environment)
        messageStyle = Style(Terminal.standardError, environment: environment)
    }

    /// Writes a result for people, with a line end.
    func result(_ text: String) { Terminal.standardOutput.write(text + "\n") }

    /// Writes a result for programs: one JSON value on one line, keys sorted.
    func result(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        result(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Writes a remark to standard error.
    func note(_ text: String) { Terminal.standardError.write(text + "\n") }

    /// Writes a warning to standard error.
    func warning(_ message: String) {
        note("\(messageStyle.yellow("strata: warning:")) \(DisplayText.harmless(message))")
    }

    /// Writes what was done with less than the usual means, each once.
    func warnings(_ degradations: [Degradation]) {
        var seen: Set<Degradation> = []
        for degradation in degradations where seen.insert(degradation).inserted {
            warning("\(degradation.message) (\(degradation.code))")
        }
    }

    /// Writes an error of the memory.
    func error(_ error: StrataError, about subject: String? = nil) {
        self.error(code: error.code.description, message: subject.map { "\($0): \(error.message)" } ?? error.message)
    }

    /// Writes an error.
    func error(code: String, message: String) {
        guard json else {
            note("\(messageStyle.red("strata:")) \(DisplayText.harmless(message)) (\(code))")
            return
        }
        note(JSONValue.object(["error": ["code": .string(code), "message": .string(message)]]).jsonText)
    }
}
