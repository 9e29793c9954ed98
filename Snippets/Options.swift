// The same calls with more said.
import Strata
import StrataCore

let memory = try await MemoryEngine.open(at: "agent.memory")
try await memory.remember(
    NewMemory("Peanuts make my throat swell up.", speaker: "Nora", tags: ["health"], session: "2026-05-05"))

let options = RecallOptions(layers: [.insights, .assets], filter: .tagsAny(["health"]))
let answer = try await memory.recall("What can she not eat?", limit: 5, options: options)
for hit in answer { print(hit.score, hit.parts, hit.record.text) }
for degradation in answer.degradations { print(degradation.message) }
