internal import ArgumentParser
internal import StrataCore

/// Which records: the filter in its JSON form, and short forms of what is asked for most.
struct FilterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only records that pass a filter, such as '{\"kind\":\"fact\",\"importance\":{\"gte\":0.7}}'.",
            valueName: "json"))
    var filter: String?

    @Option(help: "Only this layer: interact, insights or assets; repeat for more.")
    var layer: [Layer] = []

    @Option(help: "Only records with this tag; repeat to demand several.")
    var tag: [String] = []

    @Option(help: "Only this kind.")
    var kind: String?

    @Option(help: "Only this project.")
    var project: String?

    @Option(help: "Only this session.")
    var session: String?

    /// Everything but the layers as one filter; nil when nothing was asked for.
    func filterWithoutLayers() throws -> Filter? {
        var parts: [Filter] = []
        if let filter {
            do {
                parts.append(try Filter(json: JSONValue(jsonText: filter)))
            } catch let error as StrataError where error.code == .invalidArgument {
                throw StrataError(.invalidFilter, "--filter: \(error.message)", cause: error)
            }
        }
        if !tag.isEmpty { parts.append(.tagsAll(tag)) }
        for (field, value) in [(Filter.TextField.kind, kind), (.project, project), (.session, session)] {
            if let value { parts.append(.text(field, oneOf: [value])) }
        }
        return parts.count > 1 ? .all(parts) : parts.first
    }

    /// Everything as one filter; nil when nothing was asked for.
    func filterWithLayers() throws -> Filter? {
        guard !layer.isEmpty else { return try filterWithoutLayers() }
        let layers = Filter.layers(Set(layer))
        return try filterWithoutLayers().map { .all([layers, $0]) } ?? layers
    }
}
