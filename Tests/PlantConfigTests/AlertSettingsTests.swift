import PlantModel
import Settings
import Testing
import WattlineTime

@testable import PlantConfig

@Suite("Whom alerts are told to")
struct AlertSettingsTests {
  private func load(_ text: String, name: String = "wattline.yaml") -> LoadedConfiguration {
    ConfigurationLoader.load(files: [(name, Array(text.utf8))], environment: ["HOST": "mail.example.org"]) { path in
      path == "secret.txt" ? "hunter2\n" : nil
    }
  }

  private let plant = "plant: p\nlocation: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}\n"

  @Test func `webhook, e-mail and the least severity are read, and nobody is told where nothing is said`() {
    let loaded = load(
      """
      alerts:
        minimum_severity: critical
        webhook: {url: "https://chat.example.org/hook", token_file: secret.txt, ca: ca.pem}
        email:
          url: "smtps://${HOST}:465"
          from: wattline@example.org
          to: [a@example.org, b@example.org]
          username: wattline
          password_file: secret.txt
      """)
    #expect(loaded.diagnostics.isEmpty)
    var expected = AlertSettings()
    expected.minimumSeverity = .critical
    expected.webhook = WebhookSettings(url: "https://chat.example.org/hook")
    expected.webhook?.token = Secret("hunter2")
    expected.webhook?.caFile = "ca.pem"
    expected.email = EmailSettings(
      url: "smtps://mail.example.org:465", from: "wattline@example.org", to: ["a@example.org", "b@example.org"])
    expected.email?.username = "wattline"
    expected.email?.password = Secret("hunter2")
    #expect(loaded.settings.alerts == expected)
    #expect(load("workers: auto").settings.alerts == AlertSettings())
  }

  @Test func `a plant names its own recipients, one or several`() {
    #expect(
      load(plant + "alerts: {email_to: a@example.org}", name: "p.yaml").plants[0].alertRecipients == ["a@example.org"])
    let several = load(plant + "alerts: {email_to: [a@example.org, b@example.org]}", name: "p.yaml")
    #expect(several.plants[0].alertRecipients.count == 2 && several.isValid)
  }

  @Test func `a plant says after how long an alert that nobody has acknowledged is told again`() {
    func read(_ words: String) -> Plant { load(plant + "alerts: {\(words)}", name: "p.yaml").plants[0] }
    #expect(read("escalate_after: 15m").alertEscalation == .minutes(15))
    #expect(read("escalate_after: never").alertEscalation == nil)
    #expect(read("email_to: a@example.org").alertEscalation == .hour)
    for wrong in ["soon", "1s", "8d"] {
      #expect(
        load(plant + "alerts: {escalate_after: \(wrong)}", name: "p.yaml").diagnostics.map(\.description) == [
          "p.yaml:3:26: error: 'escalate_after' is '\(wrong)'; write a time from 1m to 7d, such as 1h, or never"
        ])
    }
  }

  @Test(arguments: [
    (
      "minimum_severity: loud", "1:28: error: 'minimum_severity' is 'loud'; it must be one of info, warning, critical"
    ),
    (
      "webhook: {url: ftp://x}",
      "1:25: error: 'url' must start with https:// or http://, like https://chat.example.org/hooks/plants"
    ),
    ("webhook: {}", "1:19: error: webhook needs 'url', such as url: https://chat.example.org/hooks/plants"),
    (
      "email: {url: smtp://m, from: w@x.org, to: [no]}",
      "1:53: error: 'no' is no e-mail address; write it like operators@example.org"
    ),
    ("email: {url: smtp://m, from: w@x.org}", "1:17: error: email needs 'to', such as to: [operators@example.org]"),
    (
      "email: {url: smtp://m, from: \"a b@x.org\", to: c@x.org}",
      "1:39: error: 'a b@x.org' is no e-mail address; write it like operators@example.org"
    ),
  ])
  func `a mistake is told with its place and what would be right`(_ text: String, diagnostic: String) {
    #expect(load("alerts: {\(text)}").diagnostics.map(\.description) == ["wattline.yaml:" + diagnostic])
  }

  @Test(arguments: ["a@b@c", "a@b\r\nBcc: c@d", "a@b,c@d", "<a@b>", "@b", "a@", "ü@example.org", "", "a@b c"])
  func `an address cannot carry a second one or a header`(_ text: String) { #expect(!EmailSettings.isAddress(text)) }
}
