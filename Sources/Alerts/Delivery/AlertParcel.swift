import Foundation
public import PlantModel
import StreamCore

/// A message ready for delivery.
public struct AlertParcel: Sendable, Equatable {
  /// The topic, or the addresses of an e-mail; empty for a webhook.
  public var recipients: [String]
  /// The content: JSON, or an e-mail with its headers.
  public var body: String

  /// Creates a message.
  public init(recipients: [String] = [], body: String) {
    self.recipients = recipients
    self.body = body
  }
}

/// The JSON document of an alert.
public struct AlertDocument: Encodable {
  var id, plant, asset, rule, status, state, severity, title, text, time: String
  var sensor: String?
  var cause: String?
  var value: Double?

  /// Creates the document of a transition, with the names of plant, asset and sensor.
  public init(_ alert: AlertTransition, in register: PlantRegister) {
    id = alert.id
    plant = register.plant.name
    asset = alert.asset.map { register.assets[$0.position].name } ?? Plant.wholePlant
    sensor = alert.series.map { register.series[$0.position].sensor }
    rule = alert.rule.name
    status = alert.status.rawValue
    state = alert.state.rawValue
    severity = alert.severity.rawValue
    title = alert.title
    text = alert.text
    time = "\(alert.time)"
    cause = alert.cause
    value = alert.value.isFinite ? alert.value : nil
  }

  /// Topic of the transition: `wattline/<plant>/<asset>/alert`.
  public var topic: String { TopicName.join(["wattline", plant, asset, "alert"]) }

  /// The message that publishes the transition.
  public var parcel: AlertParcel { AlertParcel(recipients: [topic], body: AlertDocument.json(self)) }

  /// Returns the JSON list of a plant's alerts, with their total number. The most severe come first, at most
  /// ``longestList``.
  public static func list(_ alerts: [AlertTransition], in register: PlantRegister) -> String {
    struct List: Encodable {
      var count: Int
      var alerts: [AlertDocument]
    }
    let worst = alerts.sorted { ($1.severity, $0.time, $0.id) < ($0.severity, $1.time, $1.id) }
    return json(
      List(count: alerts.count, alerts: worst.prefix(longestList).map { AlertDocument($0, in: register) }))
  }

  /// Maximum number of alerts in a list.
  public static let longestList = 200

  /// Returns JSON with sorted keys, so that equal values give equal text.
  static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}

/// The JSON document of a notice. `text` is the member that chat systems display of a webhook.
struct NoticeDocument: Encodable {
  var plant, status, severity, title, text: String
  var count: Int
  var alerts: [AlertDocument]

  init(_ notice: AlertNotice, in register: PlantRegister) {
    plant = register.plant.name
    count = notice.alerts.count
    alerts = notice.alerts.prefix(AlertDocument.longestList).map { AlertDocument($0, in: register) }
    status = alerts.first?.status ?? ""
    severity = notice.severity.rawValue
    title = alerts.first?.title ?? ""
    text = "\(plant): \(title)\n\(NoticeDocument.text(notice))"
  }

  /// Maximum number of further alerts in a text.
  static let longestText = 50

  /// Returns the text of the first alert and a list of the others.
  static func text(_ notice: AlertNotice) -> String {
    var lines = notice.alerts.prefix(1).map(\.text)
    if notice.alerts.count > 1 {
      lines += ["", "With it:"]
      lines += notice.alerts.dropFirst().prefix(longestText).map { "- \($0.title), since \($0.time)" }
      if notice.alerts.count > longestText + 1 { lines.append("- and \(notice.alerts.count - longestText - 1) more") }
    }
    return lines.joined(separator: "\n")
  }
}
