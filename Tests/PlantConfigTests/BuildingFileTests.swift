import PlantModel
import Testing

@testable import PlantConfig

@Suite("Files of buildings")
struct BuildingFileTests {
  private func read(_ text: String) -> Result<BuildingFile, BuildingFileMistakes> {
    BuildingFile.read(Array(text.utf8), name: "office.yaml", environment: [:])
  }

  @Test func `a building with schedules, measures and place is read`() throws {
    let share = "[\((0..<24).map { $0 < 8 ? "0" : "1" }.joined(separator: ", "))]"
    let file = try read(
      """
      location: {latitude: -37.8, longitude: 145}
      building:
        area: 511
        heating_fuel: electricity
        lighting: 10.8 ± 5 %
        wall_u: 0.5 to 0.9
        schedules: {operation: {workday: \(share), sunday: \(share)}}
      measures:
        - {name: lamps, changes: {lighting: "-50 %"}}
        - {name: set-points, changes: {heating_setpoint: "-1 K", cooling_setpoint: 25}, resized: true}
      """
    ).get()
    let building = file.building
    #expect(file.latitude == -37.8 && building.heatingFuel == .electricity)
    #expect(building.given[.area] == .init(511, deviation: 0))
    #expect(abs((building.given[.lighting]?.deviation ?? 0) - 0.54) < 1e-12)
    #expect(building.schedule.operation.workday[7] == 0 && building.schedule.ventilation.saturday[8] == 1)
    #expect(building.schedule.lighting == BuildingSchedule.office.lighting)
    #expect(file.measures.map(\.name) == ["lamps", "set-points"])
    #expect(file.measures[1].changes == [.heatingSetpoint: .amount(-1), .coolingSetpoint: .value(25)])
    #expect(file.measures[1].isResized && !file.measures[0].isResized)
  }

  @Test(arguments: [
    ("", "the file is empty"), ("building: {area: 5}", "the file needs 'location'"),
    ("location: {latitude: 1, longitude: 2}", "the file needs 'building'"),
    ("location: {latitude: 1}\nbuilding: {area: 50}", "location needs 'latitude' and 'longitude'"),
    ("location: {latitude: 1, longitude: 2}\nbuilding: {lighting: 5}", "building needs 'area'"),
    ("location: {latitude: 1, longitude: 2}\nbuilding: {area: 50, lightning: 5}", "did you mean 'lighting'?"),
    (
      "location: {latitude: 1, longitude: 2}\nbuilding: {area: 50, heating_setpoint: 26}",
      "above 'cooling_setpoint' of 24.0"
    ),
    (
      "location: {latitude: 1, longitude: 2}\nbuilding: {area: 50, schedules: {plugs: {workday: [1, 2]}}}",
      "must be a list of 24 shares"
    ),
    (
      "location: {latitude: 1, longitude: 2}\nbuilding: {area: 50}\nmeasures: [{name: m}]",
      "the measure needs 'changes'"
    ),
    ("location: {latitude: 1, longitude: 2}\nbuilding: {area: 50, exec: []}", "'exec' must be a program"),
  ])
  func `a mistake is told with its place and what would be right`(text: String, words: String) {
    guard case .failure(let mistakes) = read(text) else {
      Issue.record("accepted: \(text)")
      return
    }
    #expect(mistakes.diagnostics.contains { $0.message.contains(words) && $0.file == "office.yaml" }, "\(mistakes)")
  }
}
