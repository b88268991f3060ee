import PlantModel
import StreamCore

/// What the rules that look at an asset remember.
struct AssetWatch {
  /// The voltage that is usual [V]; the mean of the first readings, then following slowly. 0 while unknown.
  var usualVoltage = 0.0
  /// Readings that made it, up to ``learned``.
  var voltageCount: Int32 = 0
  /// Consecutive readings outside the band, and inside.
  var deviating: Int32 = 0
  /// Consecutive readings that are as good as none, and others.
  var dead: Int32 = 0
  /// When it was last inside the band: a collapse cannot have begun before.
  var lastSound = Timestamp.distantPast
  /// Consecutive readings whose times are off, and others.
  var skewed: Int32 = 0
  /// How far its latest reading was behind its receipt.
  var lag = TimeSpan.zero
  /// When that was received.
  var lagTime = Timestamp.distantPast
  /// Since when a car is connected; `distantPast` while none is.
  var connected = Timestamp.distantPast
  /// Since when it gets nothing; `distantPast` while it does.
  var unserved = Timestamp.distantPast
  /// Latest power that was something [kW].
  var lastPower = 0.0
  /// Light on the modules of a PV generator [W/m²] or wind at a turbine's hub [m/s], and when it was measured.
  var light = 0.0
  var lightTime = Timestamp.distantPast
  /// Since when its power stands still; `distantPast` while it moves.
  var heldSince = Timestamp.distantPast
  /// The power that it is held at by a derating [kW]; 0 without one.
  var ceiling = 0.0
  /// Consecutive readings above that, and others.
  var free: Int32 = 0
  /// Of a battery.
  var heat = HeatWatch()

  /// Readings that tell what is usual.
  static let learned: Int32 = 20

  func write(to writer: inout SnapshotWriter) {
    writer.write(usualVoltage)
    for counter in [voltageCount, deviating, dead, skewed, free] { writer.write(counter) }
    writer.write(lastSound)
    writer.write(lag)
    for moment in [lagTime, connected, unserved, heldSince] { writer.write(moment) }
    writer.write(lastPower)
    writer.write(ceiling)
    writer.write(light)
    writer.write(lightTime)
    heat.write(to: &writer)
  }

  static func read(from reader: inout SnapshotReader) throws(SnapshotError) -> AssetWatch {
    var watch = AssetWatch()
    watch.usualVoltage = try reader.readDouble()
    watch.voltageCount = try reader.read(Int32.self)
    watch.deviating = try reader.read(Int32.self)
    watch.dead = try reader.read(Int32.self)
    watch.skewed = try reader.read(Int32.self)
    watch.free = try reader.read(Int32.self)
    watch.lastSound = try reader.readTimestamp()
    watch.lag = try reader.readTimeSpan()
    watch.lagTime = try reader.readTimestamp()
    watch.connected = try reader.readTimestamp()
    watch.unserved = try reader.readTimestamp()
    watch.heldSince = try reader.readTimestamp()
    watch.lastPower = try reader.readDouble()
    watch.ceiling = try reader.readDouble()
    watch.light = try reader.readDouble()
    watch.lightTime = try reader.readTimestamp()
    watch.heat = try HeatWatch.read(from: &reader)
    return watch
  }
}
