import PlantModel
import StreamCore

/// What an alert is about: the rule and whom it concerns.
struct AlertKey: Hashable {
  var rule: AlertRuleID
  var asset: AssetIndex?
  var series: SeriesIndex?

  /// Whether an alert of this key explains one of `other`, so that people need not be told of both.
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

/// Words and a number for a transition.
struct AlertMessage: Equatable {
  var title: String
  var text: String
  var value: Double = .nan
}

/// An alert from its raising until it is over and known.
struct Alert {
  /// Whether people were told of it.
  enum Told: UInt8 {
    /// Not yet.
    case no
    /// In the message about its cause.
    case withCause
    /// In a message of its own.
    case yes
  }

  var id: String
  var severity: Severity
  /// When it was raised.
  var raised: Timestamp
  /// Receive time from which it is counted how long people are not told; once they are, when they were told last.
  var noticed: Timestamp
  /// What it said last.
  var message: AlertMessage
  var status = AlertTransition.Status.raised
  /// When it last changed.
  var changed: Timestamp
  /// False: it is over, and not acknowledged.
  var isActive = true
  var isAcknowledged = false
  var told = Told.no
  /// The id of the alert that it follows from.
  var cause: String?
  /// Since when a chattering alert's condition has been gone, and the words for its end.
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
    for moment in [raised, noticed, changed] { writer.write(moment) }
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
