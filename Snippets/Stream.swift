// Stores a stream of memories in batches and follows the change log.
import Strata
import StrataCore

let memory = try await MemoryEngine.open(at: "agent.memory")
let turns = AsyncStream<NewMemory> { feed in
    feed.yield("The washing machine left a puddle on the floor.")
    feed.yield(NewMemory("The vet is Dr. Pavlik.", tags: ["pet"]))
    feed.finish()
}
for try await progress in memory.remember(contentsOf: turns) { print(progress.storedCount, progress.duplicateCount) }

let seen = try await memory.stats().store.change
for try await change in memory.changeFeed(since: seen) { print(change.number, change.operation) }
