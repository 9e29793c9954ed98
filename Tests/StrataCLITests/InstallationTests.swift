import Foundation
import StrataCore
import Testing

@Suite struct InstallationTests {
    @Test func initMakesTheDirectoryOnce() async throws {
        let strata = try Strata()
        let first = try await strata.run("init", "--json")
        #expect(first.status == 0)
        #expect(try first.json[0]["created"] == true)
        let attributes = try FileManager.default.attributesOfItem(atPath: strata.dataDirectory)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
        #expect(try await strata.run("init").out.hasPrefix("already there: "))
    }

    @Test func versionNamesItselfAndTheKernels() async throws {
        let strata = try Strata()
        let human = try await strata.run("version")
        #expect(human.status == 0 && human.out.hasPrefix("strata ") && human.err.isEmpty)
        #expect(try await strata.run("version", "--json").json[0].keys == ["kernels", "platform", "sqlite", "version"])
        #expect(try await strata.run("--version").out == human.out.split(separator: "\n")[0] + "\n")
    }

    @Test func helpNamesEveryCommandAndEveryExitCode() async throws {
        let strata = try Strata()
        let help = try await strata.run("--help")
        #expect(help.status == 0 && help.err.isEmpty)
        let commands = [
            "init", "remember", "recall", "get", "forget", "list", "ingest", "stats", "doctor", "version",
        ]
        for command in commands {
            #expect(help.out.contains("\n  \(command) "))
            let own = try await strata.run("help", command)
            #expect(own.status == 0)
            for option in ["--json", "--data-dir", "--namespace"] { #expect(own.out.contains(option)) }
        }
        for code in [0, 1, 2, 3, 4, 5, 6, 7, 130] { #expect(help.out.contains("\n  \(code) ")) }
        #expect(help.out.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test func pipesGetNoColoursAndATerminalDoesUnlessItAsksForNone() async throws {
        let strata = try Strata()
        _ = try await strata.remember("a green frog")
        let arguments = ["recall", "frog", "--explain", "--signals", "keyword"]
        let child = try strata.child(arguments)
        try child.start()
        #expect(!(try await child.outcome().out.contains("\u{1B}")))
        let terminal = ["TERM": "xterm-256color"]
        #expect(try await strata.outputOnTerminal(arguments, environment: terminal).contains("\u{1B}[32m"))
        let plain = terminal.merging(["NO_COLOR": "1"]) { $1 }
        #expect(!(try await strata.outputOnTerminal(arguments, environment: plain).contains("\u{1B}")))
    }

    @Test func aStoredTextCannotSteerTheTerminal() async throws {
        let strata = try Strata()
        _ = try await strata.remember("evil \u{1B}]0;title\u{7} frog")
        for arguments in [["list"], ["recall", "frog", "--signals", "keyword"]] {
            let child = try strata.child(arguments)
            try child.start()
            let out = try await child.outcome().out
            #expect(out.contains("frog") && !out.contains("\u{1B}") && !out.contains("\u{7}"))
        }
    }

    @Test func doctorWithoutAModelWarnsAndSaysWhatToDo() async throws {
        let strata = try Strata()
        _ = try await strata.remember("one")
        let human = try await strata.run("doctor")
        #expect(human.status == 0, "\(human.out)")
        for part in ["ok    kernels", "warn  model", "synchronous FULL", "warn  vectors", "→", "ok    disk"] {
            #expect(human.out.contains(part), "\(part)")
        }
        let json = try await strata.run("doctor", "--json").json[0]
        #expect(json["status"] == "warning")
        #expect(json["checks"]?[0]?.keys.isSuperset(of: ["details", "message", "name", "status"]) == true)
    }

    @Test func doctorFailsWhenADemandedModelIsMissing() async throws {
        let strata = try Strata()
        let outcome = try await strata.run("doctor", "--model", strata.scratch.path + "/none")
        #expect(outcome.status == 1 && outcome.out.contains("FAIL"))
        #expect(!FileManager.default.fileExists(atPath: strata.dataDirectory))
    }

    @Test func theModelFindsByMeaningAndDoctorMendsMissingVectors() async throws {
        try #require(Strata.hasModel, "run `make setup`, which fetches the model")
        var strata = try Strata()
        let id = try await strata.remember("Peanuts make my throat swell up.")
        _ = try await strata.remember("The train to the coast leaves at seven.")
        strata.model = nil
        let before = try await strata.run("doctor")
        #expect(before.status == 0 && before.out.contains("2 of 2 records have no vector"), "\(before.out)")
        for part in ["ok    runtime", "ok    model", "ok    self_test"] { #expect(before.out.contains(part)) }
        let mended = try await strata.run("doctor", "--embed-missing", "--json").json[0]
        #expect(mended["status"] == "ok")
        let answer = try await strata.run("recall", "Which snack could cause an allergic reaction?", "--json")
        #expect(answer.status == 0 && answer.err.isEmpty)
        #expect(try answer.json[0]["hits"]?[0]?["record"]?["id"] == .string(id))
        #expect(try answer.json[0]["embeddingSpace"]?.stringValue?.contains("MiniLM") == true)
        #expect(try await strata.run("init").out.contains("model: all-MiniLM"))
    }
}

extension Strata {
    /// What the command writes to a terminal, which script(1) of util-linux provides.
    func outputOnTerminal(_ arguments: [String], environment: [String: String]) async throws -> String {
        let words = [Self.executable.path] + arguments
        let command = words.map { "'\($0)'" }.joined(separator: " ")
        let child = try child(
            ["-qec", command, "/dev/null"], environment: environment, of: URL(fileURLWithPath: "/usr/bin/script"))
        try child.start()
        child.closeInput()
        return try await child.outcome().out
    }
}
