internal import HTTPTypes

/// Finds the route of a request.
struct RouteTable: Sendable {
    private enum Segment: Hashable {
        case literal(String)
        case parameter(String)
    }

    private struct Entry {
        let segments: [Segment]
        let route: Route
    }

    /// What a look-up finds.
    enum Match {
        case route(Route, parameters: [String: String])
        /// The path is known, with other methods.
        case otherMethods([HTTPRequest.Method])
        case none
    }

    let routes: [Route]
    private let entries: [Int: [Entry]]

    init(_ routes: [Route]) {
        self.routes = routes
        var entries: [Int: [Entry]] = [:]
        for route in routes {
            let segments = Self.split(route.path).map { part -> Segment in
                part.hasPrefix("{") ? .parameter(String(part.dropFirst().dropLast())) : .literal(String(part))
            }
            entries[segments.count, default: []].append(Entry(segments: segments, route: route))
        }
        // A literal segment wins over a parameter, whatever the order of the routes.
        self.entries = entries.mapValues { list in
            list.sorted { Self.parameterCount($0) < Self.parameterCount($1) }
        }
    }

    /// - Parameter path: without the query; its segments may be percent-encoded.
    func match(_ method: HTTPRequest.Method, _ path: Substring) -> Match {
        let parts = Self.split(path)
        var others: [HTTPRequest.Method] = []
        for entry in entries[parts.count] ?? [] {
            guard let parameters = Self.parameters(entry.segments, parts) else { continue }
            if entry.route.method == method { return .route(entry.route, parameters: parameters) }
            others.append(entry.route.method)
        }
        return others.isEmpty ? .none : .otherMethods(others)
    }

    private static func split(_ path: some StringProtocol) -> [Substring] {
        Substring(path).split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { $0 }
    }

    private static func parameterCount(_ entry: Entry) -> Int {
        entry.segments.count { if case .parameter = $0 { true } else { false } }
    }

    private static func parameters(_ segments: [Segment], _ parts: [Substring]) -> [String: String]? {
        var parameters: [String: String] = [:]
        for (segment, part) in zip(segments, parts) {
            guard let value = PercentCoding.decode(part) else { return nil }
            switch segment {
            case .literal(let text):
                guard value == text else { return nil }
            case .parameter(let name):
                guard !value.isEmpty else { return nil }
                parameters[name] = value
            }
        }
        return parameters
    }
}
