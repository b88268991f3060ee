import PlantModel
public import WattlineTime

/// A reading as stored for the energy account: 16 bytes, with time to four nanoseconds.
public struct MeterSample: BitwiseCopyable, Sendable, Equatable {
  /// The weight of a reading in the account.
  public enum Standing: Int64, Sendable, BitwiseCopyable {
    /// Counts.
    case good
    /// Counts, but arrived late or was filled into a gap.
    case imperfect
    /// Does not count: out of range, stuck, or a spike.
    case unused
    /// No reading: the device went offline, and the value that held until then ends.
    case offline
  }

  private var code: Int64
  /// The reading [canonical unit].
  public var value: Double

  /// Creates a reading. The last two bits of the time's nanoseconds are dropped.
  ///
  /// - Parameters:
  ///   - time: Time of the reading.
  ///   - value: The reading [canonical unit].
  ///   - standing: Weight of the reading in the account.
  public init(time: Timestamp, value: Double, standing: Standing) {
    code = time.nanoseconds & ~3 | standing.rawValue
    self.value = value
  }

  /// Time of the reading, a multiple of four nanoseconds.
  public var time: Timestamp { Timestamp(nanoseconds: code & ~3) }
  /// Weight of the reading in the account.
  public var standing: Standing { Standing(rawValue: code & 3) ?? .unused }
  /// Whether the reading counts, that is, is good or imperfect.
  public var isUsed: Bool { code & 2 == 0 }
}
