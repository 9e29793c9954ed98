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

let package = Package(
    name: "strata",
    products: [
        .library(name: "StrataCore", targets: ["StrataCore"])
    ],
    targets: [
        .target(name: "StrataCore", swiftSettings: strict),
        .target(name: "TextAnalysis", swiftSettings: strict),
        .target(name: "Ingest", dependencies: ["StrataCore"], swiftSettings: strict),
        .testTarget(name: "StrataCoreTests", dependencies: ["StrataCore"], swiftSettings: strict),
        .testTarget(
            name: "TextAnalysisTests", dependencies: ["TextAnalysis"], resources: [.copy("Golden")],
            swiftSettings: strict),
        .testTarget(name: "IngestTests", dependencies: ["Ingest", "StrataCore"], swiftSettings: strict),
    ]
)
