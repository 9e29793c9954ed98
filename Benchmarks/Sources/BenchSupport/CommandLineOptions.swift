/// The options of a benchmark program: `--name value` pairs and flags.
public struct CommandLineOptions: Sendable {
    /// What is wrong with a command line, with what was expected.
    public struct UsageError: Error, CustomStringConvertible {
        /// The sentence to show.
        public let description: String

        /// An error of that sentence.
        public init(_ description: String) { self.description = description }
    }

    private var values: [String: String] = [:]
    private var flags: Set<String> = []

    /// Reads arguments without the program's name.
    ///
    /// - Parameters:
    ///   - valued: the names that take a value, without dashes.
    ///   - flags: the names that take none.
    /// - Throws: ``UsageError`` for a name that is in neither set, or a value that is missing.
    public init(_ arguments: [String], valued: Set<String>, flags known: Set<String>) throws(UsageError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let name = String(argument.drop { $0 == "-" })
            guard argument.hasPrefix("--"), valued.contains(name) || known.contains(name) else {
                let names = (valued.map { "--\($0) VALUE" } + known.map { "--\($0)" }).sorted()
                throw UsageError("unknown argument \(argument); known are \(names.joined(separator: ", "))")
            }
            if known.contains(name) {
                flags.insert(name)
            } else {
                guard let value = rest.popFirst() else { throw UsageError("--\(name) needs a value") }
                values[name] = value
            }
        }
    }

    /// The value of an option, or nil when it was not given.
    public func value(_ name: String) -> String? { values[name] }

    /// Whether a flag was given.
    public func isSet(_ name: String) -> Bool { flags.contains(name) }

    /// The value of an option as a whole number.
    public func integer<Number: FixedWidthInteger>(_ name: String, default fallback: Number) throws(UsageError)
        -> Number
    {
        guard let text = values[name] else { return fallback }
        guard let number = Number(text) else { throw UsageError("--\(name) is \(text), expected a whole number") }
        return number
    }
}
