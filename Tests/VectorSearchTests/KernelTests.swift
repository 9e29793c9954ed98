import CVectorKernels
import StrataCore
import StrataTesting
import Testing
import VectorSearch

/// The kernels of C against plain loops in Swift.
@Suite struct KernelTests {
    static let lengths = Array(1...130) + [384, 768, 1023, 1024, 4096]

    /// The table behind a set's name.
    private func table(_ kernels: VectorKernels) throws -> vk_kernels {
        var found: UnsafePointer<vk_kernels>?
        #expect(vk_find(kernels.name, &found) == VK_FOUND)
        return try #require(found).pointee
    }

    @Test(arguments: VectorKernels.available)
    func integerProductsAreExactAtEveryLength(kernels: VectorKernels) throws {
        let table = try table(kernels)
        var random = SeededGenerator(seed: 1)
        // The ends of the range are where a saturating instruction would show.
        let extremes: [Int8] = [-128, -127, 127, -1, 0, 1]
        for values in [Array(Int8.min...Int8.max), extremes] {
            let a = (0..<4096).map { _ in values.randomElement(using: &random)! }
            let b = (0..<4096).map { _ in values.randomElement(using: &random)! }
            var expected: Int32 = 0
            for length in 1...4096 {
                expected += Int32(a[length - 1]) * Int32(b[length - 1])
                #expect(table.dot_i8(a, b, length) == expected, "length \(length)")
            }
        }
        let lowest = [Int8](repeating: -128, count: 4096)
        #expect(table.dot_i8(lowest, lowest, 4096) == 128 * 128 * 4096)
    }

    @Test(arguments: VectorKernels.available)
    func integerRowsGathersAndBatchesEqualSingleProducts(kernels: VectorKernels) throws {
        let table = try table(kernels)
        var random = SeededGenerator(seed: 2)
        for length in Self.lengths {
            let (stride, count, queryCount) = (length + length % 5, 13, 6)
            let rows = (0..<stride * count).map { _ in Int8.random(in: -128...127, using: &random) }
            let queries = (0..<stride * queryCount).map { _ in Int8.random(in: -128...127, using: &random) }
            func dot(_ query: Int, _ row: Int) -> Int32 {
                (0..<length).reduce(0) { $0 + Int32(queries[query * stride + $1]) * Int32(rows[row * stride + $1]) }
            }
            for rowCount in [1, 4, 7, 13] {
                var found = [Int32](repeating: -7, count: rowCount)
                table.rows_i8(queries, rows, stride, rowCount, length, &found)
                #expect(found == (0..<rowCount).map { dot(0, $0) }, "length \(length)")
            }
            let list: [UInt32] = [12, 0, 5, 5, 7, 11, 1, 2, 3]
            var gathered = [Int32](repeating: -7, count: list.count)
            table.gather_i8(queries, rows, stride, list, list.count, length, &gathered)
            #expect(gathered == list.map { dot(0, Int($0)) }, "length \(length)")
            var batch = [Int32](repeating: -7, count: queryCount * count)
            table.batch_i8(queries, stride, queryCount, rows, stride, count, length, &batch)
            #expect(batch == (0..<queryCount * count).map { dot($0 / count, $0 % count) }, "length \(length)")
        }
    }

    @Test(arguments: VectorKernels.available)
    func floatProductsStayWithinTheirErrorBounds(kernels: VectorKernels) throws {
        let table = try table(kernels)
        var random = SeededGenerator(seed: 3)
        let tiny = Float.leastNonzeroMagnitude
        let awkward: [Float] = [0, -0.0, tiny, -tiny * 70_000, 1e-38, 3e18, -3e18, 1, -1, 1e-6]
        for length in Self.lengths {
            for isAwkward in [false, true] {
                func component() -> Float {
                    isAwkward ? awkward.randomElement(using: &random)! : Float.random(in: -1...1, using: &random)
                }
                let a = (0..<length).map { _ in component() }
                let b = (0..<length).map { _ in component() }
                var (exact, magnitude) = (0.0, 0.0)
                for i in 0..<length {
                    exact += Double(a[i]) * Double(b[i])
                    magnitude += abs(Double(a[i]) * Double(b[i]))
                }
                // The classic bound n·u·Σ|aᵢbᵢ|, with a little for products that underflow.
                let bound = Double(length) * 0x1p-24 * magnitude + Double(length) * 0x1p-149
                #expect(abs(Double(table.dot_f32(a, b, length)) - exact) <= bound, "length \(length)")
                var squares = 0.0
                for i in 0..<length { squares += (Double(a[i]) - Double(b[i])) * (Double(a[i]) - Double(b[i])) }
                #expect(
                    abs(table.distance_wide(a, b, length) - squares) <= Double(length) * 0x1p-51 * squares,
                    "length \(length)")
                #expect(table.distance_wide(a, a, length) == 0)
                let wideBound = Double(length) * 0x1p-52 * magnitude
                #expect(abs(table.dot_wide(a, b, length) - exact) <= wideBound, "length \(length)")
            }
        }
    }

    @Test(arguments: VectorKernels.available)
    func floatRowsAndGathersEqualSingleProducts(kernels: VectorKernels) throws {
        let table = try table(kernels)
        var random = SeededGenerator(seed: 4)
        for length in [1, 7, 16, 100, 384, 1023, 4096] {
            let (stride, count) = (length + 3, 15)
            let (query, rows) = (random.vector(dimension: length), random.vector(dimension: stride * count))
            func dot(_ row: Int) -> Float { table.dot_f32(query, Array(rows[(row * stride)...]), length) }
            var found = [Float](repeating: .nan, count: count)
            table.rows_f32(query, rows, stride, count, length, &found)
            #expect(found == (0..<count).map(dot), "length \(length)")
            let list: [UInt32] = [14, 0, 3, 3, 9]
            var gathered = [Float](repeating: .nan, count: list.count)
            table.gather_f32(query, rows, stride, list, list.count, length, &gathered)
            #expect(gathered == list.map { dot(Int($0)) }, "length \(length)")
        }
    }

    @Test(arguments: VectorKernels.available)
    func theLargestMagnitudeSeesEveryComponent(kernels: VectorKernels) throws {
        let table = try table(kernels)
        for length in Self.lengths {
            for position in Set([0, length / 2, length - 1]) {
                var vector = [Float](repeating: -0.5, count: length)
                vector[position] = -3
                #expect(table.max_abs(vector, length) == 3)
                vector[position] = -.infinity
                #expect(table.max_abs(vector, length) == .infinity)
                vector[position] = .nan
                #expect(table.max_abs(vector, length).isNaN)
            }
        }
    }

    @Test(arguments: VectorKernels.available)
    func codesLoseNoMoreThanTheyReport(kernels: VectorKernels) throws {
        let table = try table(kernels)
        var random = SeededGenerator(seed: 5)
        for length in Self.lengths {
            let tiny = Float.leastNonzeroMagnitude
            for magnitude: Float in [0, tiny, tiny * 140, 1e-38, 1, 1e30, 3e38] {
                let vector = random.vector(dimension: length).map { $0 * magnitude }
                var codes = [Int8](repeating: 99, count: length)
                var reported = Double.nan
                let scale = table.quantize(vector, length, &codes, &reported)
                var lost = 0.0
                for i in 0..<length {
                    let difference = Double(vector[i]) - Double(scale) * Double(codes[i])
                    lost += difference * difference
                }
                #expect(abs(lost - reported) <= 1e-9 * lost, "length \(length), magnitude \(magnitude)")
                #expect(codes.allSatisfy { $0 >= -127 })
                let largest = vector.map { abs($0) }.max() ?? 0
                #expect(scale == largest / 127)
                // Half a step, where the scale has all its bits.
                if largest > 1e-30 {
                    #expect(lost.squareRoot() <= Double(scale) * 0.5000001 * Double(length).squareRoot())
                }
            }
        }
    }

    @Test(arguments: VectorKernels.available)
    func selectionKeepsExactlyTheLiveRowsThatReachTheThreshold(kernels: VectorKernels) throws {
        let table = try table(kernels)
        var random = SeededGenerator(seed: 6)
        for count in Array(0...70) + [256] {
            let dots = (0..<count).map { _ in Int32.random(in: -1000...1000, using: &random) }
            let scales = (0..<count).map { _ in Float.random(in: 0...1, using: &random) }
            let errors = (0..<count).map { _ in Float.random(in: 0...1, using: &random) }
            let bits = (0..<count).map { _ in UInt8.random(in: 0..<8, using: &random) }
            // Quarters: products and sums of them are exact, in whatever order they are taken.
            let lengths = (0..<count).map { _ in Float(Int.random(in: 0...20, using: &random)) / 4 }
            for threshold: Float in [-.infinity, 10, .infinity] {
                let bound = vk_bound(
                    query_scale: 0.25, error_factor: 1.5, slack: 0.125, length_factor: 0.5, square_factor: -0.5,
                    threshold: threshold, wanted_bits: 5)
                for hasLengths in [false, true] {
                    var kept = [UInt32](repeating: 0, count: count + 1)
                    let keptCount = table.select_rows(
                        dots, scales, errors, hasLengths ? lengths : nil, bits, count, bound, &kept)
                    let expected = (0..<count).filter { row in
                        var upper = Float(dots[row]) * (scales[row] * 0.25) + errors[row] * 1.5 + 0.125
                        if hasLengths { upper += lengths[row] * (lengths[row] * -0.5 + 0.5) }
                        return upper >= threshold && bits[row] & 5 != 0
                    }
                    #expect(kept[..<keptCount].map { Int($0) } == expected, "count \(count)")
                }
            }
        }
    }

    @Test func aSetIsFoundByNameOrRefusedWithAReason() throws {
        #expect(VectorKernels.available.map(\.name).contains("scalar"))
        #expect(VectorKernels.available.map(\.name).contains(VectorKernels.fastest.name))
        for name in VectorKernels.allNames {
            let isAvailable = VectorKernels.available.contains { $0.name == name }
            if isAvailable {
                #expect(try VectorKernels(named: name).name == name)
            } else {
                let error = #expect(throws: StrataError.self) { try VectorKernels(named: name) }
                #expect(error?.code == .invalidArgument)
                #expect(error?.message.contains("'\(name)' do not run on this processor") == true)
            }
        }
        #expect(try VectorKernels(environmentValue: nil).name == VectorKernels.fastest.name)
        #expect(try VectorKernels(environmentValue: "").name == VectorKernels.fastest.name)
        #expect(try VectorKernels(environmentValue: "scalar").name == "scalar")
        #expect(throws: StrataError.self) { try VectorKernels(environmentValue: "fast") }
        for name in ["", "AVX2", "avx1024", "scalar "] {
            let error = #expect(throws: StrataError.self) { try VectorKernels(named: name) }
            #expect(error?.message.contains("no kernels are named '\(name)'") == true)
        }
    }
}
