import PlantModel
import Testing

@testable import PlantConfig

@Suite("A community's file")
struct CommunitySettingsTests {
  private func load(_ communities: String..., plants: [String] = ["house-1", "house-2", "mill"]) -> LoadedConfiguration
  {
    let files = plants.map { name in
      let text = "plant: \(name)\nlocation: {latitude: 48, longitude: 11, timezone: Europe/Berlin}\n"
      return ("\(name).yaml", Array(text.utf8))
    }
    let own = communities.enumerated().map { ("village-\($0).yaml", Array("community: \($1)".utf8)) }
    return ConfigurationLoader.load(files: files + own, environment: [:]) { _ in nil }
  }

  @Test func `members are named or matched, and all keys are read`() throws {
    let loaded = load(
      """
      {name: village, members: ["house-*", mill], timezone: Europe/Paris, currency: CHF, import_limit_kw: 80,
       export_limit_kw: 50, tariff: {import: 0.3, export: 0.08, carbon: {intensity: 0.4, weight: 0.1}},
       overload_price: 2, incentive_budget: 5, objective: welfare}
      """)
    #expect(loaded.diagnostics.isEmpty && loaded.warnings.isEmpty, "\(loaded.diagnostics + loaded.warnings)")
    #expect(loaded.plants.count == 3)
    let village = try #require(loaded.communities.first)
    #expect(village.name == "village" && village.timezone == "Europe/Paris" && village.currency == "CHF")
    #expect(village.importLimit == 80 && village.exportLimit == 50 && village.overloadPrice == 2)
    #expect(village.tariff.carbonWeight == 0.1 && village.incentiveBudget == 5 && village.objective == .welfare)
    #expect(village.plants(among: loaded.plants.map(\.name)) == ["house-1", "house-2", "mill"])
    // A change of a community is no change of the plants.
    #expect(loaded.sources.files.map(\.name) == ["house-1.yaml", "house-2.yaml", "mill.yaml"])
  }

  @Test func `a community in numbers needs no plants`() throws {
    let loaded = load(
      "{name: study, prosumers: 100, pv_kw: 500, storage_kwh: 1000, storage_kw: 200, cars: 20, heat_pumps: 10, "
        + "load_kwh: 4000, yield_kwh: 950, latitude: 52}", plants: [])
    #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    var statistics = CommunitySettings.Statistics()
    (statistics.prosumers, statistics.pvPower, statistics.storageEnergy) = (100, 500, 1000)
    (statistics.storagePower, statistics.cars, statistics.heatPumps) = (200, 20, 10)
    (statistics.annualLoad, statistics.specificYield, statistics.latitude) = (4000, 950, 52)
    #expect(loaded.communities.map(\.members) == [.statistical(statistics)])
  }

  @Test(arguments: [
    ("{members: [mill]}", "community needs 'name', such as name: village"),
    ("{name: v}", "community needs 'members', such as members: [\"house-*\"], or 'prosumers', such as prosumers: 100"),
    ("", "'community' is empty; it has a name and members, such as members: [\"house-*\"]"),
    ("{name: v, members: mill}", "'members' must be a list of plants, such as [riverside, \"house-*\"], not 'mill'"),
    ("{name: v, members: []}", "'members' is empty; name at least one plant"),
    (
      "{name: v, members: [mil]}",
      "there is no plant 'mil'; the folder has house-1, house-2, mill; perhaps 'mill' is meant"
    ),
    (
      "{name: v, members: [mill], pv_kw: 5}",
      "'pv_kw' is of a community in numbers, and 'members' names plants; keep one of them"
    ),
    ("{name: v, prosumers: 0}", "'prosumers' is '0'; it must be a whole number from 1 to 1000000"),
    ("{name: v, prosumers: 2.5}", "'prosumers' must be a whole number from 1 to 1000000"),
    ("{name: v, members: [mill], objective: peace}", "'objective' is 'peace'; it must be one of cost, welfare, risk"),
    ("{name: v, members: [mill], membres: 1}", "community has no key 'membres'; did you mean 'members'?"),
  ])
  func `a slip is named with what would be right`(text: String, message: String) {
    #expect(load(text).diagnostics.map(\.message) == [message])
  }

  @Test func `a plant belongs to one community at most, and names of communities differ`() {
    let twice = load("{name: a, members: [mill]}", "{name: b, members: [\"*\"]}")
    #expect(
      twice.diagnostics.map(\.description) == [
        "village-1.yaml:1:32: error: plant 'mill' belongs to community 'a' (village-0.yaml) already; "
          + "a plant has one community at most"
      ])
    let same = load("{name: a, members: [mill]}", "{name: a, members: [house-1]}")
    #expect(
      same.diagnostics.map(\.message) == ["community 'a' is already in village-0.yaml; give it another name"])
  }

  @Test func `members may come later`() {
    let loaded = load("{name: v, members: [\"farm-*\", castle]}")
    #expect(loaded.diagnostics.isEmpty)
    #expect(
      loaded.warnings.map(\.message) == [
        "no plant matches 'farm-*' yet", "there is no plant 'castle'; the folder has house-1, house-2, mill",
      ])
  }
}
