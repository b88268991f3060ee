/// Trustworthiness of a reading. The raw value is the code written to `clean.quality`.
public enum Quality: UInt8, Sendable, CaseIterable, BitwiseCopyable {
  /// No test failed.
  case good = 0
  /// Not received: inserted into a gap by the pipeline.
  case imputed = 1
  /// Outside the sensor's plausible range.
  case outOfRange = 2
  /// Changed faster than the sensor's maximum rate.
  case rate = 3
  /// Far from its neighbours for one sample (Hampel test).
  case spike = 4
  /// Unchanged for longer than is plausible for the quantity.
  case stuck = 5
  /// Same series and time as an earlier reading.
  case duplicate = 6
  /// Behind the series' watermark by more than the permitted lateness.
  case late = 7
  /// More than five minutes ahead of the receive time.
  case future = 9

  /// Qualities from worst to best. The first one that applies to a reading is its quality.
  public static let worstFirst: [Quality] = [
    .outOfRange, .stuck, .spike, .rate, .future, .late, .duplicate, .imputed, .good,
  ]
}

/// Set of the tests that a reading failed: bit `n` stands for ``Quality`` code `n`.
public struct QualityFlags: OptionSet, Hashable, Sendable, BitwiseCopyable {
  /// Bits as written to `clean.flags`.
  public var rawValue: UInt16

  /// Creates flags with the given bits.
  @inlinable
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Creates the flag of one quality code; empty for `good`.
  @inlinable
  public init(_ quality: Quality) { self.rawValue = quality == .good ? 0 : 1 << UInt16(quality.rawValue) }

  /// Flags that mark the value as an estimate or absent, not the received one.
  public static let replaced = [Quality.imputed, .outOfRange, .rate, .spike, .stuck, .future].reduce(
    into: QualityFlags()
  ) { $0.formUnion(QualityFlags($1)) }

  /// Worst quality among the flags; `good` if there are none.
  @inlinable
  public var worst: Quality {
    if rawValue == 0 { return .good }
    for quality in Quality.worstFirst where contains(QualityFlags(quality)) && quality != .good { return quality }
    return .good
  }
}
