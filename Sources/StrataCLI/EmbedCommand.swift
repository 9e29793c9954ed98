internal import ArgumentParser
internal import Foundation
internal import ModelStore
internal import Strata
internal import StrataCore
internal import TextModels

/// `strata embed`
struct EmbedCommand: AsyncParsableCommand {
    /// How vectors are written.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        /// One JSON object a line.
        case jsonl
        /// Little-endian 32-bit floats, one vector after another.
        case f32
        /// The same behind NumPy's header.
        case npy
    }

    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Turn lines into vectors; no data directory is needed.",
        discussion: """
            printf 'one text\\nanother\\n' | strata embed --role query
            strata embed notes.txt --format npy > notes.npy

            A text a line, from files or standard input; blank lines are passed over. JSON lines hold index, line, \
            embedding, tokenCount, isTruncated and chunkCount. f32 holds the floats alone, npy an array that \
            numpy.load reads. Vectors have unit length, in the order of the texts.

            With --endpoint the vectors come from a server that speaks OpenAI's /v1/embeddings; --model is then the \
            model's name there, and the key is in STRATA_EMBEDDING_KEY or --key-file.
            """)

    @Argument(help: "Files; standard input without any, or for -.", completion: .file())
    var paths: [String] = []

    @Option(help: "What the vectors are for: query or document.")
    var role = EmbeddingRole.document

    @Option(
        help: ArgumentHelp("A model folder. Default: $STRATA_MODEL, else the model of the set-up.", valueName: "folder")
    )
    var model: String?

    @Option(help: "Keep this many components and scale to unit length again; only for models trained for it.")
    var dimensions: Int?

    @Option(help: "jsonl, f32 or npy.")
    var format = Format.jsonl

    @Option(help: ArgumentHelp("An OpenAI-compatible server, such as http://127.0.0.1:8080/v1.", valueName: "url"))
    var endpoint: String?

    @Option(help: ArgumentHelp("A file with the server's key.", valueName: "file"), completion: .file())
    var keyFile: String?

    @Option(help: "Texts held and embedded together, 1 to 65536.")
    var batch = 256

    @Flag(help: "Print the error, if there is one, as JSON.")
    var json = false

    func validate() throws {
        guard (1...65_536).contains(batch) else { throw ValidationError("--batch must be 1 to 65536, not \(batch)") }
        guard (1...4096).contains(dimensions ?? 1) else { throw ValidationError("--dimensions must be 1 to 4096") }
        if format != .jsonl, Terminal.standardOutput.isTerminal {
            throw ValidationError("--format \(format.rawValue) is binary; redirect it into a file")
        }
        if endpoint != nil, model == nil { throw ValidationError("--endpoint needs --model, the model's name there") }
    }

    func run() async throws {
        let output = Output(json: json)
        let embedder = try await embedder()
        if let dimensions, dimensions > embedder.space.dimension {
            throw StrataError(
                .invalidArgument, "--dimensions \(dimensions) is more than the model's \(embedder.space.dimension)")
        }
        var writer = VectorWriter(format: format, dimension: dimensions ?? embedder.space.dimension)
        var bar = ProgressBar(style: output.messageStyle, writesLines: !json)
        var progress = ProgressBar.State()
        let sources = paths.isEmpty ? ["-"] : paths
        progress.bytesTotal = sources.reduce(0) { $0 + Self.size(of: $1) }
        for path in sources {
            var lines = try path == "-" ? StandardInput.Lines() : StandardInput.Lines(of: Self.text(of: path))
            while let texts = try Self.next(&lines, countMax: batch) {
                let embeddings = try await embedder.embed(texts.map(\.text), as: role)
                try writer.write(try embeddings.map(shortened), lines: texts.map(\.number))
                progress.memoryCount += texts.count
                progress.bytesDone += texts.reduce(0) { $0 + $1.text.utf8.count + 1 }
                bar.show(progress)
            }
        }
        try writer.finish()
        bar.clear()
    }

    private func embedder() async throws -> any Embedder {
        let environment = ProcessInfo.processInfo.environment
        if let endpoint {
            var configuration = RemoteEmbedderConfiguration(endpoint: endpoint, model: model ?? "")
            if let keyFile { configuration.key = .file(keyFile) }
            return try await RemoteEmbedder.connect(configuration, environment: .system(variables: environment))
        }
        let wished = model ?? environment["STRATA_MODEL"].flatMap { $0.isEmpty ? nil : $0 }
        return try await OnnxEmbedder.load(folder: try ModelPlace.folder(wished, environment: environment))
    }

    private func shortened(_ embedding: Embedding) throws -> Embedding {
        guard let dimensions, dimensions < embedding.vector.count else { return embedding }
        let head = embedding.vector.prefix(dimensions)
        let length = head.reduce(Double(0)) { $0 + Double($1) * Double($1) }.squareRoot()
        guard length > 1e-6 else {
            throw StrataError(.inferenceFailed, "the first \(dimensions) components of a vector are zero; keep more")
        }
        return Embedding(
            vector: head.map { Float(Double($0) / length) }, tokenCount: embedding.tokenCount,
            isTruncated: embedding.isTruncated, chunkCount: embedding.chunkCount)
    }

    private static func next(
        _ lines: inout StandardInput.Lines, countMax: Int
    ) throws -> [(number: Int, text: String)]? {
        try lines.nextBatch(countMax: countMax)?.map { line in
            do throws(StrataError) {
                return (line.number, try line.text.get())
            } catch {
                throw StrataError(error.code, "line \(line.number): \(error.message)")
            }
        }
    }

    private static func size(of path: String) -> Int {
        guard path != "-" else { return 0 }
        let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
        return size?.intValue ?? 0
    }

    private static func text(of path: String) throws -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw StrataError(.notFound, "there is no readable file \(path)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw StrataError(.invalidArgument, "\(path) is not valid UTF-8; convert it first, for example with iconv")
        }
        return text
    }
}

/// A model as the commands name it: a folder, or the name of one in the store.
enum ModelPlace {
    /// The folder of that path or name; nil means the model of the set-up.
    static func folder(_ wished: String?, environment: [String: String]) throws -> String {
        guard let wished else {
            return try StrataHome.modelFolder(named: "all-MiniLM-L6-v2-int8", environment: environment)
        }
        guard !FileManager.default.fileExists(atPath: wished), !wished.contains("/") else { return wished }
        return try StrataHome.modelFolder(named: wished, environment: environment)
    }
}

/// Writes vectors to standard output.
struct VectorWriter {
    private struct Line: Encodable {
        let index: Int
        let line: Int
        let embedding: [Float]
        let tokenCount: Int
        let isTruncated: Bool
        let chunkCount: Int
    }

    private let format: EmbedCommand.Format
    private let dimension: Int
    private let encoder = JSONEncoder()
    private var count = 0
    /// For a `.npy`, whose header has the number of rows before them.
    private var held: [UInt8] = []

    init(format: EmbedCommand.Format, dimension: Int) {
        self.format = format
        self.dimension = dimension
        encoder.outputFormatting = [.sortedKeys]
    }

    mutating func write(_ embeddings: [Embedding], lines: [Int]) throws {
        var bytes: [UInt8] = []
        for (embedding, line) in zip(embeddings, lines) {
            if format == .jsonl {
                let value = Line(
                    index: count, line: line, embedding: embedding.vector, tokenCount: embedding.tokenCount,
                    isTruncated: embedding.isTruncated, chunkCount: embedding.chunkCount)
                bytes += try encoder.encode(value)
                bytes.append(UInt8(ascii: "\n"))
            } else {
                for number in embedding.vector {
                    withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
                }
            }
            count += 1
        }
        if format == .npy { held += bytes } else { Terminal.standardOutput.write(bytes: bytes) }
    }

    /// Writes what had to wait for the last text.
    func finish() throws {
        guard format == .npy else { return }
        Terminal.standardOutput.write(bytes: Self.numpyHeader(rowCount: count, dimension: dimension) + held)
    }

    /// The header of NumPy's format 1.0: magic, length, a Python dictionary, filled up to 64 bytes.
    static func numpyHeader(rowCount: Int, dimension: Int) -> [UInt8] {
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rowCount), \(dimension)), }"
        let fill = (64 - (10 + text.utf8.count + 1) % 64) % 64
        let body = Array(text.utf8) + [UInt8](repeating: 32, count: fill) + [10]
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(body.count & 255), UInt8(body.count >> 8)] + body
    }
}
