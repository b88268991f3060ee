import Settings
import Testing

@testable import Accounts

@Suite("roles")
struct RoleTests {
  @Test func `each role has its actions, and the table shows them`() {
    #expect(
      Role.table == """
        action           admin  operator  viewer  service
        plants.read      yes    yes       yes     yes
        sensors.read     yes    yes       yes     yes
        series.read      yes    yes       yes     yes
        alerts.read      yes    yes       yes     yes
        commands.read    yes    yes       yes     yes
        forecasts.read   yes    yes       yes     yes
        dispatch.read    yes    yes       yes     yes
        scenarios.read   yes    yes       yes     yes
        reports.read     yes    yes       yes     yes
        savings.read     yes    yes       yes     yes
        readings.write   yes    -         -       yes
        alerts.handle    yes    yes       -       -
        commands.decide  yes    yes       -       -
        savings.decide   yes    yes       -       -
        scenarios.run    yes    yes       -       -
        dispatch.run     yes    yes       -       -
        reports.run      yes    yes       -       -
        source.control   yes    yes       -       -
        plants.manage    yes    -         -       -
        users.manage     yes    -         -       -
        keys.manage      yes    -         -       -
        config.manage    yes    -         -       -
        audit.read       yes    -         -       -
        audit.prune      yes    -         -       -
        """)
  }

  @Test func `a principal acts on its own plants and within its scopes`() {
    let key = Principal(
      name: "meter", role: .service, plants: .some(["A"]), scopes: [.writeReadings], method: .key, tokenID: "k1")
    #expect(key.may(.writeReadings, on: "A") && key.may(.writeReadings))
    #expect(!key.may(.writeReadings, on: "B"))
    #expect(!key.may(.readSeries, on: "A"))
    #expect(!key.may(.manageUsers))
    var admin = key
    (admin.role, admin.plants, admin.scopes) = (.admin, .all, [.read])
    #expect(admin.may(.readAlerts, on: "B") && !admin.may(.manageUsers))
  }

  @Test func `plants intersect`() {
    #expect(PlantScope.all.intersection(.some(["A"])) == .some(["A"]))
    #expect(PlantScope.some(["A", "B"]).intersection(.some(["B", "C"])) == .some(["B"]))
    #expect(PlantScope.all.intersection(.all) == .all)
    #expect("\(PlantScope.some(["B", "A"])), \(PlantScope.all), \(PlantScope.some([]))" == "A,B, all, none")
  }

  @Test(arguments: ["", "a b", "cli:root", "a@b", "ä", String(repeating: "a", count: 65), "a/b"])
  func `a name with other characters is refused`(name: String) {
    #expect(Account.mistake(inName: name) != nil)
  }
}
