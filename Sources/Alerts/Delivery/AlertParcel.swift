import Foundation
import PlantModel
import StreamCore

/// A message that is ready to be delivered.
public struct AlertParcel: Sendable, Equatable {
  /// A topic, or the addresses of a mail; empty for a webhook.
  public var recipients: [String]
  /// What is delivered: JSON, or a mail with its headers.
  public var body: String

  /// A message.
  public init(recipients: [String] = [], body: String) {
    self.recipients = recipients
    self.body = body
  }
}

/// Renders alerts for machines.
public struct AlertDocument: Encodable {
  var id, plant, asset, rule, status, state, severity, title, text, time: String
  var sensor: String?
  var cause: String?
  var value: Double?

  /// A transition with its names.
  public init(_ alert: AlertTransition, _ register: PlantRegister) {
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

  /// `wattline/<plant>/<asset>/alert`.
  public var topic: String { TopicName.join(["wattline", plant, asset, "alert"]) }

  /// A transition as it is published.
  public var parcel: AlertParcel { AlertParcel(recipients: [topic], body: AlertDocument.json(self)) }

  /// The alerts of a plant that are active or not acknowledged, the worst first and at most ``longestList``, with how
  /// many there are.
  public static func list(_ alerts: [AlertTransition], _ register: PlantRegister) -> String {
    struct List: Encodable {
      var count: Int
      var alerts: [AlertDocument]
    }
    let worst = alerts.sorted { ($1.severity, $0.time, $0.id) < ($0.severity, $1.time, $1.id) }
    return json(
      List(count: alerts.count, alerts: worst.prefix(longestList).map { AlertDocument($0, register) }))
  }

  /// Alerts in a list at most.
  public static let longestList = 200

  /// JSON with sorted names, so that the same is rendered to the same text.
  static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}

/// A notice for machines. `text` is what chat systems show of a webhook.
struct NoticeDocument: Encodable {
  var plant, status, severity, title, text: String
  var count: Int
  var alerts: [AlertDocument]

  init(_ notice: AlertNotice, _ register: PlantRegister) {
    plant = register.plant.name
    count = notice.alerts.count
    alerts = notice.alerts.prefix(AlertDocument.longestList).map { AlertDocument($0, register) }
    status = alerts.first?.status ?? ""
    severity = notice.severity.rawValue
    title = alerts.first?.title ?? ""
    text = "\(plant): \(title)\n\(NoticeDocument.words(notice))"
  }

  /// Further alerts in a text at most.
  static let longestText = 50

  /// What happened, and what else came with it.
  static func words(_ notice: AlertNotice) -> String {
    var lines = notice.alerts.prefix(1).map(\.text)
    if notice.alerts.count > 1 {
      lines += ["", "With it:"]
      lines += notice.alerts.dropFirst().prefix(longestText).map { "- \($0.title), since \($0.time)" }
      if notice.alerts.count > longestText + 1 { lines.append("- and \(notice.alerts.count - longestText - 1) more") }
    }
    return lines.joined(separator: "\n")
  }
}
