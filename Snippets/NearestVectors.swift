// The vector index on its own, without the rest of Strata.
import StrataCore
import VectorSearch

let index = try AdaptiveIndex(dimension: 3)
try index.upsert(1, [0.1, 0.9, 0.2], tag: 0)
for hit in try index.search([0, 1, 0], limit: 10, filter: .none) { print(hit.key, hit.score) }
