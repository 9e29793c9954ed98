internal import ArgumentParser
internal import Foundation
internal import StrataCore

/// A misuse that only shows when a command runs.
struct UsageError: Error {
    let message: String

    init(_ message: String) { self.message = message }
}

/// Where the process starts: parses, runs, and turns whatever went wrong into a message and an exit code.
@main
enum EntryPoint {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let output = Output(json: arguments.prefix { $0 != "--" }.contains("--json"))
        do {
            try checkEncoding()
            try checkDashes(arguments)
            var command = try StrataCommand.parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            exit(code.rawValue)
        } catch let error as StrataError {
            output.error(error)
            exit(ExitStatus(error).rawValue)
        } catch let error as UsageError {
            output.error(code: "usage", message: error.message)
            exit(ExitStatus.usage.rawValue)
        } catch is CancellationError {
            exit(ExitStatus.interrupted.rawValue)
        } catch {
            report(error, output)
        }
    }

    /// What the parser throws: a request for help or the version, or a misuse; or else an error of some library.
    private static func report(_ error: any Error, _ output: Output) -> Never {
        if StrataCommand.exitCode(for: error) == .success {
            output.result(StrataCommand.fullMessage(for: error))
            exit(ExitStatus.success.rawValue)
        }
        guard StrataCommand.exitCode(for: error) == .validationFailure else {
            output.error(code: "failure", message: StrataCommand.message(for: error))
            exit(ExitStatus.failure.rawValue)
        }
        let message = StrataCommand.message(for: error)
        output.error(code: "usage", message: message)
        if !output.json {
            let prefix = "Error: \(message)\n"
            let full = StrataCommand.fullMessage(for: error)
            output.note(full.hasPrefix(prefix) ? String(full.dropFirst(prefix.count)) : full)
        }
        exit(ExitStatus.usage.rawValue)
    }

    /// Refuses a text that starts with a dash, whose letters the parser would take for options, `-h` among them.
    private static func checkDashes(_ arguments: [String]) throws(UsageError) {
        for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("-") {
            guard argument.prefix(while: { $0 != "=" }).contains(where: \.isWhitespace) else { continue }
            throw UsageError("a text that starts with a dash goes behind --, as in: strata remember -- '- a text'")
        }
    }

    /// Refuses arguments that are no UTF-8, which Swift would otherwise repair and store as something else.
    private static func checkEncoding() throws(StrataError) {
        for position in 0..<Int(CommandLine.argc) {
            guard let argument = CommandLine.unsafeArgv[position] else { continue }
            if String(validatingCString: argument) == nil {
                throw StrataError(.invalidArgument, "argument \(position) is not valid UTF-8; convert it first")
            }
        }
    }
}
