internal import CVectorKernels
public import StrataCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// One set of distance kernels: everything an index computes with one instruction set of the processor.
///
/// Every set gives the same integer results; floating-point sums differ in their order only.
///
/// Sendable unchecked: the table is a constant of the C target and lives for ever.
public struct VectorKernels: @unchecked Sendable, CustomStringConvertible {
    /// The environment variable that forces a set, for tests and for comparing machines.
    public static let environmentVariable = "STRATA_KERNELS"

    /// The names that ``init(named:)`` knows, slowest first; not all of them run on this processor.
    public static let allNames: [String] = (0..<vk_set_count()).compactMap {
        vk_set_name($0).map { String(cString: $0) }
    }

    /// Every set that this processor can run, slowest first.
    public static let available: [VectorKernels] = allNames.compactMap { try? VectorKernels(named: $0) }

    /// The fastest set that this processor can run.
    public static let fastest = VectorKernels(table: vk_best())

    private static let choice = Result<VectorKernels, StrataError> { () throws(StrataError) in
        try VectorKernels(environmentValue: getenv(environmentVariable).map { String(cString: $0) })
    }

    /// The set that the environment asks for, otherwise the fastest one; chosen once for the life of the process.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` when `STRATA_KERNELS` names no set, or one that cannot run here.
    public static func selected() throws(StrataError) -> VectorKernels { try choice.get() }

    let table: UnsafePointer<vk_kernels>

    private init(table: UnsafePointer<vk_kernels>) { self.table = table }

    /// The set of that name.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` when no set has the name, or when it cannot run here.
    public init(named name: String) throws(StrataError) {
        var found: UnsafePointer<vk_kernels>?
        let status = vk_find(name, &found)
        if let found {
            table = found
            return
        }
        let here = Self.allNames.filter { vk_find($0, &found) == VK_FOUND }.joined(separator: ", ")
        throw StrataError(
            .invalidArgument,
            status == VK_UNSUPPORTED
                ? "kernels '\(name)' do not run on this processor, expected one of: \(here); unset STRATA_KERNELS"
                : "no kernels are named '\(name)', expected one of: \(here); correct or unset STRATA_KERNELS")
    }

    /// The set that a value of ``environmentVariable`` asks for: the fastest one when it is nil or empty.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` when the value names no set, or one that cannot run here.
    public init(environmentValue value: String?) throws(StrataError) {
        guard let value, !value.isEmpty else {
            self = .fastest
            return
        }
        try self.init(named: value)
    }

    /// The set's name, for example `avx512`.
    public var name: String { String(cString: table.pointee.name) }

    /// The set's name.
    public var description: String { name }
}
