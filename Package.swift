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

let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

let package = Package(
    name: "strata",
    products: [
        .executable(name: "strata", targets: ["StrataCLI"]),
        .library(name: "Learning", targets: ["Learning"]),
        .library(name: "Strata", targets: ["Strata"]),
        .library(name: "StrataCore", targets: ["StrataCore"]),
        .library(name: "StrataTesting", targets: ["StrataTesting"]),
        .library(name: "Telemetry", targets: ["Telemetry"]),
        .library(name: "TextModels", targets: ["TextModels"]),
        .library(name: "VectorSearch", targets: ["VectorSearch"]),
        // For the benchmarks, which measure the kernels themselves.
        .library(name: "CVectorKernels", targets: ["CVectorKernels"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
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

        // Backups. Encryption is apart, because BoringSSL takes a minute to build.
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(name: "Backup", dependencies: ["CZlib", "StrataCore"], swiftSettings: strict),
        .target(
            name: "BackupEncryption", dependencies: ["Backup", "StrataCore", crypto], swiftSettings: strict),
        .testTarget(
            name: "BackupTests", dependencies: ["Backup", "BackupEncryption", "StrataCore", "StrataTesting"],
            swiftSettings: strict),

        // What is learned.
        .target(name: "Learning", swiftSettings: strict),
        .testTarget(name: "LearningTests", dependencies: ["Learning"], swiftSettings: strict),

        // How it is doing.
        .target(name: "Telemetry", dependencies: ["StrataCore", metrics], swiftSettings: strict),
        .testTarget(
            name: "TelemetryTests", dependencies: ["StrataCore", "Telemetry", metrics], swiftSettings: strict),

        // The engine.
        .target(
            name: "Strata",
            dependencies: [
                "Backup", "Ingest", "Learning", "RecordStore", "StrataCore", "Telemetry", "TextAnalysis",
                "TextModels", "VectorSearch", metrics,
            ],
            resources: [.embedInCode("Promotion/promotion-model.json")], swiftSettings: strict),
        .testTarget(
            name: "StrataTests",
            dependencies: [
                "Backup", "crashharness", "Learning", "Strata", "StrataCore", "StrataTesting", "Telemetry",
                "TextAnalysis",
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "crashharness", dependencies: ["Backup", "Strata", "StrataCore", "StrataTesting"],
            path: "Tests/Support/crashharness", swiftSettings: strict),

        // Files.
        .target(name: "Ingest", dependencies: ["StrataCore"], swiftSettings: strict),
        .testTarget(name: "IngestTests", dependencies: ["Ingest", "StrataCore"], swiftSettings: strict),

        // Files that nobody should have written.
        .testTarget(
            name: "FuzzTests", dependencies: ["Ingest", "StrataCore", "StrataTesting", "TextModels", "VectorSearch"],
            swiftSettings: strict),

        // The command.
        .executableTarget(
            name: "StrataCLI",
            dependencies: [
                "Backup", "BackupEncryption", "Ingest", "Strata", "StrataCore", "Telemetry", argumentParser, metrics,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "StrataCLITests", dependencies: ["Strata", "StrataCLI", "StrataCore"], swiftSettings: strict),
    ]
)
