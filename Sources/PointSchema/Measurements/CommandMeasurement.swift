extension FieldKey where Value == Double {
  /// Power to hold [kW].
  public static var setpoint: Self { Self("setpoint_kw") }
  /// Predicted power of the asset [kW].
  public static var predictedPower: Self { Self("predicted_kw") }
  /// Predicted power at the grid connection, positive import [kW].
  public static var predictedGridPower: Self { Self("predicted_grid_kw") }
  /// Predicted state of charge, 0...1.
  public static var predictedStateOfCharge: Self { Self("predicted_soc") }
  /// Predicted extra cost, negative if it saves [currency].
  public static var predictedCost: Self { Self("predicted_cost") }
}

extension FieldKey where Value == String {
  /// Commanded action.
  public static var action: Self { Self("action") }
  /// How commands of the plant are carried out.
  public static var mode: Self { Self("mode") }
  /// Time at which the command ends.
  public static var expires: Self { Self("expires") }
}

extension Measurement {
  /// Commands to assets.
  public static let command = Measurement(
    "command",
    contents: "each command, written again with each change of its state; time is that of issue",
    tags: [.plant, .asset],
    fields: [
      .text(.id, "identity of the command"),
      .text(.action, "`SHUTDOWN`, `STARTUP`, `OPTIMIZE` or `HOLD`"),
      .float(.setpoint, "power to hold [kW]", when: "of the action `OPTIMIZE`"),
      .text(.reason, "reason for people"),
      .text(.state, "state of the command"),
      .text(.mode, "how the plant's commands are carried out"),
      .text(.expires, "time at which the command ends"),
      .float(.predictedPower, "predicted power of the asset [kW]", when: "if it is known"),
      .float(
        .predictedGridPower, "predicted power at the grid connection, positive import [kW]", when: "if it is known"),
      .float(.predictedStateOfCharge, "predicted state of charge, 0 to 1", when: "of a battery"),
      .float(.predictedCost, "predicted extra cost, negative if it saves [currency]", when: "if prices are known"),
      .float(.actualPower, "measured power [kW]", when: "if it is known"),
    ])
}
