internal import ArgumentParser
internal import Strata

/// `strata version`
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Say which version this is and which kernels compare vectors.")

    @OptionGroup var common: CommonOptions

    func run() throws {
        let output = common.output
        let version = StrataVersion.report
        if output.json {
            try output.result(json: version)
        } else {
            output.result("strata \(version.version)")
            output.result("platform \(version.platform), kernels \(version.kernels), SQLite \(version.sqlite)")
        }
    }
}
