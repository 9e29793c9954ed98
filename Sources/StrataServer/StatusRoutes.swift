internal import HTTPTypes
internal import Strata
internal import StrataCore

/// Counts, and how the server is set up.
struct StatusRoutes: RouteGroup {
    let engine: MemoryEngine
    let configuration: ServerConfiguration
    let ring: KeyRing

    var routes: [Route] {
        [
            Route(
                .get, "/v1/stats", access: .scope(.read), cost: 2,
                documentation: RouteDocumentation(
                    "getStatistics", "Counts and sizes of a namespace.",
                    responses: [200: [MediaType.json: Schema.named("Statistics")]])
            ) { try await Statistics.reply(engine, $0) },
            Route(
                .get, "/v1/configuration", access: .scope(.admin), namespace: .none,
                documentation: RouteDocumentation(
                    "getConfiguration", "The effective settings, without secrets.",
                    responses: [200: [MediaType.json: Schema.anyObject]]), handler: settings),
        ]
    }

    private func settings(_ request: ServerRequest) async throws -> Reply {
        try FieldReader(query: request).finish()
        guard request.caller.seesAllNamespaces else {
            throw StrataError(.forbidden, "the configuration is for keys of all namespaces")
        }
        let (limits, engineLimits) = (configuration.limits, engine.configuration.limits)
        func seconds(_ time: Duration) -> JSONValue { .number(time / .seconds(1)) }
        func count(_ value: Int) -> JSONValue { .integer(Int64(value)) }
        return .json([
            "version": .string(StrataVersion.current),
            "embeddingSpace": engine.embeddingSpace.map { .string($0.identifier) } ?? .null,
            "listening": .string(configuration.address.isLocal ? "this machine" : "network"),
            "tls": .bool(configuration.tls != nil), "keysRequired": .bool(ring.isRequired),
            "allowedHosts": .array(configuration.allowedHosts.sorted().map { .string($0) }),
            "allowedOrigins": .array(configuration.allowedOrigins.sorted().map { .string($0) }),
            "limits": [
                "bodyBytesMax": count(limits.bodyBytesMax), "headerBytesMax": count(limits.headerBytesMax),
                "connectionCountMax": count(limits.connectionCountMax),
                "requestCountMax": count(limits.requestCountMax), "streamCountMax": count(limits.streamCountMax),
                "headTimeoutSeconds": seconds(limits.headTimeout), "bodyTimeoutSeconds": seconds(limits.bodyTimeout),
                "idleTimeoutSeconds": seconds(limits.idleTimeout),
                "requestTimeoutSeconds": seconds(limits.requestTimeout),
                "costPerSecond": .number(limits.costPerSecond), "costBurst": .number(limits.costBurst),
                "textBytesMax": count(engineLimits.textBytesMax), "queryBytesMax": count(engineLimits.queryBytesMax),
                "metadataBytesMax": count(engineLimits.metadataBytesMax),
                "batchCountMax": count(engineLimits.batchCountMax), "hitCountMax": count(engineLimits.hitCountMax),
            ],
        ])
    }
}
