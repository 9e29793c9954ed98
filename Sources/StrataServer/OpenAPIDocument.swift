internal import HTTPTypes
internal import Strata
internal import StrataCore

/// The OpenAPI 3.1 document, written from the table of routes.
enum OpenAPIDocument {
    /// The route that serves the document about itself and the others.
    static func route(describing routes: [Route]) -> Route {
        var own = Route(
            .get, "/openapi.json", access: .open, namespace: .none,
            documentation: RouteDocumentation(
                "getOpenAPI", "This document.", responses: [200: [MediaType.json: Schema.anyObject]])
        ) { _ in Reply() }
        let document = json(routes + [own])
        own.handler = { _ in .json(document, headers: [.cacheControl: "max-age=3600"]) }
        return own
    }

    static func json(_ routes: [Route]) -> JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        for route in routes { paths[route.path, default: [:]][route.method.rawValue.lowercased()] = operation(route) }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Strata", "version": .string(StrataVersion.current),
                "summary": "A long-term memory for AI agents.",
            ],
            "paths": .object(paths.mapValues { .object($0) }),
            "components": [
                "schemas": .object(Schema.components),
                "securitySchemes": ["key": ["type": "http", "scheme": "bearer"]],
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSONValue {
        let documentation = route.documentation
        var operation: [String: JSONValue] = [
            "operationId": .string(documentation.operation), "summary": .string(documentation.summary),
            "responses": .object(responses(route)),
        ]
        let parameters = parameters(route)
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if !documentation.request.isEmpty {
            operation["requestBody"] = ["required": true, "content": content(documentation.request)]
        }
        switch route.access {
        case .open: operation["security"] = []
        case .scope(let scope):
            operation["security"] = [["key": []], [:]]
            operation["x-scope"] = .string(scope.rawValue)
        }
        return .object(operation)
    }

    private static func parameters(_ route: Route) -> [JSONValue] {
        var parameters = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part -> JSONValue in
            let name = String(part.dropFirst().dropLast())
            return parameter(name, in: "path", name == "id" ? Schema.uuid : Schema.string, required: true)
        }
        var query = route.documentation.query
        if route.namespace == .query { query["namespace"] = Schema.string }
        for (name, schema) in query.sorted(by: { $0.key < $1.key }) {
            parameters.append(parameter(name, in: "query", schema, required: false))
        }
        if route.isIdempotent {
            parameters.append(parameter("Idempotency-Key", in: "header", Schema.string, required: false))
        }
        return parameters
    }

    private static func parameter(
        _ name: String, in place: String, _ schema: JSONValue, required: Bool
    ) -> JSONValue {
        ["name": .string(name), "in": .string(place), "schema": schema, "required": .bool(required)]
    }

    private static func responses(_ route: Route) -> [String: JSONValue] {
        var responses = Dictionary(
            uniqueKeysWithValues: route.documentation.responses.map { status, media -> (String, JSONValue) in
                var response: [String: JSONValue] = ["description": .string(status < 300 ? "Done." : "Not done.")]
                if !media.isEmpty { response["content"] = content(media) }
                return (String(status), .object(response))
            })
        guard route.access != .open else { return responses }
        let error: JSONValue =
            switch route.dialect {
            case .problem: content(["application/problem+json": Schema.named("Problem")])
            case .openAI: content([MediaType.json: Schema.named("OpenAIError")])
            }
        responses["default"] = ["description": "What went wrong.", "content": error]
        return responses
    }

    private static func content(_ media: [String: JSONValue]) -> JSONValue {
        .object(media.mapValues { ["schema": $0] })
    }
}
