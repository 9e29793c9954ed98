internal import HTTPTypes
internal import Strata
internal import StrataCore

/// Probes: whether the process turns, and whether it can answer.
struct HealthRoutes: RouteGroup {
    let engine: MemoryEngine

    var routes: [Route] {
        [
            probe("/healthz", "getHealth", "Whether the process turns; no dependency is asked."),
            probe("/livez", "getLiveness", "The same."),
            Route(
                .get, "/readyz", access: .open, namespace: .none,
                documentation: RouteDocumentation(
                    "getReadiness", "Whether the store answers and whether recalls go by meaning too.",
                    responses: [
                        200: [MediaType.json: Schema.named("Health")], 503: [MediaType.json: Schema.named("Health")],
                    ]), handler: readiness),
        ]
    }

    private func probe(_ path: String, _ operation: String, _ summary: String) -> Route {
        Route(
            .get, path, access: .open, namespace: .none,
            documentation: RouteDocumentation(
                operation, summary, responses: [200: [MediaType.json: Schema.named("Health")]])
        ) { _ in .json(["status": "ok", "version": .string(StrataVersion.current)]) }
    }

    private func readiness(_ request: ServerRequest) async throws -> Reply {
        var isStoreReady = true
        do {
            _ = try await engine.get(RecordID(high: 0, low: 0))
        } catch let error as StrataError where error.code != .overloaded {
            isStoreReady = false
        }
        let hasModel = engine.embeddingSpace != nil
        let status = isStoreReady ? (hasModel ? "ok" : "degraded") : "down"
        return .json(
            [
                "status": .string(status), "version": .string(StrataVersion.current),
                "components": [
                    "store": .string(isStoreReady ? "ok" : "down"), "model": .string(hasModel ? "ok" : "missing"),
                ],
            ], isStoreReady ? .ok : .serviceUnavailable)
    }
}
