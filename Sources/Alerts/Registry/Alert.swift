import PlantModel
import StreamCore
import WattlineTime

/// The identity of an alert: its rule, and the asset and series that it concerns.
struct AlertKey: Hashable {
  var rule: AlertRuleID
  var asset: AssetIndex?
  var series: SeriesIndex?

  /// Returns whether an alert of this key explains one of `other`, so that a notice about the cause covers both.
  func explains(_ other: AlertKey) -> Bool {
    guard other != self, let causes = AlertRules.causes[other.rule] else { return false }
    return causes.contains { cause in
      guard cause.rule == rule else { return false }
      return switch cause.scope {
      case .plant: true
      case .asset: asset == other.asset
      case .series: asset == other.asset && series == other.series
      case .around: series == nil && (asset == nil || asset == other.asset)
      }
    }
  }
}

/// Title, text and value of a transition.
struct AlertMessage: Equatable {
  var title: String
  var text: String
  var value: Double = .nan
}

/// An alert that is active or not yet acknowledged.
struct Alert {
  /// How people were notified of an alert.
  enum Told: UInt8 {
    /// No notice was sent yet.
    case no
    /// The notice about its cause included it.
    case withCause
    /// A dedicated notice was sent.
    case yes
  }

  var id: String
  var severity: Severity
  /// Time of raising.
  var raised: Timestamp
  /// Receive time at which the wait for a notice began or, after a notice, the time of the last notice.
  var noticed: Timestamp
  /// The latest message.
  var message: AlertMessage
  var status = AlertTransition.Status.raised
  /// Time of the last transition.
  var changed: Timestamp
  /// `false`: the condition is over, but the alert is not acknowledged.
  var isActive = true
  var isAcknowledged = false
  var told = Told.no
  /// Id of the alert that causes this one.
  var cause: String?
  /// Receive time at which a chattering alert's condition ended, and the message for its clearing.
  var quiet: (since: Timestamp, message: AlertMessage)?

  init(id: String, severity: Severity, raised: Timestamp, noticed: Timestamp, message: AlertMessage) {
    self.id = id
    self.severity = severity
    self.raised = raised
    self.noticed = noticed
    self.message = message
    changed = raised
  }
}

extension Alert {
  func write(to writer: inout SnapshotWriter) {
    writer.write(id)
    writer.write(severity.rawValue)
    for timestamp in [raised, noticed, changed] { writer.write(timestamp) }
    Alert.write(message, to: &writer)
    writer.write(status.rawValue)
    writer.write(isActive)
    writer.write(isAcknowledged)
    writer.write(told.rawValue)
    writer.write(cause ?? "")
    writer.write(quiet != nil)
    if let quiet {
      writer.write(quiet.since)
      Alert.write(quiet.message, to: &writer)
    }
  }

  static func read(from reader: inout SnapshotReader) throws(SnapshotError) -> Alert {
    let id = try reader.readString()
    guard let severity = Severity(rawValue: try reader.readString()) else { throw .invalid("an unknown severity") }
    let (raised, noticed) = (try reader.readTimestamp(), try reader.readTimestamp())
    let changed = try reader.readTimestamp()
    var alert = Alert(
      id: id, severity: severity, raised: raised, noticed: noticed, message: try readMessage(from: &reader))
    alert.changed = changed
    guard let status = AlertTransition.Status(rawValue: try reader.readString()) else {
      throw .invalid("an unknown status")
    }
    alert.status = status
    alert.isActive = try reader.readBool()
    alert.isAcknowledged = try reader.readBool()
    guard let told = Told(rawValue: try reader.read(UInt8.self)) else { throw .invalid("an unknown kind of telling") }
    alert.told = told
    let cause = try reader.readString()
    alert.cause = cause.isEmpty ? nil : cause
    if try reader.readBool() { alert.quiet = (try reader.readTimestamp(), try readMessage(from: &reader)) }
    return alert
  }

  private static func write(_ message: AlertMessage, to writer: inout SnapshotWriter) {
    writer.write(message.title)
    writer.write(message.text)
    writer.write(message.value)
  }

  private static func readMessage(from reader: inout SnapshotReader) throws(SnapshotError) -> AlertMessage {
    AlertMessage(title: try reader.readString(), text: try reader.readString(), value: try reader.readDouble())
  }
}
