import PlantModel
public import StreamCore
import WattlineTime

extension Meter {
  /// Writes the meter's whole state.
  public func write(into writer: inout SnapshotWriter) {
    writer.write(holds)
    writer.write(settledUntil)
    writer.write(UInt32(history.count))
    for place in 0..<history.count { history[place].write(into: &writer) }
    writer.write(folded) { writer, cell in
      for number in [cell.positive, cell.negative, cell.known, cell.estimated] { writer.write(number) }
    }
    usual.write(into: &writer)
  }

  /// Reads a meter written by ``write(into:)``.
  ///
  /// - Throws: ``SnapshotError`` if the data end early, or readings are out of order or not finite.
  public init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let holds = try reader.readBool()
    let settledUntil = try reader.readTimestamp()
    let samples = try reader.readArray(elementSize: 16) { (reader) throws(SnapshotError) in
      try MeterSample(from: &reader)
    }
    for (earlier, later) in zip(samples, samples.dropFirst()) where earlier.time >= later.time {
      throw .invalid("readings out of their order")
    }
    let folded = try reader.readArray(elementSize: 32) { (reader) throws(SnapshotError) in
      var cell = EnergyCell()
      cell.positive = try reader.readDouble()
      cell.negative = try reader.readDouble()
      cell.known = try reader.readDouble()
      cell.estimated = try reader.readDouble()
      return cell
    }
    let usual = try UsualProfile(from: &reader)
    self.init(samples, holds: holds, settledUntil: settledUntil, folded: folded, usual: usual)
  }
}

extension MeterSample {
  func write(into writer: inout SnapshotWriter) {
    writer.write(time.nanoseconds | standing.rawValue)
    writer.write(value)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let code = try reader.read(Int64.self)
    guard let standing = Standing(rawValue: code & 3) else { throw .invalid("a reading of no standing") }
    self.init(time: Timestamp(nanoseconds: code), value: try reader.readDouble(), standing: standing)
    guard value.isFinite else { throw .invalid("a reading that is no number") }
  }
}

extension PlantAccount {
  /// Writes the due time and the price readings. The members are not written, since they follow from the register.
  public func write(into writer: inout SnapshotWriter) {
    writer.write(due)
    writer.write(openSince ?? .distantPast)
    writer.write(tariffSensors) { writer, sensor in
      writer.write(sensor.series)
      writer.write(sensor.subject.rawValue)
      sensor.meter.write(into: &writer)
    }
  }

  /// Reads an account written by ``write(into:)``.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or name an unknown price.
  public init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    touch(from: try reader.readTimestamp())
    let openSince = try reader.readTimestamp()
    self.openSince = openSince == .distantPast ? nil : openSince
    tariffSensors = try reader.readArray(elementSize: 5) { (reader) throws(SnapshotError) in
      let series = try reader.read(Int32.self)
      guard let subject = TariffSensor.Subject(rawValue: try reader.read(UInt8.self)) else {
        throw .invalid("a price of no subject")
      }
      return TariffSensor(
        series: series, subject: subject, meter: try Meter(from: &reader), rule: MeterRule(sampling: .instant))
    }
  }
}
