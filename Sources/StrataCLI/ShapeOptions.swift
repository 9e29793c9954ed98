internal import ArgumentParser
internal import Strata

/// What the answer of a recall looks like.
struct ShapeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Show so many records before each hit in its session, 0 through 100.", valueName: "n"))
    var before = 0

    @Option(help: ArgumentHelp("Show so many records after each hit.", valueName: "n"))
    var after = 0

    @Option(
        help: ArgumentHelp(
            "Of longer texts, show the sentences that say most, at most so long.", valueName: "characters"))
    var snippet: Int?

    @Option(
        help: ArgumentHelp("Give no more than about so many tokens of hits and neighbours, best first.", valueName: "n")
    )
    var tokenBudget: Int?

    @Option(help: ArgumentHelp("How much repetitions are put back, 0 through 1.", valueName: "share"))
    var diversity = 0.0

    func apply(to options: inout RecallOptions) {
        options.neighboursBefore = before
        options.neighboursAfter = after
        options.snippetLength = snippet
        options.tokenBudget = tokenBudget
        options.diversity = diversity
    }
}
