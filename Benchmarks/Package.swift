// swift-tools-version: 6.2
import PackageDescription

/// The settings of the root package, so that a benchmark is held to the same rules as what it measures.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let engine: [Target.Dependency] = [
    .product(name: "Strata", package: "strata"), .product(name: "StrataCore", package: "strata"),
]
let vectors: [Target.Dependency] = [
    .product(name: "CVectorKernels", package: "strata"), .product(name: "StrataCore", package: "strata"),
    .product(name: "VectorSearch", package: "strata"),
]

let package = Package(
    name: "strata-benchmarks",
    products: [
        .executable(name: "strata-bench", targets: ["StrataBench"]),
        .executable(name: "locomo-adapter", targets: ["LocomoAdapter"]),
        .executable(name: "promotion-bench", targets: ["PromotionBench"]),
        .executable(name: "index-bench", targets: ["index-bench"]),
    ],
    dependencies: [.package(name: "strata", path: "..")],
    targets: [
        .target(name: "BenchSupport", dependencies: engine, swiftSettings: strict),
        .executableTarget(name: "StrataBench", dependencies: ["BenchSupport"] + engine, swiftSettings: strict),
        .executableTarget(name: "LocomoAdapter", dependencies: ["BenchSupport"] + engine, swiftSettings: strict),
        .executableTarget(
            name: "index-bench", dependencies: vectors, path: "Sources/index-bench", swiftSettings: strict),
        .executableTarget(
            name: "PromotionBench",
            dependencies: [
                "BenchSupport", .product(name: "Learning", package: "strata"),
                .product(name: "TextModels", package: "strata"),
            ] + engine,
            swiftSettings: strict),
        .testTarget(name: "BenchSupportTests", dependencies: ["BenchSupport"], swiftSettings: strict),
    ]
)
