import PlantModel

/// A reading as the energy account keeps it: 16 bytes, time to four nanoseconds.
public struct MeterSample: BitwiseCopyable, Sendable, Equatable {
  /// What a reading is worth.
  public enum Standing: Int64, Sendable, BitwiseCopyable {
    /// It counts.
    case good
    /// It counts, and is late or filled into a gap.
    case imperfect
    /// It does not count: out of range, stuck, a spike.
    case unused
    /// No reading: the device went offline, and what held does not hold any longer.
    case offline
  }

  private var code: Int64
  /// The reading [canonical unit].
  public var value: Double

  /// A reading at a time; the last two bits of its nanoseconds are given up.
  public init(time: Timestamp, value: Double, standing: Standing) {
    code = time.nanoseconds & ~3 | standing.rawValue
    self.value = value
  }

  /// When it was read.
  public var time: Timestamp { Timestamp(nanoseconds: code & ~3) }
  /// What it is worth.
  public var standing: Standing { Standing(rawValue: code & 3) ?? .unused }
  /// Whether it counts.
  public var isUsed: Bool { code & 2 == 0 }
}
