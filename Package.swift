// swift-tools-version: 6.2
import PackageDescription

/// Every warning is an error: what the compiler doubts is settled before it lands.
///
/// A file sees what it imports, an import is not passed on unless it says so, and an existential says `any`.
let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]

/// The commit that is built, with a `+` after it if files were changed. `wattline --version` tells it.
///
/// The image is built without the folder of git, and takes it from the environment.
let commit =
  Context.environment["WATTLINE_COMMIT"].flatMap { !$0.isEmpty && $0.allSatisfy(\.isHexDigit) ? $0 : nil }
  ?? Context.gitInformation.map { $0.currentCommit.prefix(12) + ($0.hasUncommittedChanges ? "+" : "") } ?? "unknown"

/// A system library from a Debian package.
func system(_ name: String, _ pkgConfig: String, apt package: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

/// A library that the trait `HTTP` needs.
func serving(_ name: String) -> Target.Dependency { .target(name: name, condition: .when(traits: ["HTTP"])) }

/// A module under `Sources/`, and what it may see.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A module of numeric cores and readers: optimised in debug builds too, where it would be thirty times slower.
func numericModule(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings + [.unsafeFlags(["-O"])])
}

/// The tests of a module under `Tests/`, and what they see beside it.
func tests(_ name: String, _ further: [Target.Dependency] = []) -> Target {
  .testTarget(name: "\(name)Tests", dependencies: [.byName(name: name)] + further, swiftSettings: settings)
}

// In the order of the flow: nouns, physics, configuration, then the stages from the broker to the database.
let package = Package(
  name: "wattline",
  products: [.executable(name: "wattline", targets: ["wattline"])],
  traits: [
    .default(enabledTraits: ["Deflate", "HTTP", "Solver"]),
    .trait(name: "Deflate", description: "Payloads packed by gzip or zlib are unpacked, with zlib."),
    .trait(name: "HTTP", description: "The program serves health, metrics and its interface, with accounts."),
    .trait(name: "Solver", description: "Communities are optimised, with Clp, which is loaded when it is needed."),
  ],
  targets: [
    system("CMosquitto", "libmosquitto", apt: "libmosquitto-dev"),
    system("CCurl", "libcurl", apt: "libcurl4-openssl-dev"),
    system("CZstd", "libzstd", apt: "libzstd-dev"),
    system("CYAML", "yaml-0.1", apt: "libyaml-dev"),
    system("CZlib", "zlib", apt: "zlib1g-dev"),
    system("CWebSockets", "libwebsockets", apt: "libwebsockets-dev"),
    system("CSQLite", "sqlite3", apt: "libsqlite3-dev"),
    system("CSodium", "libsodium", apt: "libsodium-dev"),
    system("CJOSE", "cjose", apt: "libcjose-dev"),

    module("Compression", ["CZstd", .target(name: "CZlib", condition: .when(traits: ["Deflate"]))]),
    module("WattlineTime"),
    module("SystemCore", ["WattlineTime", "PlantModel"]),
    module("PlantModel", ["WattlineTime"]),
    module("PointSchema", ["WattlineTime", "PlantModel"]),
    module("Boards", ["PointSchema"]),
    module("Settings", ["WattlineTime", "PlantModel"]),
    numericModule("PlantPhysics", ["WattlineTime", "PlantModel"]),
    module("StreamCore", ["WattlineTime", "SystemCore", "PlantModel", "PointSchema"]),
    module("CurlTransport", ["WattlineTime", "SystemCore", "PlantModel", "Settings", "CCurl"]),
    .target(name: "CChecksum"),
    module(
      "Journal", ["Compression", "WattlineTime", "SystemCore", "PlantModel", "Settings", "StreamCore", "CChecksum"]),
    module("LineProtocol"),
    module("PayloadDecoding", ["Compression", "WattlineTime", "PlantModel", "Settings", "StreamCore", "LineProtocol"]),
    numericModule("Recordings", ["WattlineTime", "PlantModel"]),
    module("PlantConfig", ["WattlineTime", "PlantModel", "Settings", "PayloadDecoding", "Recordings", "CYAML"]),
    module("AccessControl", ["PlantModel", "PayloadDecoding"]),
    module("PlantDiscovery", ["WattlineTime", "PlantModel", "StreamCore", "PayloadDecoding", "PlantConfig"]),
    module(
      "MQTTSource",
      ["WattlineTime", "SystemCore", "PlantModel", "Settings", "StreamCore", "CurlTransport", "PayloadDecoding"]),
    module("Cleaning", ["WattlineTime", "PlantModel", "PointSchema", "StreamCore"]),
    module("DerivedSensors", ["WattlineTime", "PlantModel", "StreamCore"]),
    numericModule("EnergyAccounting", ["WattlineTime", "PlantModel", "PlantPhysics", "StreamCore"]),
    numericModule("FeatureWindows", ["WattlineTime", "PlantModel", "PointSchema", "StreamCore", "EnergyAccounting"]),
    numericModule(
      "Forecasting", ["WattlineTime", "SystemCore", "PlantModel", "PointSchema", "PlantPhysics", "StreamCore"]),
    numericModule("HealthIndex", ["WattlineTime", "PlantModel", "PointSchema", "PlantPhysics", "StreamCore"]),
    module(
      "Alerts",
      [
        "WattlineTime", "SystemCore", "PlantModel", "PointSchema", "Settings", "PlantPhysics", "StreamCore",
        "CurlTransport",
      ]),
    module("AssetCommands", ["WattlineTime", "PlantModel", "PointSchema", "PlantPhysics", "StreamCore"]),
    numericModule(
      "DispatchPolicy", ["WattlineTime", "PlantModel", "PointSchema", "PlantPhysics", "StreamCore", "AssetCommands"]),
    numericModule("MonthlyAccounts", ["WattlineTime", "PlantModel", "PlantPhysics", "DispatchPolicy"]),
    numericModule("DispatchStudies", ["PlantPhysics", "DispatchPolicy"]),
    numericModule("Savings", ["WattlineTime", "PlantModel", "PlantPhysics"]),
    numericModule("Community"),
    numericModule("CommunityControl", ["WattlineTime", "PointSchema", "StreamCore", "Journal", "Community"]),
    module("CommandChannel", ["WattlineTime", "SystemCore", "PlantModel", "Settings", "StreamCore", "CMosquitto"]),
    module(
      "SinkCore", ["Compression", "WattlineTime", "SystemCore", "PlantModel", "Settings", "StreamCore", "Journal"]),
    module(
      "InfluxSink",
      [
        "WattlineTime", "SystemCore", "PlantModel", "PointSchema", "Settings", "CurlTransport", "LineProtocol",
        "SinkCore",
      ]),
    module(
      "Accounts",
      [
        "WattlineTime", "SystemCore", "Settings", "CurlTransport", serving("CSQLite"), serving("CSodium"),
        serving("CJOSE"),
      ]),
    module(
      "Backup",
      [
        "Compression", "WattlineTime", "SystemCore", "PlantModel", "Settings", "CurlTransport", "Accounts", "Journal",
        "InfluxSink",
      ]),
    module(
      "SavingsAccounts", ["WattlineTime", "SystemCore", "PlantModel", "PointSchema", "InfluxSink", "Savings"]),
    .target(name: "CSpawn"),
    module(
      "DataSources",
      [
        "Compression", "WattlineTime", "SystemCore", "PlantModel", "StreamCore", "CurlTransport", "Journal",
        "PayloadDecoding", "CSpawn",
      ]),
    module("PlantSimulation", ["WattlineTime", "PlantModel", "PlantPhysics"]),
    module(
      "Pipeline",
      [
        "WattlineTime", "SystemCore", "PlantModel", "PointSchema", "Settings", "StreamCore", "Journal",
        "PayloadDecoding", "PlantConfig", "MQTTSource", "Cleaning", "DerivedSensors", "FeatureWindows", "Forecasting",
        "HealthIndex", "Alerts", "DispatchPolicy", "CommandChannel", "SinkCore", "InfluxSink", "Backup",
        "AccessControl", "SavingsAccounts", "DataSources", "Community", "CommunityControl",
      ]),
    module("WebServer", ["SystemCore", serving("CWebSockets")]),
    module(
      "HTTPInterface",
      [
        "WattlineTime", "SystemCore", "PlantModel", "PointSchema", "Settings", "PlantConfig", "PlantPhysics",
        "Forecasting",
        "DispatchPolicy", "PayloadDecoding", "InfluxSink", "SinkCore", "Accounts", "DataSources", "Pipeline", "Savings",
        "SavingsAccounts", "WebServer", "CommunityControl",
      ]),
    module("LocalServers", ["WattlineTime", "PlantModel", "Settings", "CurlTransport", "InfluxSink"]),
    module("LocalGrafana", ["Boards", "LocalServers"]),
    .target(name: "CCounters"),
    .target(
      name: "CBuildInformation", cSettings: [.define("WATTLINE_COMMIT", to: "\"\(commit)\"")]),
    module(
      "WattlineBenchmarks",
      [
        "WattlineTime", "SystemCore", "PlantModel", "PointSchema", "Settings", "StreamCore", "Journal",
        "PayloadDecoding", "PlantConfig", "Cleaning", "FeatureWindows", "Forecasting", "HealthIndex", "SinkCore",
        "InfluxSink", "Pipeline", "LocalServers", "CCounters", "CMosquitto",
      ]),
    module("PlantTesting", ["WattlineTime", "SystemCore", "PlantModel", "Settings", "StreamCore", "LocalServers"]),
    .executableTarget(
      name: "wattline",
      dependencies: [
        "CBuildInformation", "AccessControl", "Accounts", "Compression",
        "WattlineTime", "SystemCore", "PlantModel", "PointSchema", "Settings", "PlantPhysics", "StreamCore", "Journal",
        "PayloadDecoding", "Recordings", "PlantConfig", "PlantDiscovery", "MQTTSource", "Cleaning", "EnergyAccounting",
        "FeatureWindows", "Forecasting", "HealthIndex", "Alerts", "DispatchPolicy", "MonthlyAccounts",
        "DispatchStudies", "Community", "CommandChannel", "SinkCore", "InfluxSink", "Backup", "PlantSimulation",
        "Pipeline", "LocalServers", "WebServer", "HTTPInterface", "WattlineBenchmarks", "Boards", "LocalGrafana",
        "Savings", "SavingsAccounts", "DataSources", "CommunityControl",
      ],
      swiftSettings: settings),
    tests("Compression", []),
    tests("WattlineTime", ["PlantModel", "PlantTesting"]),
    tests("SystemCore", ["LocalServers", "PlantTesting", "WattlineTime", "PlantModel", "StreamCore"]),
    tests("PlantModel", ["WattlineTime", "PlantTesting"]),
    tests("PointSchema", ["WattlineTime", "PlantModel"]),
    tests("Boards", ["PointSchema", "LocalServers", "LocalGrafana", "PlantTesting"]),
    tests("Savings", ["WattlineTime", "PlantModel", "PlantPhysics"]),
    tests(
      "SavingsAccounts", ["WattlineTime", "PlantModel", "InfluxSink", "Savings", "LocalServers", "PlantTesting"]),
    tests("PlantPhysics", ["WattlineTime", "PlantModel"]),
    tests("StreamCore", ["WattlineTime"]),
    tests("CurlTransport", ["WattlineTime", "PlantModel"]),
    tests(
      "Journal",
      [
        "Compression", "WattlineTime", "SystemCore", "PlantModel", "Settings", "StreamCore", "LocalServers",
        "PlantTesting",
      ]),
    tests(
      "DataSources",
      ["PlantConfig", "PlantModel", "PlantTesting", "LocalServers", "StreamCore", "SystemCore", "WattlineTime"]),
    tests("LineProtocol", []),
    tests("PayloadDecoding", ["WattlineTime", "PlantModel", "Settings", "StreamCore", "PlantConfig", "PlantTesting"]),
    tests("Recordings", ["WattlineTime", "PlantModel", "PlantPhysics"]),
    tests("PlantConfig", ["WattlineTime", "PlantModel", "Settings", "LocalServers", "PlantTesting"]),
    tests(
      "AccessControl",
      [
        "PlantModel", "Settings", "PlantConfig", "CommandChannel", "LocalServers", "PlantTesting", "WattlineTime",
      ]),
    tests("PlantDiscovery", ["PlantModel", "PlantTesting"]),
    tests(
      "MQTTSource",
      [
        "WattlineTime", "SystemCore", "PlantModel", "Settings", "StreamCore", "LocalServers", "PlantTesting",
        "CMosquitto",
      ]),
    tests("Cleaning", ["WattlineTime", "PlantModel", "StreamCore", "PlantTesting"]),
    tests("DerivedSensors", ["WattlineTime", "PlantModel", "StreamCore", "PlantTesting"]),
    tests("EnergyAccounting", ["WattlineTime", "PlantModel", "PlantPhysics", "StreamCore", "PlantTesting"]),
    tests(
      "FeatureWindows", ["WattlineTime", "PlantModel", "PointSchema", "StreamCore", "EnergyAccounting", "PlantTesting"]),
    tests("Forecasting", ["WattlineTime", "PlantModel", "PointSchema", "PlantPhysics", "StreamCore", "PlantTesting"]),
    tests("HealthIndex", ["WattlineTime", "PlantModel", "PointSchema", "PlantPhysics", "StreamCore", "PlantTesting"]),
    tests(
      "Alerts",
      [
        "WattlineTime", "PlantModel", "PointSchema", "Settings", "StreamCore", "PlantSimulation", "LocalServers",
        "PlantTesting",
      ]),
    tests("AssetCommands", ["PlantModel"]),
    tests("Accounts", ["WattlineTime", "SystemCore", "Settings", "LocalServers", "PlantTesting"]),
    tests("WebServer", ["SystemCore", "LocalServers", "PlantTesting"]),
    tests(
      "HTTPInterface",
      [
        "WattlineTime", "SystemCore", "PlantModel", "Settings", "PlantConfig", "PayloadDecoding", "SinkCore",
        "Accounts",
        "SavingsAccounts", "Pipeline", "LocalServers", "PlantTesting", "WebServer",
      ]),
    tests(
      "DispatchPolicy",
      [
        "WattlineTime", "PlantModel", "PointSchema", "PlantPhysics", "StreamCore", "MonthlyAccounts", "DispatchStudies",
        "PlantTesting",
      ]),
    tests("Community", []),
    tests("CommunityControl", ["WattlineTime", "PointSchema", "StreamCore", "Journal", "Community"]),
    tests(
      "CommandChannel",
      ["WattlineTime", "PlantModel", "Settings", "InfluxSink", "LocalServers", "PlantTesting", "CMosquitto"]),
    tests("SinkCore", ["WattlineTime", "PlantModel", "CurlTransport", "LineProtocol", "LocalServers", "PlantTesting"]),
    tests(
      "InfluxSink",
      [
        "WattlineTime", "PlantModel", "PointSchema", "Settings", "StreamCore", "CurlTransport", "Journal",
        "LineProtocol", "PayloadDecoding", "SinkCore", "LocalServers", "PlantTesting",
      ]),
    tests(
      "Backup",
      ["WattlineTime", "SystemCore", "PlantModel", "Settings", "Journal", "LocalServers", "PlantTesting"]),
    tests("PlantSimulation", ["WattlineTime", "PlantModel", "PlantPhysics"]),
    tests(
      "Pipeline",
      [
        "WattlineTime", "SystemCore", "PlantModel", "PointSchema", "Settings", "StreamCore", "Journal", "LineProtocol",
        "PayloadDecoding", "PlantConfig", "MQTTSource", "Forecasting", "CommandChannel", "SinkCore", "InfluxSink",
        "Backup", "AccessControl", "PlantSimulation", "LocalServers", "PlantTesting", "Savings", "SavingsAccounts",
        "Community", "CommunityControl", "DataSources",
      ]),
    tests("WattlineBenchmarks", []),
    // Runs the program as users do; it is found next to the test bundle.
    tests(
      "wattline",
      [
        "Compression", "WattlineTime", "SystemCore", "PlantModel", "PointSchema", "Settings", "PlantPhysics",
        "StreamCore", "Journal", "PayloadDecoding", "Recordings", "PlantConfig", "MQTTSource", "CommandChannel",
        "SinkCore", "InfluxSink", "Backup", "Pipeline", "LocalServers", "PlantTesting", "Accounts",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
