// Remembers one thing and finds it again.
import Strata

let memory = try await MemoryEngine.open(at: "agent.memory")
try await memory.remember("The user prefers metric units.")
for hit in try await memory.recall("Which units?") { print(hit.score, hit.record.text) }
