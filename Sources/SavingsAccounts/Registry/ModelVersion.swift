/// Version of a frozen model of a meter.
///
/// The baseline of a plan is 1.0.0. A model of the time after a measure raises the second number, a recalibration the
/// third. A plan with another baseline raises the first.
public struct ModelVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Number of the baseline, from 1.
  public var major: Int
  /// Number of measures that the model has seen.
  public var minor: Int
  /// Number of recalibrations.
  public var patch: Int

  /// Creates a version.
  ///
  /// - Parameters:
  ///   - major: Number of the baseline, from 1.
  ///   - minor: Number of measures.
  ///   - patch: Number of recalibrations.
  public init(_ major: Int, _ minor: Int = 0, _ patch: Int = 0) {
    (self.major, self.minor, self.patch) = (major, minor, patch)
  }

  /// Reads a text such as `1.0.0`; `nil` for any other.
  public init?(_ text: some StringProtocol) {
    let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2], major > 0,
      minor >= 0, patch >= 0
    else { return nil }
    self.init(major, minor, patch)
    guard description == text else { return nil }
  }

  /// Text such as `1.0.0`.
  public var description: String { "\(major).\(minor).\(patch)" }

  /// Whether it is that of a baseline.
  public var isBaseline: Bool { minor == 0 && patch == 0 }

  /// Returns whether a version comes before another.
  public static func < (a: Self, b: Self) -> Bool { (a.major, a.minor, a.patch) < (b.major, b.minor, b.patch) }
}
