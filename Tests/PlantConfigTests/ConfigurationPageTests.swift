import Foundation
import PlantModel
import PlantTesting
import Testing

@testable import PlantConfig

/// A key that no section has: the answer to it lists all keys that the section has.
private let unknown = "qqqqqqqqqqqqq"

private let plantFile = """
  plant: p
  \(unknown): 1
  location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin, \(unknown): 1}
  topics:
    - match: "p/{asset}/{sensor}"
      \(unknown): 1
      availability: {topic: "q/{asset}", \(unknown): 1}
    - match: "r/{asset}"
      payload: json
      values: {power: {at: "/p", \(unknown): 1}}
  assets:
    a: {kind: pv, \(unknown): 1}
  sensors:
    - {match: a.power, \(unknown): 1}
  tariff:
    \(unknown): 1
    import: [{price: 1, \(unknown): 1}]
    prices: {file: p.csv, \(unknown): 1}
    demand_charge: {price: 1, \(unknown): 1}
    carbon: {intensity: 0.1, \(unknown): 1}
  weather: {forecast: w.csv, \(unknown): 1}
  alerts: {\(unknown): 1}
  keepalive: {topic: a, \(unknown): 1}
  sources:
    - name: s
      http: {url: "https://a.example", headers: {X-Key: {file: k, \(unknown): 1}}, \(unknown): 1}
      \(unknown): 1
    - {name: f, file: {path: "*.csv", \(unknown): 1}, values: {a.power: P}}
  limits: {\(unknown): 1}
  commands: {\(unknown): 1}
  savings:
    meter: a
    temperature: a.temperature
    baseline: {from: 2024-01-01, to: 2024-12-31, \(unknown): 1}
    measures: [{date: 2025-01-01, name: m, \(unknown): 1, changes: {\(unknown): 1}}]
    building: {area: 100, \(unknown): 1, schedules: {\(unknown): 1, plugs: {\(unknown): 1}}}
    guarantee: {kwh: 1, \(unknown): 1}
    \(unknown): 1
  """

private let processFile = """
  \(unknown): 1
  mqtt: {\(unknown): 1}
  influxdb: {\(unknown): 1, retention: {\(unknown): 1}}
  journal: {\(unknown): 1}
  watch: {\(unknown): 1}
  alerts:
    \(unknown): 1
    webhook: {url: "https://a.example", \(unknown): 1}
    email: {url: "smtps://a.example", from: a@a.example, to: [a@a.example], \(unknown): 1}
  backup: {path: /mnt/backup, \(unknown): 1}
  http:
    listen: "127.0.0.1:8080"
    rate: {requests: 1, \(unknown): 1}
    issuers: [{url: "https://a.example", audience: a, roles: {a: viewer}, \(unknown): 1}]
    alerts: {\(unknown): 1}
    \(unknown): 1
  """

private let communityFile = """
  community: {name: village, members: [p], \(unknown): 1, tariff: {\(unknown): 1}}
  """

@Suite("The page about configuration")
struct ConfigurationPageTests {
  private static let page = PackageFolder.root().appendingPathComponent("pipelines/README.md")

  @Test func `the page names every key of a plant file`() throws {
    try expectOnPage(plantFile, name: "p.yaml", sections: 29)
  }

  @Test func `the page names every key of wattline.yaml`() throws {
    try expectOnPage(processFile, name: "wattline.yaml", sections: 14)
  }

  @Test func `the page names every key of a community's file`() throws {
    try expectOnPage(communityFile, name: "village.yaml", sections: 2)
  }

  private func expectOnPage(_ text: String, name: String, sections: Int) throws {
    let page = try String(contentsOf: Self.page, encoding: .utf8)
    let loaded = ConfigurationLoader.load(files: [(name, Array(text.utf8))], environment: [:]) { _ in nil }
    let lists = loaded.diagnostics.compactMap { diagnostic -> [String]? in
      let parts = diagnostic.message.components(separatedBy: " has no key '\(unknown)'; known are ")
      return parts.count == 2 ? parts[1].components(separatedBy: ", ") : nil
    }
    #expect(lists.count == sections)
    for key in Set(lists.joined()).sorted() {
      #expect(page.contains("`\(key)`"), "the page does not name \(key)")
    }
  }
}
