import PlantModel
import Settings
import WattlineTime

/// Reader of the recipients and channels of alerts.
struct AlertReader {
  private let reading: ConfigurationContext

  init(_ reading: ConfigurationContext) { self.reading = reading }

  /// Returns the `alerts` of `wattline.yaml`.
  func settings(_ section: Section) -> AlertSettings {
    var settings = AlertSettings()
    settings.minimumSeverity = section.choice("minimum_severity") ?? settings.minimumSeverity
    if let node = section.node("webhook") {
      settings.webhook = webhook(Section(node, name: "webhook", reading: reading))
    }
    if let node = section.node("email") { settings.email = email(Section(node, name: "email", reading: reading)) }
    section.finish()
    return settings
  }

  /// Reads the `alerts` of a plant's file.
  func read(_ section: Section, into plant: inout Plant) {
    plant.alertRecipients = addresses(section, key: "email_to")
    if let text = section.text("escalate_after") {
      let span = TimeSpan(text)
      if text != "never", !(span.map { (.minute ... .days(7)).contains($0) } ?? false) {
        reading.mistake(
          section.place(of: "escalate_after"),
          "'escalate_after' is '\(text)'; write a time from 1m to 7d, such as 1h, or never")
      }
      plant.alertEscalation = span
    }
    section.finish()
  }

  private func webhook(_ section: Section) -> WebhookSettings? {
    let url = url(section, schemes: ["https://", "http://"], example: "https://chat.example.org/hooks/plants")
    var webhook = WebhookSettings(url: url ?? "")
    webhook.token = section.secret("token")
    webhook.caFile = section.file("ca")
    section.finish()
    return url == nil ? nil : webhook
  }

  private func email(_ section: Section) -> EmailSettings? {
    let url = url(section, schemes: ["smtps://", "smtp://"], example: "smtps://mail.example.org:465")
    let from = section.requiredText("from", example: "from: wattline@example.org")
    if let from { check(from, at: section.place(of: "from")) }
    let to = addresses(section, key: "to")
    if to.isEmpty, section.node("to") == nil {
      reading.mistake(section.mark, "email needs 'to', such as to: [operators@example.org]")
    }
    var email = EmailSettings(url: url ?? "", from: from ?? "", to: to)
    email.username = section.given("username")
    email.password = section.secret("password")
    email.caFile = section.file("ca")
    section.finish()
    return url == nil || from == nil || to.isEmpty ? nil : email
  }

  private func url(_ section: Section, schemes: [String], example: String) -> String? {
    guard let url = section.requiredText("url", example: "url: \(example)") else { return nil }
    let isVisible = url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    guard isVisible, let scheme = schemes.first(where: url.hasPrefix), url.count > scheme.count else {
      reading.mistake(
        section.place(of: "url"), "'url' must start with \(schemes.joined(separator: " or ")), like \(example)")
      return nil
    }
    return url
  }

  /// Returns one address, or a list of addresses; reports invalid ones.
  private func addresses(_ section: Section, key: String) -> [String] {
    guard let node = section.node(key) else { return [] }
    let nodes: [YAMLNode]
    if case .sequence(let elements) = node.content { nodes = elements } else { nodes = [node] }
    return nodes.compactMap { node in
      let text = node.text.map { reading.expanded($0, at: node.mark) }
      check(text ?? node.form, at: node.mark)
      return text
    }
  }

  private func check(_ address: String, at mark: Mark) {
    if EmailSettings.isAddress(address) { return }
    reading.mistake(mark, "'\(address)' is no e-mail address; write it like operators@example.org")
  }
}
