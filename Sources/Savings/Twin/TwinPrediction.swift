public import PlantModel
public import PlantPhysics

/// Changes that a measure makes to a building, for its twin.
public struct TwinChanges: Sendable {
  /// Changes of quantities, in order.
  public var quantities: [(quantity: BuildingQuantity, change: QuantityChange)]
  /// Whether the fans are sized anew for the changed building.
  public var isResized: Bool

  /// Creates changes.
  ///
  /// - Parameters:
  ///   - quantities: Changes of quantities, in order.
  ///   - isResized: Whether the fans are sized anew.
  public init(_ quantities: [(quantity: BuildingQuantity, change: QuantityChange)] = [], isResized: Bool = false) {
    (self.quantities, self.isResized) = (quantities, isResized)
  }

  /// Returns the changed values of a building.
  func applied(to values: [BuildingQuantity: Double]) -> [BuildingQuantity: Double] {
    var values = values
    for (quantity, change) in quantities {
      let range = quantity.profile.range
      values[quantity] = min(range.upperBound, max(range.lowerBound, change.applied(to: values[quantity] ?? 0)))
    }
    return values
  }
}

/// Saving that measures should bring, by a calibrated twin.
///
/// The twin runs through the same weather before and after the measures. The interval is that of the parameters: both
/// runs are repeated with draws from their covariance. It leaves out what the twin cannot describe at all.
public struct TwinPrediction: Sendable {
  /// Energies of a month, or of the whole time [kWh].
  public struct Figures: Sendable, Equatable {
    /// Energy before the measures.
    public var before: Double
    /// Energy after the measures.
    public var after: Double
    /// Bounds of what is saved.
    public var bounds: ClosedRange<Double>

    /// Energy that is saved.
    public var saved: Double { before - after }
  }

  /// Figures of a month.
  public struct Month: Sendable {
    /// Name, such as 2024-01.
    public let name: String
    /// Electricity.
    public let electricity: Figures
    /// Gas or another fuel.
    public let fuel: Figures
  }

  /// Months in order.
  public let months: [Month]
  /// Electricity of all months.
  public let electricity: Figures
  /// Gas or another fuel of all months.
  public let fuel: Figures

  /// Draws of the parameters.
  private static let draws = 60

  /// Predicts the saving of measures.
  ///
  /// - Parameters:
  ///   - calibration: Calibrated twin.
  ///   - changes: Changes by the measures.
  ///   - period: Hours with the weather for which the saving is asked.
  ///   - confidence: Probability of the bounds.
  public init(
    _ calibration: TwinCalibration, changes: TwinChanges, period: TwinPeriod, confidence: Double = 0.9
  ) {
    let names = Array(Set(period.months)).sorted()
    let slots = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    func sums(_ hourly: [Double]) -> [Double] {
      var sums = [Double](repeating: 0, count: names.count + 1)
      for (place, month) in period.months.enumerated() {
        sums[slots[month] ?? 0] += hourly[place]
        sums[names.count] += hourly[place]
      }
      return sums
    }
    typealias Run = (electricity: [Double], fuel: [Double])
    func run(_ coordinates: [Double], _ changes: TwinChanges) -> Run {
      let use = calibration.use(in: period, coordinates: coordinates, changes: changes)
      return (sums(use.electricity), sums(use.fuel))
    }
    let before = run(calibration.coordinates, TwinChanges())
    let after = run(calibration.coordinates, changes)
    var random = SeededGenerator(seed: 52_016)
    var drawn: [Run] = []
    for _ in 0..<Self.draws {
      let point = calibration.draw(using: &random)
      let (old, new) = (run(point, TwinChanges()), run(point, changes))
      drawn.append(
        (zip(old.electricity, new.electricity).map { $0 - $1 }, zip(old.fuel, new.fuel).map { $0 - $1 }))
    }
    func figures(_ slot: Int, _ part: (Run) -> [Double]) -> Figures {
      let saved = part(before)[slot] - part(after)[slot]
      let half = Self.half(drawn.map { part($0)[slot] }, around: saved, confidence: confidence)
      return Figures(before: part(before)[slot], after: part(after)[slot], bounds: (saved - half)...(saved + half))
    }
    months = names.enumerated().map { slot, month in
      Month(
        name: Self.name(month), electricity: figures(slot) { $0.electricity }, fuel: figures(slot) { $0.fuel })
    }
    electricity = figures(names.count) { $0.electricity }
    fuel = figures(names.count) { $0.fuel }
  }

  /// Compares two runs of a model outside; the bounds are those of the difference itself.
  ///
  /// - Parameters:
  ///   - before: Use before the measures.
  ///   - after: Use after the measures.
  ///   - period: Hours of both.
  public init(before: BuildingUse, after: BuildingUse, period: TwinPeriod) {
    func figures(_ month: Int?, _ old: [Double], _ new: [Double]) -> Figures {
      let hours = period.months.indices.filter { month == nil || period.months[$0] == month }
      let (first, second) = (hours.reduce(0) { $0 + old[$1] }, hours.reduce(0) { $0 + new[$1] })
      return Figures(before: first, after: second, bounds: (first - second)...(first - second))
    }
    months = Array(Set(period.months)).sorted().map { month in
      Month(
        name: Self.name(month), electricity: figures(month, before.electricity, after.electricity),
        fuel: figures(month, before.fuel, after.fuel))
    }
    electricity = figures(nil, before.electricity, after.electricity)
    fuel = figures(nil, before.fuel, after.fuel)
  }

  private static func name(_ month: Int) -> String {
    "\(month / 12)-\(month % 12 < 9 ? "0" : "")\(month % 12 + 1)"
  }

  /// Returns the half-width of a normal interval from draws.
  private static func half(_ values: [Double], around center: Double, confidence: Double) -> Double {
    let variance = values.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(values.count)
    return Quantiles.normal(0.5 + confidence / 2) * variance.squareRoot()
  }
}

extension TwinCalibration {
  /// Returns the use of the building after changes.
  ///
  /// - Parameters:
  ///   - period: Hours with their weather.
  ///   - coordinates: Coordinates of the parameters; the most probable ones if `nil`.
  ///   - changes: Changes of the building.
  public func use(
    in period: TwinPeriod, coordinates: [Double]? = nil, changes: TwinChanges = TwinChanges()
  ) -> BuildingUse {
    let values = parameters.values(at: coordinates ?? self.coordinates)
    var changed = changes.applied(to: values)
    if changes.isResized {
      let factor = model(values).fanFactor(for: model(changed), in: period.weather, calendar: period.calendar)
      changed[.fans] = (changed[.fans] ?? 0) * factor
    }
    return model(changed).use(in: period.weather, calendar: period.calendar)
  }

  private func model(_ values: [BuildingQuantity: Double]) -> BuildingModel {
    let description = parameters.description
    return BuildingModel(
      values: values, schedule: description.schedule, heatingFuel: description.heatingFuel,
      waterFuel: description.waterFuel)
  }

  /// Returns coordinates drawn from the normal distribution around the most probable ones.
  func draw(using random: inout SeededGenerator) -> [Double] {
    guard let precision else { return coordinates }
    let n = coordinates.count
    var point = coordinates.map { _ in random.normal() }
    // The solution of Lᵀ x = z has the covariance (L Lᵀ)⁻¹.
    for row in (0..<n).reversed() {
      for k in (row + 1)..<max(n, row + 1) { point[row] -= precision.lower[k * n + row] * point[k] }
      point[row] /= precision.lower[row * n + row]
    }
    return zip(coordinates, point).map { min(4, max(-4, $0 + $1)) }
  }
}
