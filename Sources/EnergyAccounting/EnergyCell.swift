import PlantModel
import WattlineTime

/// Energy of a stretch of time by direction, and the known share of that time.
///
/// Example: 2 kW for half an hour and −1 kW for a quarter are 1 kWh and 0.25 kWh, known for 0.75 h.
public struct EnergyCell: BitwiseCopyable, Sendable, Equatable {
  /// Energy while the power is positive [kWh].
  public var positive = 0.0
  /// Energy while the power is negative, as a magnitude [kWh].
  public var negative = 0.0
  /// Time with known power [h].
  public var known = 0.0
  /// Part of ``known`` in which a counter's increase was spread over an outage [h].
  public var estimated = 0.0

  /// Creates a cell without known time.
  public init() {}

  /// Net energy in the direction of the power [kWh].
  public var net: Double { positive - negative }

  /// Adds the energy of a piece, split at its zero crossing.
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

  /// Adds the energy and times of another cell.
  public mutating func add(_ other: EnergyCell) {
    positive += other.positive
    negative += other.negative
    known += other.known
    estimated += other.estimated
  }

  /// Returns the given share, 0...1, of this cell, as if its energy were spread evenly.
  public func share(_ share: Double) -> EnergyCell {
    var part = EnergyCell()
    part.positive = positive * share
    part.negative = negative * share
    part.known = known * share
    part.estimated = estimated * share
    return part
  }
}

/// Energy of a series in one quarter-hour by minute, so each minute can be valued at its own price.
public struct MinuteCells: BitwiseCopyable, Sendable {
  /// Minutes in a quarter-hour.
  public static let count = 15
  /// Cells of the minutes in chronological order.
  public var minutes: InlineArray<15, EnergyCell> = .init(repeating: EnergyCell())

  /// Creates a quarter-hour without known time.
  public init() {}

  /// Creates a quarter-hour of which only the total is known, spread evenly over its minutes.
  public init(even cell: EnergyCell) {
    for minute in 0..<Self.count { minutes[minute] = cell.share(1 / Double(Self.count)) }
  }

  /// Sum of all minutes.
  public var total: EnergyCell {
    var total = EnergyCell()
    for minute in 0..<Self.count { total.add(minutes[minute]) }
    return total
  }
}
