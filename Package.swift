// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: Swift 6 mode, explicit existentials and imports, no warnings.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "strata",
    products: [
        .executable(name: "strata", targets: ["StrataCLI"]),
        .library(name: "MCP", targets: ["MCP"]),
        .library(name: "Strata", targets: ["Strata"]),
        .library(name: "StrataCore", targets: ["StrataCore"]),
        .library(name: "StrataTesting", targets: ["StrataTesting"]),
        .library(name: "TextModels", targets: ["TextModels"]),
        .library(name: "VectorSearch", targets: ["VectorSearch"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    ],
    targets: [
        // Values and seams.
        .target(name: "StrataCore", swiftSettings: strict),
        .target(name: "StrataTesting", dependencies: ["StrataCore"], swiftSettings: strict),
        .testTarget(name: "StrataCoreTests", dependencies: ["StrataCore"], swiftSettings: strict),

        // Words.
        .target(name: "TextAnalysis", dependencies: ["StrataCore"], swiftSettings: strict),
        .testTarget(
            name: "TextAnalysisTests", dependencies: ["StrataCore", "TextAnalysis"], resources: [.copy("Golden")],
            swiftSettings: strict),

        // Models.
        .target(
            name: "COnnxRuntime",
            linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux])), .linkedLibrary("m")]),
        .target(name: "TextModels", dependencies: ["COnnxRuntime", "StrataCore"], swiftSettings: strict),
        .testTarget(
            name: "TextModelsTests", dependencies: ["COnnxRuntime", "StrataCore", "StrataTesting", "TextModels"],
            exclude: ["Tokenizers/Fixtures"], resources: [.copy("Runtime/Fixtures")], swiftSettings: strict),

        // Vectors.
        .target(name: "CVectorKernels"),
        .target(name: "VectorSearch", dependencies: ["CVectorKernels", "StrataCore"], swiftSettings: strict),
        .testTarget(
            name: "VectorSearchTests", dependencies: ["CVectorKernels", "StrataCore", "StrataTesting", "VectorSearch"],
            swiftSettings: strict),

        // The store.
        .target(name: "CKeywordRank"),
        .target(
            name: "RecordStore", dependencies: ["CKeywordRank", "StrataCore", grdb, sqlite], swiftSettings: strict),
        .target(
            name: "CFaultVFS", dependencies: [sqlite], path: "Tests/Support/CFaultVFS",
            linkerSettings: [.linkedLibrary("sqlite3")]),
        .executableTarget(
            name: "crashchild", dependencies: ["RecordStore", "StrataCore"], path: "Tests/Support/crashchild",
            swiftSettings: strict),
        .testTarget(
            name: "RecordStoreTests",
            dependencies: ["CFaultVFS", "RecordStore", "StrataCore", "StrataTesting", "crashchild", grdb],
            swiftSettings: strict),

        // The engine.
        .target(
            name: "Strata",
            dependencies: ["Ingest", "RecordStore", "StrataCore", "TextAnalysis", "TextModels", "VectorSearch"],
            swiftSettings: strict),
        .testTarget(
            name: "StrataTests", dependencies: ["Strata", "StrataCore", "StrataTesting", "TextAnalysis"],
            swiftSettings: strict),

        // Files.
        .target(name: "Ingest", dependencies: ["StrataCore"], swiftSettings: strict),
        .testTarget(name: "IngestTests", dependencies: ["Ingest", "StrataCore"], swiftSettings: strict),

        // The Model Context Protocol.
        .target(name: "MCP", dependencies: ["Strata", "StrataCore"], swiftSettings: strict),
        .testTarget(
            name: "MCPTests", dependencies: ["MCP", "Strata", "StrataCore", "StrataTesting"], swiftSettings: strict),

        // The command.
        .executableTarget(
            name: "StrataCLI", dependencies: ["Ingest", "MCP", "Strata", "StrataCore", argumentParser],
            swiftSettings: strict),
        .testTarget(
            name: "StrataCLITests", dependencies: ["Strata", "StrataCLI", "StrataCore"], swiftSettings: strict),
    ]
)
