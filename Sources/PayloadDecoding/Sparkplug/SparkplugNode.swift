import PlantModel
import StreamCore
import WattlineTime

/// An edge node.
struct SparkplugNode {
  /// Group, as in the topic.
  let group: String
  /// Edge node, as in the topic.
  let edge: String
  /// Whether the session is between its NBIRTH and its NDEATH.
  var isOnline = false
  /// Session number (`bdSeq`), common to birth and death; `nil` if the birth had none.
  var session: UInt64?
  /// `seq` of its last message; `nil` before the first.
  var sequence: UInt8?
  /// Limit of the rebirth requests to it.
  var rebirth = RebirthBackoff()
  /// Its own owner first, then its devices.
  var owners: [Int32] = []
  /// Metrics by alias; aliases are unique for the node and its devices.
  var aliases: [UInt64: Int32] = [:]

  /// Creates a node that is offline.
  init(group: String, edge: String) { (self.group, self.edge) = (group, edge) }

  /// Writes the state, without the owners, which have the node's position.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(group)
    writer.write(edge)
    writer.write(isOnline)
    writer.write(session != nil)
    writer.write(session ?? 0)
    writer.write(sequence.map { Int16($0) } ?? -1)
    rebirth.snapshot(into: &writer)
    writer.write(aliases.sorted { $0.key < $1.key }) { writer, alias in
      writer.write(alias.key)
      writer.write(alias.value)
    }
  }

  /// Restores the state written by ``snapshot(into:)``.
  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    (group, edge) = (try reader.readString(), try reader.readString())
    isOnline = try reader.readBool()
    let hasSession = try reader.readBool()
    let session = try reader.read(UInt64.self)
    self.session = hasSession ? session : nil
    sequence = UInt8(exactly: try reader.read(Int16.self))
    rebirth = try RebirthBackoff(from: &reader)
    let aliases = try reader.readArray(elementSize: 12) { (reader) throws(SnapshotError) in
      (try reader.read(UInt64.self), try reader.read(Int32.self))
    }
    self.aliases = Dictionary(aliases, uniquingKeysWith: { $1 })
  }
}

/// Exponential back-off of the rebirth requests to an edge node.
struct RebirthBackoff {
  /// Time before a request is first repeated.
  static let firstWait = TimeSpan.seconds(10)
  /// Maximum time between requests that have no effect.
  static let longestWait = TimeSpan.minutes(10)
  /// Time without a request after which the wait starts again at ``firstWait``.
  static let forgiven = TimeSpan.minutes(30)

  /// Time of the last request.
  private var asked = Timestamp.distantPast
  /// Time before the next request.
  private(set) var wait = TimeSpan.zero

  /// Creates a back-off without a request.
  init() {}

  /// Returns whether a request may be sent at a time.
  func isDue(at time: Timestamp) -> Bool { asked == .distantPast || time - asked >= wait }

  /// Records a request.
  mutating func record(at time: Timestamp) {
    let isNew = asked == .distantPast || time - asked >= Self.forgiven
    let doubled = TimeSpan(nanoseconds: wait.nanoseconds * 2)
    wait = isNew ? Self.firstWait : min(doubled, Self.longestWait)
    asked = time
  }

  /// Writes the state.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(asked)
    writer.write(wait)
  }

  /// Restores the state written by ``snapshot(into:)``.
  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    (asked, wait) = (try reader.readTimestamp(), try reader.readTimeSpan())
  }
}

/// Owner of metrics: an edge node itself, or one of its devices.
struct SparkplugOwner {
  /// Position of the edge node.
  let node: Int32
  /// `nil` for the edge node itself.
  let device: String?
  /// Name of the asset by the rule; empty before its first value.
  var asset = ""
  /// Whether its birth in this session has arrived.
  var isBorn = false
  /// Last reported availability. A device is not offline merely because its node has a new birth.
  var isOnline = false
  var metrics: [Int32] = []

  /// Creates an owner without metrics.
  init(node: Int32, device: String?) { (self.node, self.device) = (node, device) }

  /// Writes the state, without the metrics, which have the owner's position.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(node)
    writer.write(device ?? "")
    writer.write(asset)
    writer.write(isBorn)
    writer.write(isOnline)
  }

  /// Restores the state written by ``snapshot(into:)``.
  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    node = try reader.read(Int32.self)
    let device = try reader.readString()
    self.device = device.isEmpty ? nil : device
    asset = try reader.readString()
    (isBorn, isOnline) = (try reader.readBool(), try reader.readBool())
  }
}

/// A metric as defined by its birth.
struct SparkplugMetricDefinition {
  /// Position of the owner.
  let owner: Int32
  let name: String
  var type: SparkplugType
  /// Unit from its properties; empty if they state none.
  private(set) var unit: String
  /// Increases when a birth changes the unit.
  private(set) var revision = 0
  /// Whether the current session defines it.
  var isDefined = true
  /// Whether it concerns the session or a command instead of a measurement.
  let isControl: Bool

  /// Creates a definition.
  ///
  /// - Parameters:
  ///   - owner: position of the owner.
  ///   - name: name of the metric.
  ///   - type: type, unknown if the message does not state it.
  ///   - unit: unit, empty if there is none.
  init(owner: Int32, name: String, type: SparkplugType, unit: String) {
    (self.owner, self.name, self.type, self.unit) = (owner, name, type, unit)
    isControl = name == "bdSeq" || name.hasPrefix("Node Control/") || name.hasPrefix("Device Control/")
  }

  /// Sets the unit of a new birth; `nil` if it states none.
  mutating func setUnit(_ bytes: UnsafeRawBufferPointer?) {
    if bytes.map({ $0.elementsEqual(unit.utf8) }) ?? unit.isEmpty { return }
    unit = bytes.flatMap(Self.unit) ?? ""
    revision += 1
  }

  /// Returns a unit's text; `nil` if it is not UTF-8 or longer than 64 bytes.
  static func unit(_ bytes: UnsafeRawBufferPointer) -> String? {
    bytes.count <= 64 ? ByteText.string(bytes) : nil
  }

  /// Writes the definition.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(owner)
    writer.write(name)
    writer.write(type.rawValue)
    writer.write(unit)
    writer.write(isDefined)
  }

  /// Restores the definition written by ``snapshot(into:)``.
  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let (owner, name) = (try reader.read(Int32.self), try reader.readString())
    let type = SparkplugType(number: UInt64(try reader.read(UInt8.self)))
    self.init(owner: owner, name: name, type: type, unit: try reader.readString())
    isDefined = try reader.readBool()
  }
}
