import Glibc

/// The expected course of a building's consumption over a day, as a share of its nominal power.
///
/// It is the sum of a base, two bells for morning and evening occupancy, a flat part over working hours, and a
/// temperature term. The temperature term stands for heating below and cooling above comfortable air temperatures.
/// Shapes follow the household and office profiles H0 and G0 of the German association of utilities in outline.
///
/// Worked value: the default at 03:00, 18 °C on a working day is 0.25.
public struct LoadProfile: Hashable, Sendable {
  /// Share that is always present.
  public var base = 0.25
  /// Height of the morning bell, around 08:00.
  public var morning = 0.15
  /// Height of the evening bell, around 19:00.
  public var evening = 0.25
  /// Share added between 07:00 and 18:00 on working days.
  public var working = 0.2
  /// Weekend factor for the morning bell and working hours, 0...1.
  public var weekend = 0.4
  /// Share added for each kelvin below 15 °C.
  public var heating = 0.006
  /// Share added for each kelvin above 22 °C.
  public var cooling = 0.012

  /// Creates the default course.
  public init() {}

  /// Returns the expected share of nominal power, not below 0.
  /// - Parameters:
  ///   - hour: Hours since local midnight, 0..<24.
  ///   - weekday: 1 is Monday, 7 is Sunday.
  ///   - temperature: Air temperature [°C].
  public func share(hour: Double, weekday: Int, temperature: Double) -> Double {
    let presence = weekday >= 6 ? weekend : 1
    var share = base + presence * morning * bell(hour, at: 8, width: 1.2) + evening * bell(hour, at: 19, width: 1.8)
    // Working hours ramp up and down over half an hour.
    share += presence * working * min(1, max(0, min((hour - 6.75) / 0.5, (18.25 - hour) / 0.5)))
    share += heating * max(0, 15 - temperature) + cooling * max(0, temperature - 22)
    return max(0, share)
  }

  private func bell(_ hour: Double, at centre: Double, width: Double) -> Double {
    let distance = (hour - centre) / width
    // Cut at three widths, so that the night is exactly the base.
    return abs(distance) < 3 ? exp(-0.5 * distance * distance) : 0
  }
}
