// swift-tools-version: 6.1
import PackageDescription

// Arrows point down only (see the README, "How it is built"): a module lists here exactly what it may import.
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let http: [Target.Dependency] = [
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "HummingbirdTLS", package: "hummingbird"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "ha-bridge",
    products: [
        .executable(name: "ha-bridge", targets: ["BridgeCommand"]),
        // For the benchmark: loaded before ha-bridge, it counts what that asks of libc.
        .library(name: "CallCounter", type: .dynamic, targets: ["CallCounter"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        // Hummingbird's own foundation, named because the HTTP server uses it by name.
        .package(url: "https://github.com/apple/swift-http-types", from: "1.0.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.20.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // The C libraries, one importer each.
        .systemLibrary(
            name: "CLibWebSockets", pkgConfig: "libwebsockets", providers: [.apt(["libwebsockets-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        // Inline functions in C, for instructions and calls that Swift cannot name.
        .systemLibrary(name: "CByteSearch"),
        .systemLibrary(name: "CChecksum"),
        .systemLibrary(name: "CFileAllocation"),
        .systemLibrary(name: "CKernels"),
        .systemLibrary(name: "CMemoryAllocation"),

        // The foundation: values, pure rules, and the few primitives of concurrency.
        .target(name: "BridgeCore", dependencies: ["CByteSearch"]),
        .target(name: "BridgeConcurrency", dependencies: ["BridgeCore"]),

        // One wrapper for each C library.
        .target(
            name: "WebSocketTransport",
            dependencies: ["CLibWebSockets", "BridgeCore", "BridgeConcurrency", log]),
        .target(
            name: "PostgresClient",
            dependencies: ["CLibPQ", "BridgeCore", "BridgeConcurrency", log]),
        .target(name: "Cryptography", dependencies: ["COpenSSL", "BridgeCore"]),
        .target(name: "SQLiteClient", dependencies: ["CSQLite", "BridgeCore", "BridgeConcurrency"]),

        .target(
            name: "EventSpool", dependencies: ["CChecksum", "CFileAllocation", "BridgeCore", "BridgeConcurrency", log],
            exclude: ["FORMAT.md"]),

        // What an event means, as text and as a vector.
        .target(
            name: "Embedding", dependencies: ["CKernels", "Cryptography", "BridgeCore", "BridgeConcurrency", log],
            exclude: ["Lexicon/build-lexicon"],
            // Without it the language model takes seconds for a sentence.
            swiftSettings: [.unsafeFlags(["-O"], .when(configuration: .debug))]),

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
                "HomeAssistantClient", "WebSocketTransport", "EventSpool", "Embedding", "Store", "PostgresClient",
                "SQLiteClient", "Cryptography", "BridgeCore", "BridgeConcurrency", log,
            ]),
        .target(name: "Maintenance", dependencies: ["Store", "BridgeCore", "BridgeConcurrency", log]),
        .target(
            name: "Search",
            dependencies: ["Embedding", "Store", "PostgresClient", "BridgeCore", "BridgeConcurrency"]),
        .target(
            name: "Automation",
            dependencies: [
                "HomeAssistantClient", "Store", "PostgresClient", "Cryptography", "BridgeCore", "BridgeConcurrency",
                log,
            ]),
        .target(
            name: "Console",
            dependencies: [
                "Automation", "Search", "Embedding", "Store", "PostgresClient", "Cryptography", "BridgeCore",
                "BridgeConcurrency", log, .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            resources: [.embedInCode("Description/OpenAPI"), .embedInCode("Web/Files")]),
        .target(
            name: "Observability",
            dependencies: ["BridgeCore", "BridgeConcurrency", log, lifecycle] + http),
        .executableTarget(
            name: "BridgeCommand",
            dependencies: [
                "CMemoryAllocation", "Console", "Ingest", "Automation", "Maintenance", "Search", "Observability",
                "HomeAssistantClient", "WebSocketTransport", "EventSpool", "Embedding", "Store", "PostgresClient",
                "Cryptography", "BridgeCore", "BridgeConcurrency", arguments, lifecycle, log, yams,
            ]),

        // The tests mirror the modules.
        .target(
            name: "TestSupport",
            dependencies: ["COpenSSL", "Store", "PostgresClient", "BridgeCore", "BridgeConcurrency", log],
            path: "Tests/TestSupport",
            resources: [.copy("Fixtures")]),
        .testTarget(name: "BridgeCoreTests", dependencies: ["CByteSearch", "BridgeCore"]),
        .testTarget(
            name: "EmbeddingTests",
            dependencies: ["Embedding", "Cryptography", "BridgeCore", "BridgeConcurrency", log],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "EventSpoolTests",
            dependencies: ["EventSpool", "CChecksum", "BridgeCore", "BridgeConcurrency", log]),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography", "BridgeCore"]),
        .testTarget(
            name: "WebSocketTransportTests",
            dependencies: [
                "WebSocketTransport", "Cryptography", "TestSupport", "BridgeCore", "BridgeConcurrency", log,
            ]),
        .testTarget(
            name: "PostgresClientTests",
            dependencies: ["PostgresClient", "TestSupport", "BridgeCore", "BridgeConcurrency", log]),
        .testTarget(
            name: "HomeAssistantClientTests",
            dependencies: [
                "HomeAssistantClient", "WebSocketTransport", "TestSupport", "BridgeCore", "BridgeConcurrency", log,
            ]),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "Store", "PostgresClient", "Cryptography", "TestSupport", "BridgeCore", "BridgeConcurrency", log,
            ]),
        .testTarget(
            name: "IngestTests",
            dependencies: [
                "Ingest", "HomeAssistantClient", "EventSpool", "Embedding", "Store", "PostgresClient", "Cryptography",
                "TestSupport", "BridgeCore", "BridgeConcurrency", log,
            ]),
        .testTarget(
            name: "BackfillTests",
            dependencies: [
                "Ingest", "HomeAssistantClient", "WebSocketTransport", "Store", "PostgresClient", "Cryptography",
                "TestSupport", "BridgeCore", "BridgeConcurrency", log,
            ],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "ImportTests",
            dependencies: [
                "BridgeCommand", "Ingest", "SQLiteClient", "CSQLite", "HomeAssistantClient", "Store", "PostgresClient",
                "Cryptography", "TestSupport", "BridgeCore", "BridgeConcurrency", log,
            ]),
        .testTarget(
            name: "AutomationTests",
            dependencies: [
                "Automation", "HomeAssistantClient", "WebSocketTransport", "Store", "PostgresClient", "Cryptography",
                "TestSupport", "BridgeCore", "BridgeConcurrency", log,
            ]),
        .testTarget(
            name: "MaintenanceTests",
            dependencies: [
                "Maintenance", "Store", "PostgresClient", "Cryptography", "TestSupport", "BridgeCore",
                "BridgeConcurrency", log,
            ]),
        .testTarget(
            name: "SearchTests",
            dependencies: [
                "Search", "retrieval-eval", "Ingest", "Maintenance", "Embedding", "HomeAssistantClient", "Store",
                "PostgresClient", "TestSupport", "BridgeCore", "BridgeConcurrency", log,
            ]),
        .testTarget(
            name: "ObservabilityTests",
            dependencies: [
                "Observability", "TestSupport", "BridgeCore", "BridgeConcurrency", log, lifecycle,
                .product(name: "NIOCore", package: "swift-nio"),
            ]),
        .testTarget(
            name: "ConsoleTests",
            dependencies: [
                "Console", "Automation", "Search", "Store", "PostgresClient", "Cryptography", "TestSupport",
                "BridgeCore", "BridgeConcurrency", log, .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]),
        .testTarget(
            name: "BridgeCommandTests",
            dependencies: [
                "BridgeCommand", "Search", "Observability", "Store", "PostgresClient", "Cryptography", "BridgeCore",
                "BridgeConcurrency", arguments, log,
            ]),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "BridgeCommand", "Ingest", "Automation", "HomeAssistantClient", "WebSocketTransport", "EventSpool",
                "Embedding", "Search", "Store", "PostgresClient", "Cryptography", "TestSupport", "BridgeCore",
                "BridgeConcurrency", log,
            ]),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "BridgeCommand", "Store", "PostgresClient", "Cryptography", "TestSupport", "BridgeCore",
                "BridgeConcurrency", log,
            ],
            exclude: ["README.md"]),
        .target(name: "CallCounter", path: "Tests/CallCounter"),
        .executableTarget(
            name: "bridge-bench",
            dependencies: [
                "EventSpool", "Store", "PostgresClient", "Cryptography", "TestSupport", "BridgeCore", "BridgeConcurrency",
                arguments, log,
            ],
            path: "Tests/Benchmarks",
            exclude: ["python_client.py"]),
        .executableTarget(
            name: "retrieval-eval",
            dependencies: [
                "Ingest", "Maintenance", "Search", "HomeAssistantClient", "Embedding", "Store", "PostgresClient",
                "BridgeCore", "BridgeConcurrency", arguments, log,
            ],
            path: "Tests/RetrievalEvaluation"),
    ],
    swiftLanguageModes: [.v6]
)
