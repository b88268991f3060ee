import Glibc
import PlantModel

/// Writes text in place, into memory that is lent for the while and was found large enough before.
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

  /// A finite number; see ``NumberText``.
  mutating func put(_ value: Double) { end += NumberText.write(value, at: end) }

  mutating func put(_ value: Int64) { end += NumberText.write(value, at: end) }

  /// A timestamp and the end of the line.
  mutating func endLine(at time: Timestamp, _ precision: WritePrecision) {
    put(" ")
    switch precision {
    case .seconds: put(min(max(time.seconds, -9_223_372_036), 9_223_372_036))
    case .milliseconds:
      // The database counts nanoseconds in 64 bits and refuses a time that does not fit.
      put(min(max(time.milliseconds, -9_223_372_036_854), 9_223_372_036_854))
    }
    put("\n")
  }
}
