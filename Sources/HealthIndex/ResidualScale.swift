import PlantModel

/// Lower limits of the residuals' scale and spread.
enum ResidualScale {
  /// Returns the smallest scale of a quantity [canonical unit], due to instruments and normal operation.
  static func floor(_ quantity: Quantity?, expected: Double) -> Double {
    switch quantity {
    case .temperature: 2.5
    case .frequency: 0.05
    case .percentage: 3
    case .voltage: max(0.015 * expected.magnitude, 0.1)
    case .pressure: max(0.01 * expected.magnitude, 2)
    default: max(0.02 * expected.magnitude, 1e-6)
    }
  }

  /// Returns the smallest spread of a series driven by weather or people, even after a calm week.
  ///
  /// It is two thirds of a finite plausible range above zero; this is the nominal size if the range is 1.5 times that.
  ///
  /// Worked value: PV of 100 kW has a range up to 150 kW and a spread of at least 100 kW. Temperatures, whose plausible
  /// ranges are wide, take a third.
  static func leastSpread(_ profile: SensorProfile) -> Double {
    let width = profile.range.upperBound - max(profile.range.lowerBound, 0)
    guard width.isFinite, width > 0 else { return 0 }
    return profile.unit?.quantity == .temperature ? width / 3 : width * 2 / 3
  }
}
