/// What is known of a reading's trustworthiness. The raw value is the code written to `clean.quality`.
public enum Quality: UInt8, Sendable, CaseIterable, BitwiseCopyable {
  /// Nothing against it.
  case good = 0
  /// Not received: put into a gap by the pipeline.
  case imputed = 1
  /// Outside the sensor's plausible range.
  case outOfRange = 2
  /// Changed faster than the sensor's maximum rate.
  case rate = 3
  /// Far from its neighbours for one sample (Hampel test).
  case spike = 4
  /// Unchanged for longer than the quantity can be.
  case stuck = 5
  /// Same series and time as a reading already seen.
  case duplicate = 6
  /// Behind the series' watermark by more than the lateness.
  case late = 7
  /// More than five minutes ahead of the receive time.
  case future = 9

  /// From the worst to the best: the first that applies to a reading is its quality.
  public static let worstFirst: [Quality] = [
    .outOfRange, .stuck, .spike, .rate, .future, .late, .duplicate, .imputed, .good,
  ]
}

/// All the tests that a reading failed: bit `n` stands for ``Quality`` code `n`.
public struct QualityFlags: OptionSet, Hashable, Sendable, BitwiseCopyable {
  /// The bits as written to `clean.flags`.
  public var rawValue: UInt16

  /// Flags with the given bits.
  @inlinable
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The flag of one quality code; nothing for `good`.
  @inlinable
  public init(_ quality: Quality) { self.rawValue = quality == .good ? 0 : 1 << UInt16(quality.rawValue) }

  /// Flags of which each says that the value is not what came, but an estimate or nothing.
  public static let replaced = [Quality.imputed, .outOfRange, .rate, .spike, .stuck, .future].reduce(
    into: QualityFlags()
  ) { $0.formUnion(QualityFlags($1)) }

  /// The worst quality among the flags, `good` when there are none.
  @inlinable
  public var worst: Quality {
    if rawValue == 0 { return .good }
    for quality in Quality.worstFirst where contains(QualityFlags(quality)) && quality != .good { return quality }
    return .good
  }
}
