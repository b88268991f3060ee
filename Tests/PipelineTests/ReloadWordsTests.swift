import PlantModel
import Settings
import Testing

@testable import Pipeline

@Suite("What a reload says")
struct ReloadWordsTests {
  @Test
  func `a journal's folder that may not be written to is a mistake of wattline.yaml, whether it is there or not`() {
    let mistake = PipelineStores.mistake(inJournalPath: "/no such folder/journal") { $0 != "/" }
    #expect(mistake?.description.hasPrefix("wattline.yaml:1:1: error: 'journal.path' is '/no such folder/") == true)
    #expect(PipelineStores.mistake(inJournalPath: "/no such folder/journal") { $0 == "/" } == nil)
  }

  @Test func `secrets that were rotated are named, and nothing else is`() {
    var old = ProcessSettings()
    old.mqtt.password = Secret("a")
    old.influxdb.token = Secret("b")
    var new = old
    new.mqtt.host = "elsewhere"
    #expect(ActiveConfiguration.changedSecrets(old, new: new) == [])
    new.mqtt.password = Secret("c")
    new.influxdb.token = nil
    new.alerts.webhook = WebhookSettings(url: "https://h")
    #expect(ActiveConfiguration.changedSecrets(old, new: new) == ["mqtt.password", "influxdb.token"])
    new.alerts.webhook?.token = Secret("d")
    #expect(ActiveConfiguration.changedSecrets(old, new: new).last == "alerts.webhook.token")
  }
}
