import PlantModel

/// The energy of a stretch of time, each direction by itself, and how much of the time is known.
///
/// Example: 2 kW for half an hour and −1 kW for a quarter are 1 kWh and 0.25 kWh, known for 0.75 h.
public struct EnergyCell: BitwiseCopyable, Sendable, Equatable {
  /// Energy while the power is above zero [kWh].
  public var positive = 0.0
  /// Energy while it is below zero, without its sign [kWh].
  public var negative = 0.0
  /// Time for which the power is known [h].
  public var known = 0.0
  /// Part of that in which a counter's increase was spread over an outage [h].
  public var estimated = 0.0

  /// Nothing known.
  public init() {}

  /// Both directions, in the direction of the power [kWh].
  public var net: Double { positive - negative }

  /// Adds a piece.
  public mutating func add(_ piece: MeterPiece) {
    let hours = (piece.to - piece.from).inHours
    known += hours
    if piece.isEstimated { estimated += hours }
    let (a, b) = (piece.first, piece.last)
    if a >= 0, b >= 0 {
      positive += (0.5 * a + 0.5 * b) * hours
    } else if a <= 0, b <= 0 {
      negative -= (0.5 * a + 0.5 * b) * hours
    } else {
      let crossing = a / (a - b)
      let (before, after) = (0.5 * a * crossing * hours, 0.5 * b * (1 - crossing) * hours)
      positive += max(before, after)
      negative -= min(before, after)
    }
  }

  /// Adds what another stretch has.
  public mutating func add(_ other: EnergyCell) {
    positive += other.positive
    negative += other.negative
    known += other.known
    estimated += other.estimated
  }

  /// A part of it, were it all even.
  public func share(_ share: Double) -> EnergyCell {
    var part = EnergyCell()
    part.positive = positive * share
    part.negative = negative * share
    part.known = known * share
    part.estimated = estimated * share
    return part
  }
}

/// A quarter of an hour of a series, minute by minute, so that prices that change within it meet their own energy.
public struct MinuteCells: BitwiseCopyable, Sendable {
  /// Minutes of a quarter of an hour.
  public static let count = 15
  /// The minutes in their order.
  public var minutes: InlineArray<15, EnergyCell> = .init(repeating: EnergyCell())

  /// Nothing known.
  public init() {}

  /// A quarter that is known as a whole only.
  public init(even cell: EnergyCell) {
    for minute in 0..<Self.count { minutes[minute] = cell.share(1 / Double(Self.count)) }
  }

  /// All minutes together.
  public var total: EnergyCell {
    var total = EnergyCell()
    for minute in 0..<Self.count { total.add(minutes[minute]) }
    return total
  }
}
