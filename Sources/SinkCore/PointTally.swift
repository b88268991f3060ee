import Glibc
import StreamCore

/// Number of points, and of the readings among them. Each decoded reading gives one line of `raw`.
public struct PointTally: Sendable, Equatable {
  /// Number of lines.
  public var points: UInt64 = 0
  /// Number of lines of the measurement `raw`.
  public var readings: UInt64 = 0

  /// Creates an empty tally.
  public init() {}

  /// Creates a tally of given counts.
  public init(points: UInt64, readings: UInt64) {
    self.points = points
    self.readings = readings
  }

  /// Counts lines; the last one need not end with a newline.
  package init(counting bytes: ArraySlice<UInt8>) {
    self = bytes.withUnsafeBytes { PointTally.count($0) }
  }

  private static func count(_ bytes: UnsafeRawBufferPointer) -> PointTally {
    var tally = PointTally()
    var rest = bytes[...]
    while !rest.isEmpty {
      tally.points += 1
      if rest.starts(with: readingStart) { tally.readings += 1 }
      guard let base = bytes.baseAddress, let end = memchr(base + rest.startIndex, 0x0A, rest.count) else { break }
      rest = rest[(UnsafeRawPointer(end) - base + 1)...]
    }
    return tally
  }

  private static let readingStart = Array("raw,".utf8)

  /// Adds with saturation, because counts read from a disk may have any value.
  public static func + (a: PointTally, b: PointTally) -> PointTally {
    PointTally(points: sum(a.points, b.points), readings: sum(a.readings, b.readings))
  }

  /// Adds in place, with saturation.
  public static func += (a: inout PointTally, b: PointTally) { a = a + b }

  /// Subtracts, never below zero.
  public static func - (a: PointTally, b: PointTally) -> PointTally {
    PointTally(
      points: a.points - min(a.points, b.points), readings: a.readings - min(a.readings, b.readings))
  }

  private static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(points)
    writer.write(readings)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    points = try reader.read()
    readings = try reader.read()
  }
}
