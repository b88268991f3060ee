import Accounts
import Foundation
import Pipeline
import PlantConfig
import PlantModel
import SystemCore
import WattlineTime
import WebServer

/// Plants and their files.
struct PlantEndpoints: Sendable {
  let api: API

  /// A plant in the list.
  struct Summary: Encodable {
    var name: String
    var timezone: String
    var currency: String
    var assets: Int
    var sensors: Int
    var alerts: Int
    var lastReading: String?

    static let members: [String: Schema] = [
      "name": .string, "timezone": .string, "currency": .string, "assets": .integer, "sensors": .integer,
      "alerts": .integer, "last_reading": .optional(.time),
    ]

    init(_ plant: Plant, view: PlantView) {
      (name, timezone, currency) = (plant.name, plant.location.timezone, plant.currency)
      assets = max(plant.assets.count, view.assets.count)
      sensors = view.sensors.count
      alerts = view.standing.count { $0.state != .returned }
      lastReading = view.lastReading > .distantPast ? view.lastReading.description : nil
    }
  }

  /// A mistake or a warning about a file.
  struct Finding: Encodable {
    var file: String
    var line: Int
    var column: Int
    var severity: String
    var message: String

    static let schema = Schema.object([
      "file": .string, "line": .integer, "column": .integer, "severity": .word(["error", "warning"]),
      "message": .string,
    ])

    init(_ diagnostic: Diagnostic) {
      (file, line, column) = (diagnostic.file, diagnostic.line, diagnostic.column)
      (severity, message) = (diagnostic.isWarning ? "warning" : "error", diagnostic.message)
    }
  }

  /// The result of a change to a plant's file.
  private struct Written: Encodable {
    var plant: String
    var file: String
    var warnings: [Finding]

    static let schema = Schema.object(["plant": .string, "file": .string, "warnings": .array(Finding.schema)])
  }

  static let yaml = "application/yaml"

  var endpoints: [Endpoint] { [list, one, file, create, change, remove, assets, sensors] }

  private var list: Endpoint {
    Endpoint(
      path: "/api/v1/plants", id: "listPlants", group: "plants", summary: "your plants", details: "In order of names.",
      access: .action(.readPlants), parameters: [.limit, .cursor],
      responses: [.json("The plants.", .page(.object(Summary.members)))],
      answer: { call throws(Problem) in
        let views = Dictionary(
          api.pipeline.status().stages.plants.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let plants = api.pipeline.configuration().plants.filter { call.may(.readPlants, on: $0.name) }
          .sorted { $0.name < $1.name }
        return .json(
          try Page(plants.map { Summary($0, view: views[$0.name] ?? PlantView(name: $0.name)) }, call: call))
      })
  }

  private var one: Endpoint {
    Endpoint(
      path: "/api/v1/plants/{plant}", id: "getPlant", group: "plants", summary: "one plant",
      details: "Its state in short.",
      access: .action(.readPlants), responses: [.json("The plant.", .object(Summary.members))],
      answer: { call throws(Problem) in
        let plant = try api.plant(of: call, for: .readPlants)
        return .json(Summary(plant, view: api.view(of: plant)))
      })
  }

  private var file: Endpoint {
    Endpoint(
      path: "/api/v1/plants/{plant}/file", id: "getPlantFile", group: "plants", summary: "a plant's file",
      details: "The text as it is in the folder, with its comments. The header `etag` is what a change needs.",
      access: .action(.managePlants),
      responses: [.init(status: 200, meaning: "The text.", contentTypes: [Self.yaml])], problems: [503],
      answer: { call throws(Problem) in
        let plant = try api.plant(of: call, for: .managePlants)
        let bytes = try files.content(of: try fileName(of: plant.name))
        return HTTPResponse(200, contentType: Self.yaml, body: bytes)
      })
  }

  private var create: Endpoint {
    Endpoint(
      method: "POST", path: "/api/v1/plants", id: "createPlant", group: "plants", summary: "adds a plant",
      details:
        "The body is the plant's file. It is checked as `wattline check` does, with all other files, and written "
        + "as it is, comments included. The pipeline takes it up at once.",
      access: .action(.managePlants), body: .init(contentTypes: [Self.yaml], schema: .string),
      responses: [.json("The plant is there.", Written.schema, status: 201)], problems: [409, 422, 503],
      answer: { call throws(Problem) in
        let name = try plantName(in: call.request.body)
        return try api.files.with { (_) throws(Problem) in
          if api.pipeline.configuration().plantFiles[name] != nil {
            throw Problem(409, "there is a plant '\(name)'; change its file with PUT")
          }
          return try write(call.request.body, plant: name, file: try files.newName(for: name), status: 201)
        }
      })
  }

  private var change: Endpoint {
    Endpoint(
      method: "PUT", path: "/api/v1/plants/{plant}/file", id: "changePlant", group: "plants",
      summary: "changes a plant's file",
      details: "As when it is added. With the header `if-match`, only if the file is still the one of that `etag`.",
      access: .action(.managePlants), body: .init(contentTypes: [Self.yaml], schema: .string),
      responses: [.json("The change is in effect.", Written.schema)], problems: [409, 412, 422, 503],
      answer: { call throws(Problem) in
        let plant = try api.plant(of: call, for: .managePlants)
        let name = try plantName(in: call.request.body)
        guard name == plant.name else {
          throw Problem(409, "the file is that of plant '\(name)', and the path that of '\(plant.name)'")
        }
        return try api.files.with { (_) throws(Problem) in
          let file = try fileName(of: plant.name)
          try files.checkMatch(call, file: file)
          return try write(call.request.body, plant: name, file: file, status: 200)
        }
      })
  }

  private var remove: Endpoint {
    Endpoint(
      method: "DELETE", path: "/api/v1/plants/{plant}", id: "removePlant", group: "plants", summary: "removes a plant",
      details: "Its file is renamed to `NAME.yaml.removed`, so that it can be brought back. Its series stay.",
      access: .action(.managePlants), responses: [.empty("It is removed.")], problems: [409, 412, 422, 503],
      answer: { call throws(Problem) in
        let plant = try api.plant(of: call, for: .managePlants)
        return try api.files.with { (_) throws(Problem) in
          let file = try fileName(of: plant.name)
          try files.checkMatch(call, file: file)
          try files.remove(file)
          return HTTPResponse(204, contentType: "text/plain", body: [])
        }
      })
  }

  private var assets: Endpoint {
    struct Asset: Encodable {
      var name, kind: String
      var within: String?
      var ratedKw: Double?
      var health: Double?
    }
    return Endpoint(
      path: "/api/v1/plants/{plant}/assets", id: "listAssets", group: "plants", summary: "assets of a plant",
      details: "Those of its file, and those that were admitted when their first reading arrived.",
      access: .action(.readPlants), parameters: [.limit, .cursor],
      responses: [
        .json(
          "The assets.",
          .page(
            .object([
              "name": .string, "kind": .word(AssetKind.allCases.map(\.rawValue)), "within": .optional(.string),
              "rated_kw": .optional(.number), "health": .optional(.number),
            ])))
      ],
      answer: { call throws(Problem) in
        let plant = try api.plant(of: call, for: .readPlants)
        let view = api.view(of: plant)
        let declared = plant.assets.map { asset in
          Asset(
            name: asset.name, kind: asset.kind.rawValue, within: asset.within,
            ratedKw: asset.nominalKilowatts?.known, health: nil)
        }
        let names = Set(declared.map(\.name))
        var all =
          declared
          + view.assets.filter { !names.contains($0.name) }.map { Asset(name: $0.name, kind: $0.kind.rawValue) }
        for position in all.indices {
          all[position].health = view.health.first { $0.asset == all[position].name }?.index.known
        }
        return .json(try Page(all, call: call))
      })
  }

  private var sensors: Endpoint {
    struct Sensor: Encodable {
      var asset, sensor: String
      var unit: String?
      var time: String?
      var value: Double?
      var quality: Int?
    }
    return Endpoint(
      path: "/api/v1/plants/{plant}/sensors", id: "listSensors", group: "plants",
      summary: "sensors of a plant with their latest values",
      details:
        "`quality` says what the value is worth; 0 is good. A sensor without a value has had no reading since the "
        + "process started, or its last one has no usable value.",
      access: .action(.readSensors),
      parameters: [.init(name: "asset", meaning: "only of this asset"), .limit, .cursor],
      responses: [
        .json(
          "The sensors.",
          .page(
            .object([
              "asset": .string, "sensor": .string, "unit": .optional(.string), "time": .optional(.time),
              "value": .optional(.number), "quality": .optional(.within(0...9)),
            ])))
      ],
      answer: { call throws(Problem) in
        let plant = try api.plant(of: call, for: .readSensors)
        let asset = call.argument("asset")
        let latest = Dictionary(
          api.pipeline.latest(plant.name).map { ([$0.asset, $0.sensor], $0) }, uniquingKeysWith: { first, _ in first })
        let all = api.view(of: plant).sensors.filter { asset == nil || $0.asset == asset }.map { sensor in
          let value = latest[[sensor.asset, sensor.sensor]]
          return Sensor(
            asset: sensor.asset, sensor: sensor.sensor, unit: value?.unit ?? sensor.unit,
            time: value?.time.description, value: value?.value.flatMap { $0.isFinite ? $0 : nil },
            quality: value.map { Int($0.quality.rawValue) })
        }
        return .json(try Page(all, call: call))
      })
  }
}

// MARK: - Files

extension PlantEndpoints {
  private var files: ConfigurationFiles { ConfigurationFiles(api: api) }

  private func fileName(of plant: String) throws(Problem) -> String {
    guard let file = api.pipeline.configuration().plantFiles[plant] else {
      throw Problem(404, "the file of plant '\(plant)' is not known")
    }
    return file
  }

  /// Returns the name of the plant that a file describes.
  private func plantName(in body: [UInt8]) throws(Problem) -> String {
    let loaded = ConfigurationLoader.load(files: [("plant.yaml", body)], environment: [:], readFile: { _ in nil })
    if let plant = loaded.plants.first { return plant.name }
    // Another mistake may keep the plant from being read; its name is found without the rest.
    let text = String(decoding: body, as: UTF8.self)
    let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("plant:") }
    let name = line?.dropFirst(6).trimmingCharacters(in: CharacterSet(charactersIn: " \t\"'")) ?? ""
    guard !name.isEmpty else {
      throw Problem(
        422, loaded.diagnostics.first?.description ?? "the file names no plant; it starts with 'plant: NAME'")
    }
    return name
  }

  private func write(_ body: [UInt8], plant: String, file: String, status: Int) throws(Problem) -> HTTPResponse {
    let warnings = try files.write(body, to: file)
    return .json(Written(plant: plant, file: file, warnings: warnings), status: status)
  }
}
