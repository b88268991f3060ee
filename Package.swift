// swift-tools-version: 6.2
import PackageDescription

/// Every warning is an error: what the compiler doubts is settled before it lands.
let settings: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// A system library from a Debian package.
func system(_ name: String, _ pkgConfig: String, apt package: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

/// A module under `Sources/`, and what it may see.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A module of numeric cores and readers: optimised in debug builds too, where it would be thirty times slower.
func numericModule(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings + [.unsafeFlags(["-O"])])
}

/// The tests of a module under `Tests/`.
func tests(_ name: String, _ further: [Target.Dependency] = []) -> Target {
  let common = ["PlantModel", "PointSchema", "StreamCore", "PlantTesting"].filter { $0 != name }.map {
    Target.Dependency.byName(name: $0)
  }
  return .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name)] + common + further, swiftSettings: settings)
}

// In the order of the flow: nouns, physics, configuration, then the stages from the broker to the database.
let package = Package(
  name: "wattline",
  products: [.executable(name: "wattline", targets: ["wattline"])],
  traits: [
    .default(enabledTraits: ["Deflate"]),
    .trait(name: "Deflate", description: "Payloads packed by gzip or zlib are unpacked, with zlib."),
  ],
  targets: [
    system("CMosquitto", "libmosquitto", apt: "libmosquitto-dev"),
    system("CCurl", "libcurl", apt: "libcurl4-openssl-dev"),
    system("CZstd", "libzstd", apt: "libzstd-dev"),
    system("CYAML", "yaml-0.1", apt: "libyaml-dev"),
    system("CZlib", "zlib", apt: "zlib1g-dev"),

    module("PlantModel"),
    module("PlantPhysics", ["PlantModel"]),
    module("PointSchema", ["PlantModel"]),
    module("StreamCore", ["PlantModel", "PointSchema"]),
    .target(name: "CChecksum"),
    module("Journal", ["PlantModel", "StreamCore", "CChecksum", "CZstd"]),
    module("LineProtocol"),
    module(
      "PayloadDecoding",
      [
        "PlantModel", "StreamCore", "LineProtocol", "CZstd",
        .target(name: "CZlib", condition: .when(traits: ["Deflate"])),
      ]),
    numericModule("Recordings", ["PlantModel"]),
    module("PlantConfig", ["PlantModel", "PayloadDecoding", "Recordings", "CYAML"]),
    module("PlantDiscovery", ["PlantModel", "StreamCore", "PayloadDecoding", "PlantConfig"]),
    module("MQTTSource", ["PlantModel", "StreamCore", "PayloadDecoding", "CCurl"]),
    module("Cleaning", ["PlantModel", "PlantPhysics", "PointSchema", "StreamCore"]),
    module("DerivedSensors", ["PlantModel", "StreamCore"]),
    numericModule("EnergyAccounting", ["PlantModel", "PlantPhysics", "StreamCore"]),
    numericModule("FeatureWindows", ["PlantModel", "PlantPhysics", "PointSchema", "StreamCore", "EnergyAccounting"]),
    numericModule("Forecasting", ["PlantModel", "PlantPhysics", "PointSchema", "StreamCore"]),
    numericModule("HealthIndex", ["PlantModel", "PlantPhysics", "PointSchema", "StreamCore"]),
    module("Alerts", ["PlantModel", "PlantPhysics", "PointSchema", "StreamCore", "CCurl"]),
    numericModule("DispatchPolicy", ["PlantModel", "PlantPhysics", "PointSchema", "StreamCore"]),
    module("CommandChannel", ["PlantModel", "StreamCore", "CMosquitto"]),
    module("SinkCore", ["PlantModel", "StreamCore", "Journal", "CCurl"]),
    module("InfluxSink", ["PlantModel", "PointSchema", "LineProtocol", "SinkCore"]),
    module("PlantSimulation", ["PlantModel", "PlantPhysics", "StreamCore"]),
    module(
      "Pipeline",
      [
        "PlantModel", "PlantConfig", "PointSchema", "StreamCore", "Journal", "PayloadDecoding", "MQTTSource",
        "Cleaning",
        "DerivedSensors", "FeatureWindows", "Forecasting", "HealthIndex", "Alerts", "DispatchPolicy", "CommandChannel",
        "SinkCore", "InfluxSink",
      ]),
    .target(name: "CCounters"),
    module(
      "WattlineBenchmarks",
      [
        "CCounters", "CMosquitto", "PlantModel", "PlantConfig", "PointSchema", "StreamCore", "Journal",
        "PayloadDecoding",
        "Cleaning", "DerivedSensors", "FeatureWindows", "Forecasting", "HealthIndex", "SinkCore", "InfluxSink",
        "Pipeline", "PlantTesting",
      ]),
    .executableTarget(
      name: "wattline",
      dependencies: [
        "PlantModel", "PlantPhysics", "PointSchema", "StreamCore", "Recordings", "PlantConfig", "Cleaning",
        "EnergyAccounting",
        "FeatureWindows",
        "Forecasting", "HealthIndex", "Alerts", "DispatchPolicy", "Pipeline", "PlantSimulation", "CommandChannel",
        "SinkCore", "InfluxSink",
        "PayloadDecoding", "PlantDiscovery", "PlantTesting",
        "WattlineBenchmarks",
      ],
      swiftSettings: settings),

    module("PlantTesting", ["PlantModel", "StreamCore", "InfluxSink", "CMosquitto", "CCurl"]),
    tests("PlantModel"),
    tests("PlantPhysics"),
    tests("PointSchema"),
    tests("Recordings", ["PlantPhysics"]),
    tests("PlantConfig"),
    tests("StreamCore"),
    tests("Journal"),
    tests("LineProtocol"),
    tests("PayloadDecoding", ["PlantConfig"]),
    tests("PlantDiscovery", ["PlantConfig", "PayloadDecoding"]),
    tests("MQTTSource", ["PlantConfig", "PayloadDecoding"]),
    tests("Cleaning"),
    tests("DerivedSensors"),
    tests("EnergyAccounting", ["PlantPhysics"]),
    tests("FeatureWindows", ["EnergyAccounting"]),
    tests("Forecasting"),
    tests("HealthIndex"),
    tests("Alerts", ["PlantSimulation"]),
    tests("DispatchPolicy"),
    tests("CommandChannel"),
    tests("SinkCore", ["LineProtocol"]),
    tests("InfluxSink", ["SinkCore", "PayloadDecoding", "LineProtocol"]),
    tests("PlantSimulation", ["PlantConfig"]),
    tests("WattlineBenchmarks"),
    tests(
      "Pipeline",
      [
        "PlantConfig", "Forecasting", "SinkCore", "InfluxSink", "PlantSimulation", "Journal", "PayloadDecoding",
        "MQTTSource", "CommandChannel", "LineProtocol",
      ]),
    // Runs the program as users do; it is found next to the test bundle.
    tests(
      "wattline",
      [
        "CommandChannel", "MQTTSource", "PlantPhysics", "PlantSimulation", "Pipeline", "SinkCore", "InfluxSink",
        "Journal", "PlantConfig", "PayloadDecoding", "Recordings",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
