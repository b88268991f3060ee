import Glibc
import PlantModel
import WattlineTime

/// Writes text in place, into borrowed memory that the caller has made large enough.
struct TextCursor {
  private(set) var end: UnsafeMutablePointer<UInt8>

  init(at start: UnsafeMutablePointer<UInt8>) { end = start }

  mutating func put(_ text: StaticString) {
    memcpy(end, text.utf8Start, text.utf8CodeUnitCount)
    end += text.utf8CodeUnitCount
  }

  mutating func put(_ source: UnsafePointer<UInt8>, count: Int) {
    memcpy(end, source, count)
    end += count
  }

  /// Writes `count` bytes by a copy of `size` bytes, a constant of at least `count`. Both sides have room for it.
  @inline(__always)
  mutating func put(_ source: UnsafePointer<UInt8>, count: Int, copying size: Int) {
    memcpy(end, source, size)
    end += count
  }

  /// Writes a finite number; see ``FieldNumber``.
  mutating func put(_ value: Double) { end += FieldNumber.write(value, at: end) }

  mutating func put(_ value: Int64) { end += FieldNumber.write(value, at: end) }

  /// Writes a timestamp and ends the line.
  mutating func endLine(at time: Timestamp, precision: WritePrecision) {
    put(" ")
    switch precision {
    case .seconds: put(min(max(time.seconds, -9_223_372_036), 9_223_372_036))
    case .milliseconds:
      // The database stores 64-bit nanoseconds and refuses a time outside that range.
      put(min(max(time.milliseconds, -9_223_372_036_854), 9_223_372_036_854))
    }
    put("\n")
  }
}
