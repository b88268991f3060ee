// Keys of several measurements; each measurement says what the value is there.

extension FieldKey where Value == Double {
  /// A value; see the measurement.
  public static var value: Self { Self("value") }
  /// Mean of a period [canonical unit].
  public static var mean: Self { Self("mean") }
  /// Minimum of a period [canonical unit].
  public static var minimum: Self { Self("min") }
  /// Maximum of a period [canonical unit].
  public static var maximum: Self { Self("max") }
  /// Energy of a period [kWh].
  public static var energy: Self { Self("energy_kwh") }
  /// 10 % quantile [canonical unit].
  public static var p10: Self { Self("p10") }
  /// Median [canonical unit].
  public static var p50: Self { Self("p50") }
  /// 90 % quantile [canonical unit].
  public static var p90: Self { Self("p90") }
  /// Measured power of an asset in its own direction [kW].
  public static var actualPower: Self { Self("actual_kw") }
}

extension FieldKey where Value == String {
  /// Model in charge.
  public static var model: Self { Self("model") }
  /// State; see the measurement.
  public static var state: Self { Self("state") }
  /// Severity of an alert.
  public static var severity: Self { Self("severity") }
  /// Identity of an alert or a command.
  public static var id: Self { Self("id") }
  /// Reason for people.
  public static var reason: Self { Self("reason") }
}
