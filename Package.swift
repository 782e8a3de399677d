// swift-tools-version: 6.2
import PackageDescription

/// Settings of every product target: Swift 6 mode is the tools default; strict memory safety marks each unsafe edge.
let product: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    // A fifth of a packet's cost. The tests, built for debugging, keep the checks.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

func target(
    _ name: String, _ dependencies: [Target.Dependency] = [], extra: [SwiftSetting] = []
) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: product + extra)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.byName(name: name)] + dependencies, exclude: exclude,
        swiftSettings: [.enableExperimentalFeature("Lifetimes")])
}

let package = Package(
    name: "weir",
    products: [.executable(name: "weir", targets: ["weir"])],
    traits: [
        .trait(name: "PCRE2", description: "The pcre keyword, over PCRE2 with its JIT (libpcre2-dev)."),
        .trait(name: "Hyperscan", description: "A faster search for `content`, over Hyperscan (libhyperscan-dev)."),
        .trait(name: "GeoIP", description: "The geoip keyword, over libmaxminddb (libmaxminddb-dev)."),
        .default(enabledTraits: []),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // L0
        target("NetTypes"),
        .target(name: "CShim"),
        target("Threads", ["CShim"]),
        .systemLibrary(
            name: "CNetfilterQueue", pkgConfig: "libnetfilter_queue",
            providers: [.apt(["libnetfilter-queue-dev", "libmnl-dev"])]),
        .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(
            name: "CHyperscan", pkgConfig: "libhs", providers: [.apt(["libhyperscan-dev"])]),
        .systemLibrary(name: "CMaxMindDB", pkgConfig: "libmaxminddb", providers: [.apt(["libmaxminddb-dev"])]),
        // L1
        target("Wire", ["NetTypes"]),
        target("PacketIO", ["NetTypes", "Wire"]),
        target("RuleLanguage", ["NetTypes"]),
        target("PolicyModel", ["NetTypes", "RuleLanguage", "Yams"]),
        // L2
        target("AppLayer", ["NetTypes", "Wire", .product(name: "Crypto", package: "swift-crypto")]),
        target("Pcap", ["NetTypes", "Wire", "PacketIO", "CPcap"]),
        target("NFQueue", ["NetTypes", "Wire", "PacketIO", "CNetfilterQueue", "CShim"]),
        // L3
        target("FlowTracking", ["NetTypes", "Wire"]),
        // L4
        target(
            "Detection",
            [
                "NetTypes", "Wire", "RuleLanguage", "PolicyModel", "AppLayer", "FlowTracking",
                .product(name: "Crypto", package: "swift-crypto"),
                .target(name: "CMaxMindDB", condition: .when(traits: ["GeoIP"])),
                .target(name: "CHyperscan", condition: .when(traits: ["Hyperscan"])),
                .target(name: "CPCRE2", condition: .when(traits: ["PCRE2"])),
            ]),
        // L5
        target(
            "EventLog",
            ["Threads", "NetTypes", "Wire", "RuleLanguage", "PacketIO", "AppLayer", "FlowTracking", "Detection"]),
        // L6
        target(
            "FirewallEngine",
            [
                "Threads", "NetTypes", "Wire", "PacketIO", "PolicyModel", "NFQueue", "AppLayer", "FlowTracking",
                "Detection", "EventLog",
            ]),
        // L7, L8
        target(
            "WeirCommands",
            [
                "FirewallEngine", "EventLog", "Detection", "PolicyModel", "RuleLanguage", "Pcap", "NFQueue", "PacketIO",
                "AppLayer", "FlowTracking", "Wire", "NetTypes",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(
            name: "weir",
            dependencies: ["WeirCommands", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: product),

        .target(
            name: "TestSupport",
            dependencies: ["NetTypes", "Wire", .product(name: "Crypto", package: "swift-crypto")],
            path: "Tests/TestSupport"),
        .target(name: "LiveSupport", path: "Tests/LiveSupport"),
        tests("Threads"),
        tests("NetTypes", ["TestSupport"]),
        tests("Wire", ["TestSupport", "NetTypes"]),
        tests("RuleLanguage", ["TestSupport", "NetTypes"]),
        tests("PolicyModel", ["TestSupport", "NetTypes", "RuleLanguage"], exclude: ["Fixtures"]),
        tests("Pcap", ["TestSupport", "NetTypes", "Wire", "PacketIO"]),
        tests("AppLayer", ["TestSupport", "NetTypes", "Wire"]),
        tests("NFQueue", ["TestSupport", "LiveSupport", "Threads", "NetTypes", "Wire", "PacketIO"]),
        tests("FlowTracking", ["TestSupport", "NetTypes", "Wire"]),
        tests("Detection", ["TestSupport", "PolicyModel", "RuleLanguage", "FlowTracking", "Wire", "NetTypes"]),
        tests("EventLog", ["TestSupport"]),
        tests(
            "FirewallEngine",
            [
                "TestSupport", "EventLog", "Detection", "PolicyModel", "RuleLanguage", "FlowTracking", "PacketIO",
                "Wire", "NetTypes",
            ]),
        tests("WeirCommands", ["weir", "LiveSupport"]),
    ]
)

// Only for scripts/fuzz: libFuzzer brings the program's entry with it, and nothing else is to be built that way.
if Context.environment["WEIR_FUZZ_BUILD"] != nil {
    package.products.append(.executable(name: "weir-fuzz", targets: ["Fuzz"]))
    package.targets.append(
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "FirewallEngine", "EventLog", "Detection", "FlowTracking", "AppLayer", "PolicyModel", "RuleLanguage",
                "PacketIO", "Pcap", "Wire", "NetTypes", "TestSupport",
            ], path: "Tests/Fuzz", swiftSettings: [.unsafeFlags(["-parse-as-library"])]))
}
