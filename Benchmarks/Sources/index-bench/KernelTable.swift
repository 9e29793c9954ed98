import CVectorKernels
import Foundation
import StrataCore
import VectorSearch

/// What a distance costs by kernel and dimension, beside what reading its bytes costs: rows that are in the first-level
/// cache, rows in sequence and rows at random in 64 MiB.
struct KernelTable {
    private static let poolBytes = 64 << 20
    private static let hotRows = 8

    func print() throws {
        let name = try VectorKernels.selected().name
        var found: UnsafePointer<vk_kernels>?
        guard vk_find(name, &found) == VK_FOUND, let table = found?.pointee else { return }
        let pool = UnsafeMutableRawPointer.allocate(byteCount: Self.poolBytes, alignment: 4096)
        defer { pool.deallocate() }
        fill(pool)
        let limit = bandwidth(pool)
        Swift.print("kernels \(name); reading alone: \(String(format: "%.1f", limit)) GB/s")
        Swift.print("kernel        components  ns in cache  ns in sequence  of reading  ns at random")
        for dimension in [256, 384, 768, 1024] {
            for kernel in kernels(table) {
                let rowBytes = dimension * kernel.bytes
                let count = Self.poolBytes / rowBytes
                var random = SeededBits(state: 3)
                let hot = (0..<100_000).map { UInt32($0 % Self.hotRows) }
                let far = (0..<20_000).map { _ in UInt32.random(in: 0..<UInt32(count), using: &random) }
                let scratch = UnsafeMutableRawPointer.allocate(byteCount: max(count, 100_000) * 8, alignment: 64)
                defer { scratch.deallocate() }
                let cached = best(rounds: 20) { kernel.gather(pool, hot, dimension, scratch) } / Double(hot.count)
                let streamed = best(rounds: 8) { kernel.rows(pool, count, dimension, scratch) } / Double(count)
                let scattered = best(rounds: 12) { kernel.gather(pool, far, dimension, scratch) } / Double(far.count)
                let share = Double(rowBytes) / limit / (streamed * 1e9)
                Swift.print(
                    kernel.name.padding(toLength: 12, withPad: " ", startingAt: 0), dimension,
                    String(
                        format: "%11.1f %15.1f %10.0f%% %13.1f", cached * 1e9, streamed * 1e9, share * 100,
                        scattered * 1e9), separator: "  ")
            }
        }
    }

    private struct Kernel {
        let name: String
        /// Bytes of a component.
        let bytes: Int
        let gather: (UnsafeRawPointer, [UInt32], Int, UnsafeMutableRawPointer) -> Void
        let rows: (UnsafeRawPointer, Int, Int, UnsafeMutableRawPointer) -> Void
    }

    private func kernels(_ table: vk_kernels) -> [Kernel] {
        // Every table has every kernel; the first row of the pool serves as the query.
        let f32 = { (pool: UnsafeRawPointer) in pool.assumingMemoryBound(to: Float.self) }
        let i8 = { (pool: UnsafeRawPointer) in pool.assumingMemoryBound(to: Int8.self) }
        func wide(_ name: String, _ gather: @escaping GatherWide) -> Kernel {
            Kernel(
                name: name, bytes: 4,
                gather: { pool, list, n, out in
                    gather(f32(pool), f32(pool), n, list, list.count, n, out.assumingMemoryBound(to: Double.self))
                },
                rows: { pool, count, n, out in
                    let list = (0..<UInt32(count)).map { $0 }
                    gather(f32(pool), f32(pool), n, list, count, n, out.assumingMemoryBound(to: Double.self))
                })
        }
        return [
            Kernel(
                name: "i8 dot", bytes: 1,
                gather: { pool, list, n, out in
                    table.gather_i8(i8(pool), i8(pool), n, list, list.count, n, out.assumingMemoryBound(to: Int32.self))
                },
                rows: { pool, count, n, out in
                    table.rows_i8(i8(pool), i8(pool), n, count, n, out.assumingMemoryBound(to: Int32.self))
                }),
            Kernel(
                name: "f32 dot", bytes: 4,
                gather: { pool, list, n, out in
                    table.gather_f32(
                        f32(pool), f32(pool), n, list, list.count, n, out.assumingMemoryBound(to: Float.self))
                },
                rows: { pool, count, n, out in
                    table.rows_f32(f32(pool), f32(pool), n, count, n, out.assumingMemoryBound(to: Float.self))
                }),
            wide("f32 dot wide", table.gather_wide), wide("f32 L2 wide", table.gather_distance_wide),
        ]
    }

    private typealias GatherWide =
        @convention(c) (
            UnsafePointer<Float>?, UnsafePointer<Float>?, Int, UnsafePointer<UInt32>?, Int, Int,
            UnsafeMutablePointer<Double>?
        ) -> Void

    /// Numbers in −1…1 as floats, and whatever bytes those have.
    private func fill(_ pool: UnsafeMutableRawPointer) {
        var random = SeededBits(state: 2)
        let floats = pool.bindMemory(to: Float.self, capacity: Self.poolBytes / 4)
        for place in 0..<Self.poolBytes / 4 { floats[place] = Float.random(in: -1...1, using: &random) }
    }

    private func best(rounds: Int, _ work: () -> Void) -> Double {
        (0..<rounds).reduce(Double.infinity) { best, _ in min(best, seconds(work)) }
    }

    /// Gigabytes a second that one core reads in sequence.
    private func bandwidth(_ pool: UnsafeRawPointer) -> Double {
        let words = pool.assumingMemoryBound(to: SIMD8<UInt64>.self)
        let count = Self.poolBytes / 64
        var sum = SIMD8<UInt64>()
        let time = best(rounds: 10) {
            var (a, b, c, d) = (SIMD8<UInt64>(), SIMD8<UInt64>(), SIMD8<UInt64>(), SIMD8<UInt64>())
            for place in stride(from: 0, to: count, by: 4) {
                a &+= words[place]
                b &+= words[place + 1]
                c &+= words[place + 2]
                d &+= words[place + 3]
            }
            sum &+= a &+ b &+ c &+ d
        }
        // The sum is looked at, so that it has to be made.
        return sum == SIMD8() ? 0 : Double(Self.poolBytes) / time / 1e9
    }
}
