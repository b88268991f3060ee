import Foundation
import PlantConfig
import PlantModel
import PlantTesting
import Testing
import WattlineTime

@testable import DataSources

@Suite("recipes of sources")
struct RecipeTests {
  /// Numbers of the answer in the page of Netdata's collector for Fronius
  /// (github.com/netdata/netdata, collectors/node.d.plugin/fronius/README.md).
  private static let fronius = """
    {"Head": {"RequestArguments": {}, "Status": {"Code": 0, "Reason": "", "UserMessage": ""},
      "Timestamp": "2017-07-05T12:35:12+02:00"},
     "Body": {"Data": {"Site": {"Mode": "meter", "P_Grid": -6834.549847, "P_Load": -1271.450153, "P_Akku": null,
       "P_PV": 8106, "rel_SelfConsumption": 15.685297, "rel_Autonomy": 100, "E_Day": 35020, "E_Year": 5826076,
       "E_Total": 14788870, "Meter_Location": "grid"},
      "Inverters": {"1": {"DT": 123, "P": 8106, "E_Day": 35020, "E_Year": 5826076, "E_Total": 14788870}}}}}
    """

  @Test func `the power flow of a Fronius inverter is read with its signs`() throws {
    let folder = PackageFolder.root().path + "/pipelines/sources"
    let loaded = ConfigurationLoader.load(directory: folder, environment: [:])
    #expect(loaded.diagnostics.isEmpty && loaded.warnings.isEmpty, "\(loaded.diagnostics) \(loaded.warnings)")
    let plant = try #require(loaded.plants.first)
    let log = FetchedLines()
    let intake = SourceIntake(plant.sources[0], plant: plant, state: SourceState(), log: log)
    _ = intake.beginFetch(at: Timestamp(seconds: 1_499_252_000))
    var news = SourceIntake.News()
    let outcome = Array(Self.fronius.utf8).withUnsafeBytes { bytes in
      Result { () throws(FetchError) in try intake.read(bytes, into: &news) }
    }
    #expect(try outcome.get() == nil)
    // The balance of signs: grid = house − pv, in kW.
    #expect(
      Set(news.lines) == [
        #"{"asset":"pv","sensor":"power","time":1499250912000000000,"value":8.106,"unit":"kW"}"#,
        #"{"asset":"grid","sensor":"power","time":1499250912000000000,"value":-6.834549847000001,"unit":"kW"}"#,
        #"{"asset":"house","sensor":"power","time":1499250912000000000,"value":1.271450153,"unit":"kW"}"#,
      ], "\(news.lines)")
  }
}
