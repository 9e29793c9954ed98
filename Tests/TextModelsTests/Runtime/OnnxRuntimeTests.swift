import Foundation
import StrataCore
import Testing

@testable import TextModels

struct OnnxRuntimeTests {
    @Test func theInstalledLibraryOpensOnceAndSaysItsVersion() throws {
        let runtime = try Installed.runtime()
        #expect(runtime.version.hasPrefix("1."))
        #expect(try OnnxRuntime.shared() === runtime)
    }

    @Test func aGivenPathIsTheOnlyOneTried() {
        let environment = ["STRATA_ONNXRUNTIME": "/nowhere/a.so", "HOME": "/nowhere"]
        let given = OnnxLibrarySearch(path: "/nowhere/b.so", environment: environment).candidates()
        #expect(given == [.init(file: nil, place: "/nowhere/b.so (the given path)")])
        let named = OnnxLibrarySearch(environment: environment).candidates()
        #expect(named == [.init(file: nil, place: "/nowhere/a.so (STRATA_ONNXRUNTIME)")])
    }

    @Test func theUsualPlacesComeInOrder() throws {
        let folder = try ScratchFolder()
        for name in ["libonnxruntime.so.1.20.0", "libonnxruntime.so.1.31.1", "libonnxruntime_providers_shared.so"] {
            try folder.write(Data(), to: name)
        }
        let search = OnnxLibrarySearch(environment: ["STRATA_HOME": "/nowhere"], executableFolder: folder.path)
        let candidates = search.candidates()
        #expect(candidates.map(\.file) == [nil, "\(folder.path)/libonnxruntime.so.1.31.1", "libonnxruntime.so.1"])
        #expect(candidates[0].place.contains("/nowhere/runtime"))
    }

    @Test func theFailureNamesEveryPlaceAndTheRemedy() async throws {
        var search = OnnxLibrarySearch(environment: ["STRATA_HOME": "/nowhere"], executableFolder: "/nowhere/bin")
        // The loader finds a library that is already open by its usual name, whatever the search says.
        search.systemName = "libonnxruntime-absent.so.1"
        let error = try await failure(.runtimeUnavailable) { _ = try OnnxRuntime.open(search) }
        for part in ["/nowhere/runtime", "/nowhere/bin", search.systemName, "make setup", "STRATA_ONNXRUNTIME"] {
            #expect(error.message.contains(part))
        }
    }

    @Test func aFileThatIsNoLibraryIsRefused() async throws {
        let folder = try ScratchFolder()
        try folder.write(Data("not a library".utf8), to: "libonnxruntime.so")
        let error = try await failure(.runtimeUnavailable) {
            _ = try OnnxRuntime.open(OnnxLibrarySearch(path: "\(folder.path)/libonnxruntime.so"))
        }
        #expect(error.message.contains("\(folder.path)/libonnxruntime.so"))
    }

    @Test func anotherLibraryIsRefused() async throws {
        var search = OnnxLibrarySearch(environment: ["STRATA_HOME": "/nowhere"], executableFolder: nil)
        search.systemName = "libc.so.6"
        let error = try await failure(.runtimeUnavailable) { _ = try OnnxRuntime.open(search) }
        #expect(error.message.contains("OrtGetApiBase"))
    }

    @Test(arguments: ["1.15.1", "0.9.0", "2.0.0", "", "x.y", "1"])
    func aVersionThatIsTooOldOrUnknownIsRefused(version: String) async throws {
        let error = try await failure(.runtimeUnavailable) { try OnnxRuntime.checkVersion(version) }
        #expect(error.message.contains("1.16"))
    }

    @Test(arguments: ["1.16.0", "1.31.1", "1.40.0-dev"])
    func aVersionThatIsNewEnoughPasses(version: String) throws {
        try OnnxRuntime.checkVersion(version)
    }

    @Test func aSecondLibraryInOneProcessIsRefused() async throws {
        let runtime = try Installed.runtime()
        #expect(try OnnxRuntime.shared(OnnxLibrarySearch(path: runtime.libraryPath)) === runtime)
        let error = try await failure(.runtimeUnavailable) {
            _ = try OnnxRuntime.shared(OnnxLibrarySearch(path: "/nowhere/other.so"))
        }
        #expect(error.message.contains("already open"))
    }
}
