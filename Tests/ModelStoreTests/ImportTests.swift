import Foundation
import ModelStore
import StrataCore
import Testing
import TextModels

/// Archives are written by the system's own `tar` and Python's `zipfile` where a whole one is wanted, and byte by byte
/// where a hostile one is.
@Suite struct ImportTests {
    let scratch: Scratch
    let sample = SampleModel(weightCount: 100_000)

    init() throws { scratch = try Scratch() }

    func store() -> LocalModelStore {
        LocalModelStore(folder: scratch.path + "/models", environment: Pauses().environment())
    }

    /// A folder with the model's files, all in one place.
    func writeModel(_ name: String = "source/sample") throws -> String {
        for (path, bytes) in sample.files {
            try scratch.write("\(name)/\(path.split(separator: "/").last ?? "")", bytes)
        }
        return "\(scratch.path)/\(name)"
    }

    func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: scratch.path + "/source")
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(arguments)")
    }

    func expectRefused(_ path: String, _ code: StrataError.Code, _ options: ImportOptions = ImportOptions())
        async throws
    {
        let error = await failure { _ = try await store().importModel(from: path, options: options) }
        #expect(error?.code == code, "\(error?.message ?? "nothing was refused")")
        let left = (try? FileManager.default.contentsOfDirectory(atPath: scratch.path + "/models")) ?? []
        #expect(left.filter { !$0.hasSuffix(".lock") }.isEmpty)
    }

    @Test func aFolderIsTaken() async throws {
        let model = try await store().importModel(from: writeModel())
        #expect(FileManager.default.contents(atPath: model.folder + "/model.onnx") == Data(sample.weights))
        #expect(!FileManager.default.fileExists(atPath: model.folder + "/README.md"))
        #expect(try await store().verify("sample").isGood)
    }

    @Test(arguments: ["sample.tar", "sample.tar.gz", "sample.tgz", "sample.zip"])
    func anArchiveIsTaken(name: String) async throws {
        _ = try writeModel()
        switch name {
        case "sample.zip": try run("python3", "-m", "zipfile", "-c", name, "sample/")
        case "sample.tar": try run("tar", "cf", name, "sample")
        default: try run("tar", "czf", name, "--format=pax", "sample")
        }
        let model = try await store().importModel(from: "\(scratch.path)/source/\(name)")
        #expect(FileManager.default.contents(atPath: model.folder + "/model.onnx") == Data(sample.weights))
        #expect(try await store().verify("sample").isGood)
    }

    @Test func weightsThatAreNotThoseOfTheCardAreNotInstalled() async throws {
        let folder = try writeModel()
        try scratch.write("source/sample/model.onnx", sample.weights.map { $0 ^ 1 })
        try await expectRefused(folder, .corrupted)
    }

    @Test func aMissingFileIsNamed() async throws {
        let folder = try writeModel()
        try FileManager.default.removeItem(atPath: folder + "/tokenizer.json")
        try await expectRefused(folder, .modelInvalid)
    }

    @Test func aLinkInAFolderIsRefused() async throws {
        let folder = try writeModel()
        let secret = try scratch.write("secret", [1, 2, 3])
        try FileManager.default.removeItem(atPath: folder + "/tokenizer.json")
        try FileManager.default.createSymbolicLink(atPath: folder + "/tokenizer.json", withDestinationPath: secret)
        try await expectRefused(folder, .invalidArgument)
    }

    @Test(arguments: ["sample.tar", "sample.zip"])
    func aLinkInAnArchiveIsRefused(name: String) async throws {
        let folder = try writeModel()
        try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "/etc/passwd")
        if name.hasSuffix("zip") {
            let script = """
                import zipfile, os
                z = zipfile.ZipFile('sample.zip', 'w')
                for f in os.listdir('sample'):
                    if f != 'link': z.write('sample/' + f)
                i = zipfile.ZipInfo('sample/link'); i.create_system = 3; i.external_attr = 0o120777 << 16
                z.writestr(i, '/etc/passwd'); z.close()
                """
            try run("python3", "-c", script)
        } else {
            try run("tar", "cf", name, "sample")
        }
        try await expectRefused("\(scratch.path)/source/\(name)", .invalidArgument)
    }

    @Test(arguments: ["../escape", "/absolute", "a/../../b", "back\\slash"], ["tar", "zip"])
    func aNameThatLeadsOutIsRefused(name: String, kind: String) async throws {
        _ = try writeModel()
        let script = """
            import sys, tarfile, zipfile, io
            name, kind = sys.argv[1:]
            if kind == 'tar':
                t = tarfile.open('bad.tar', 'w'); t.add('sample'); i = tarfile.TarInfo(name); i.size = 3
                t.addfile(i, io.BytesIO(b'abc')); t.close()
            else:
                z = zipfile.ZipFile('bad.zip', 'w'); z.write('sample/strata-model.json'); z.writestr(name, b'abc')
                z.close()
            """
        try run("python3", "-c", script, name, kind)
        try await expectRefused("\(scratch.path)/source/bad.\(kind)", .invalidArgument)
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/escape"))
    }

    @Test(arguments: ["bomb.tar.gz", "bomb.zip"])
    func aBombIsRefusedBeforeItFillsTheDisk(name: String) async throws {
        let card = sample.files["strata-model.json"] ?? []
        _ = try scratch.write("source/strata-model.json", card)
        let script = """
            import sys, tarfile, zipfile, io, zlib
            size = 200 << 20
            zeros = io.BytesIO(bytes(size))
            if sys.argv[1].endswith('gz'):
                t = tarfile.open(sys.argv[1], 'w:gz', compresslevel=9); t.add('strata-model.json')
                i = tarfile.TarInfo('model.onnx'); i.size = size; t.addfile(i, zeros); t.close()
            else:
                z = zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED); z.write('strata-model.json')
                z.writestr('model.onnx', zeros.getvalue()); z.close()
            """
        try run("python3", "-c", script, name)
        try await expectRefused("\(scratch.path)/source/\(name)", .tooLarge)
    }

    @Test func anEntryThatIsLongerThanTheDirectorySaysIsRefused() async throws {
        _ = try writeModel()
        let script = """
            import zipfile, struct
            z = zipfile.ZipFile('lie.zip', 'w', zipfile.ZIP_DEFLATED)
            for f in ('strata-model.json', 'tokenizer.json', 'model.onnx'): z.write('sample/' + f, f)
            z.close()
            b = bytearray(open('lie.zip', 'rb').read()); p = b.rfind(b'PK\\x01\\x02')
            struct.pack_into('<I', b, p + 24, 10); open('lie.zip', 'wb').write(b)
            """
        try run("python3", "-c", script)
        try await expectRefused("\(scratch.path)/source/lie.zip", .corrupted)
    }

    /// Whatever a cut or a flipped byte does to an archive, it is refused or it was without consequence.
    @Test(arguments: ["sample.tar.gz", "sample.zip"])
    func damagedArchivesAreRefusedOrHarmless(name: String) async throws {
        _ = try writeModel()
        if name.hasSuffix("zip") {
            try run("python3", "-m", "zipfile", "-c", name, "sample/")
        } else {
            try run("tar", "czf", name, "sample")
        }
        let whole = [UInt8](try #require(FileManager.default.contents(atPath: "\(scratch.path)/source/\(name)")))
        var refusedCount = 0
        for step in 0..<40 {
            var bytes = whole
            let place = whole.count * step / 40
            if step % 2 == 0 { bytes = Array(bytes[..<place]) } else { bytes[place] ^= 0x55 }
            let path = try scratch.write("damaged-\(name)", bytes)
            var options = ImportOptions()
            options.replaces = true
            do {
                let model = try await store().importModel(from: path, options: options)
                #expect(FileManager.default.contents(atPath: model.folder + "/model.onnx") == Data(sample.weights))
            } catch is StrataError {
                refusedCount += 1
            }
        }
        #expect(refusedCount >= 20)
    }

    @Test func otherFilesAreRefusedByName() async throws {
        try await expectRefused(scratch.write("model.7z", [1]), .invalidArgument)
        try await expectRefused(scratch.path + "/nothing", .notFound)
    }
}

@Suite struct LocalModelStoreTests {
    let scratch: Scratch
    let sample = SampleModel(weightCount: 1000)
    let store: LocalModelStore

    init() throws {
        scratch = try Scratch()
        store = LocalModelStore(folder: scratch.path + "/models", environment: Pauses().environment())
    }

    func importSample() async throws -> InstalledModel {
        for (path, bytes) in sample.files {
            try scratch.write("source/\(path.split(separator: "/").last ?? "")", bytes)
        }
        return try await store.importModel(from: scratch.path + "/source")
    }

    @Test func aStoreThatIsNotThereIsEmpty() async throws {
        #expect(try await store.list().isEmpty)
        #expect(await failure { _ = try await store.verify("x") }?.code == .notFound)
    }

    @Test func aChangedAndAMissingFileAreFound() async throws {
        let model = try await importSample()
        try scratch.write("models/sample/tokenizer.json", [1])
        var check = try await store.verify("sample")
        #expect(!check.isGood && check.files.first { $0.name == "tokenizer.json" }?.finding == .changed)
        try FileManager.default.removeItem(atPath: model.folder + "/model.onnx")
        check = try await store.verify("sample")
        #expect(check.files.first { $0.name == "model.onnx" }?.finding == .missing)
    }

    @Test func aModelOfAnotherOriginIsHashedAndItsWeightsComparedWithTheCard() async throws {
        let model = try await importSample()
        try FileManager.default.removeItem(atPath: model.folder + "/.strata-manifest.json")
        var check = try await store.verify("sample")
        #expect(check.isGood && check.weightsFitCard == true && check.files.allSatisfy { $0.finding == .unknown })
        try scratch.write("models/sample/model.onnx", [1])
        check = try await store.verify("sample")
        #expect(!check.isGood && check.weightsFitCard == false)
    }

    @Test func aFolderWithoutACardIsListedWithTheReason() async throws {
        try scratch.write("models/odd/file", [1])
        let models = try await store.list()
        #expect(models.map(\.name) == ["odd"])
        #expect(throws: StrataError.self) { try models[0].card.get() }
    }

    @Test func removingTakesTheFolderAway() async throws {
        _ = try await importSample()
        try await store.remove("sample")
        #expect(try await store.list().isEmpty)
        #expect(await failure { try await store.remove("sample") }?.code == .notFound)
        for name in ["..", ".", "a/b", ".sample.lock"] {
            #expect(await failure { try await store.remove(name) }?.code == .notFound)
        }
    }
}
