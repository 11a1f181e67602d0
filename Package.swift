// swift-tools-version: 6.0
import PackageDescription

// Arrows point down only (see the README, "How it is built"): a module lists here exactly what it may import.
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "ha-bridge",
    products: [
        .executable(name: "ha-bridge", targets: ["BridgeCommand"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // The C libraries, one importer each.
        .systemLibrary(
            name: "CLibWebSockets", pkgConfig: "libwebsockets", providers: [.apt(["libwebsockets-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),

        // The foundation: values, pure rules, and the few primitives of concurrency.
        .target(name: "BridgeCore"),
        .target(name: "BridgeConcurrency"),

        // One wrapper for each C library.
        .target(
            name: "WebSocketTransport",
            dependencies: ["CLibWebSockets", "BridgeCore", "BridgeConcurrency", log]),
        .target(
            name: "PostgresClient",
            dependencies: ["CLibPQ", "BridgeCore", "BridgeConcurrency", log]),
        .target(name: "Cryptography", dependencies: ["COpenSSL", "BridgeCore"]),

        // What the wrappers carry.
        .target(
            name: "HomeAssistantClient",
            dependencies: ["WebSocketTransport", "BridgeCore", "BridgeConcurrency", log]),
        .target(
            name: "Store",
            dependencies: ["PostgresClient", "Cryptography", "BridgeCore", "BridgeConcurrency", log],
            exclude: ["Migrations/README.md"],
            resources: [.embedInCode("Migrations")]),

        // The work.
        .target(
            name: "Ingest",
            dependencies: [
                "HomeAssistantClient", "Store", "PostgresClient", "Cryptography", "BridgeCore",
                "BridgeConcurrency", log,
            ]),
        .target(
            name: "Observability",
            dependencies: ["BridgeCore", "BridgeConcurrency", log, hummingbird, lifecycle]),
        .executableTarget(
            name: "BridgeCommand",
            dependencies: [
                "Ingest", "Observability", "HomeAssistantClient", "WebSocketTransport", "Store",
                "PostgresClient", "Cryptography", "BridgeCore", "BridgeConcurrency",
                arguments, lifecycle, unixSignals, log, yams,
            ]),

        // Tests mirror Sources.
        .target(
            name: "PostgresTestSupport",
            dependencies: ["PostgresClient", log],
            path: "Tests/TestSupport/Postgres"),
        .testTarget(
            name: "PostgresClientTests",
            dependencies: ["PostgresClient", "PostgresTestSupport", "BridgeCore", log]),
    ],
    swiftLanguageModes: [.v6]
)
