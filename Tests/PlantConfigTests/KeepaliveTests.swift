import PlantModel
import Testing
import WattlineTime

@testable import PlantConfig

@Suite("Keys of keepalive")
struct KeepaliveTests {
  private func load(_ text: String) -> LoadedConfiguration {
    let file =
      "plant: p\nlocation: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}\n"
      + "topics: [{match: \"N/{portal}/battery/{asset}/{sensor}\"}]\nkeepalive: \(text)\n"
    return ConfigurationLoader.load(files: [("p.yaml", Array(file.utf8))], environment: [:]) { _ in nil }
  }

  @Test func `one message or a list is read, with its defaults`() {
    let one = load("{topic: R/c06/keepalive}")
    #expect(one.diagnostics.isEmpty && one.plants[0].keepalives == [KeepaliveRequest(topic: "R/c06/keepalive")])
    #expect(one.plants[0].keepalives[0].every == .seconds(30) && one.plants[0].keepalives[0].payload == "")
    let two = load("[{topic: a/b, every: 10s, payload: x, first: \"\"}, {topic: c}]")
    #expect(
      two.plants[0].keepalives == [
        KeepaliveRequest(topic: "a/b", every: .seconds(10), payload: "x", first: ""), KeepaliveRequest(topic: "c"),
      ])
  }

  @Test(arguments: [
    ("{}", "keepalive needs 'topic', such as topic: R/c0619ab12345/keepalive"),
    ("{topic: R/+/keepalive}", "'topic' is one topic, without wildcards and placeholders"),
    ("{topic: wattline/status}", "'topic' must not begin with $ or wattline/"),
    ("{topic: N/c06/battery/1/x}", "'N/c06/battery/1/x' would come back as readings by 'N/{portal}/battery/"),
    ("{topic: a, every: 1s}", "'every' must be a time from 5s to 1h, such as 30s, not '1s'"),
    ("{topic: a, evry: 10s}", "keepalive has no key 'evry'; did you mean 'every'?"),
  ])
  func `mistakes are told`(text: String, words: String) {
    #expect(load(text).diagnostics.contains { $0.message.contains(words) }, "\(load(text).diagnostics)")
  }
}
