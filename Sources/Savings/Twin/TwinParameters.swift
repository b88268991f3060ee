import Glibc
public import PlantModel

/// Quantities of a building that a calibration moves, in units of what is open about them.
///
/// A coordinate of 0 is the given value. Ratios move by their logarithm, so that they stay positive; temperatures move
/// in proportion. The given values with their deviations are the prior of the calibration: independent and normal in
/// these coordinates.
public struct TwinParameters: Sendable {
  /// Quantities in the order of the coordinates.
  public let quantities: [BuildingQuantity]
  /// Estimates of the building.
  public let description: BuildingDescription
  private let estimates: [BuildingDescription.Estimate]

  /// Creates the parameters of a building: the quantities with a deviation.
  ///
  /// - Parameters:
  ///   - description: What is known of the building.
  ///   - meanTemperature: Mean outdoor temperature of the baseline [°C], which the ground has unless it is given.
  public init(_ description: BuildingDescription, meanTemperature: Double) {
    var description = description
    if description.given[.groundTemperature] == nil {
      description.given[.groundTemperature] = .init(
        meanTemperature, deviation: BuildingQuantity.groundTemperature.profile.spread)
    }
    self.description = description
    quantities = BuildingQuantity.allCases.filter { quantity in
      let estimate = description.estimate(quantity)
      return estimate.deviation > 0 && (estimate.value > 0 || !quantity.profile.isRatio)
    }
    estimates = quantities.map { description.estimate($0) }
  }

  /// Returns the value of a quantity at a coordinate.
  ///
  /// - Parameters:
  ///   - place: Place of the quantity.
  ///   - coordinate: Coordinate, in deviations.
  func value(_ place: Int, at coordinate: Double) -> Double {
    let (estimate, profile) = (estimates[place], quantities[place].profile)
    let value =
      profile.isRatio
      ? estimate.value * exp(coordinate * log(1 + estimate.deviation / estimate.value))
      : estimate.value + coordinate * estimate.deviation
    return min(profile.range.upperBound, max(profile.range.lowerBound, value))
  }

  /// Returns the values of all quantities of the building at coordinates.
  public func values(at coordinates: [Double]) -> [BuildingQuantity: Double] {
    var values = description.values
    for (place, quantity) in quantities.enumerated() { values[quantity] = value(place, at: coordinates[place]) }
    return values
  }
}
