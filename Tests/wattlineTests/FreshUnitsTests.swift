import CommandChannel
import Foundation
import InfluxSink
import LocalServers
import PlantTesting
import Testing

@Suite("Units at a fresh start")
struct FreshUnitsTests {
  @Test func `a power in W is an alert at the third reading of the first minute, with the line to write`() throws {
    let site = try Site()
    defer { site.stop() }
    try site.add(plant: "hill", further: "assets: {roof: {kind: pv, capacity_kw: 3.6}}")
    try site.runOnline()
    let publisher = site.publisher()
    defer { publisher.stop() }
    for value in [2_310.0, 2_290, 2_330] {
      try publisher.publish(topic: "hill/roof/power", payload: "\(value)")
      usleep(200_000)
    }
    func texts() -> [String] {
      let query = "SELECT \"text\" FROM \"alerts\" WHERE \"asset\" = 'roof' AND \"rule\" = 'watts'"
      return (try? site.influx.query(query).compactMap { $0.text("text") }) ?? []
    }
    #expect(Waiting.until(seconds: 20, pause: 100) { !texts().isEmpty }, "\(site.logTail)")
    #expect(texts().first?.contains("roof has 3.6 kW: it sends W. Write scale: {power: 0.001} in its rule") == true)
  }
}
