extension FieldKey where Value == Double {
  /// Health index, 0 (failed) to 100 (no findings).
  public static var index: Self { Self("index") }
  /// Anomaly score, 0 (ordinary) to 1 (certain).
  public static var anomaly: Self { Self("anomaly") }
  /// Drift score, 0 (none) to 1 (certain).
  public static var drift: Self { Self("drift") }
  /// Performance ratio of PV after IEC 61724-1.
  public static var performanceRatio: Self { Self("performance_ratio") }
  /// State of charge of a battery [%].
  public static var stateOfChargeEstimate: Self { Self("soc_estimate") }
  /// Standard deviation of the state of charge [%].
  public static var stateOfChargeDeviation: Self { Self("soc_estimate_sd") }
  /// Capacity of a battery relative to the nominal one [%].
  public static var stateOfHealthEstimate: Self { Self("soh_estimate") }
  /// Inner resistance of a battery [Ω].
  public static var resistance: Self { Self("resistance_ohm") }
  /// Load of the plant [kW].
  public static var loadEstimate: Self { Self("load_estimate") }
  /// Standard deviation of the load [kW].
  public static var loadDeviation: Self { Self("load_estimate_sd") }
  /// Generation of the plant [kW].
  public static var generationEstimate: Self { Self("generation_estimate") }
  /// Standard deviation of the generation [kW].
  public static var generationDeviation: Self { Self("generation_estimate_sd") }
  /// Power of the batteries [kW].
  public static var storageEstimate: Self { Self("storage_estimate") }
  /// Standard deviation of the power of the batteries [kW].
  public static var storageDeviation: Self { Self("storage_estimate_sd") }
  /// Difference between the grid meter and its prediction [kW].
  public static var innovation: Self { Self("innovation") }
  /// Standard deviation of the innovation [kW].
  public static var innovationDeviation: Self { Self("innovation_sd") }
  /// Slope of the index [1/d].
  public static var trend: Self { Self("trend_per_day") }
  /// Days until the index reaches the threshold of maintenance.
  public static var maintenanceDays: Self { Self("maintenance_days") }
  /// Lower end of the interval of the days.
  public static var maintenanceDaysLow: Self { Self("maintenance_days_low") }
  /// Upper end of the interval of the days.
  public static var maintenanceDaysHigh: Self { Self("maintenance_days_high") }
}

extension FieldKey where Value == String {
  /// Sensors that lower the index most, worst first.
  public static var contributors: Self { Self("contributors") }
  /// Day on which the index reaches the threshold of maintenance.
  public static var maintenanceDate: Self { Self("maintenance_date") }
}

extension Measurement {
  /// Health of assets.
  public static let health = Measurement(
    "health",
    contents: "each quarter of an hour of an asset, and when its fault changes",
    tags: [.plant, .asset],
    fields: [
      .float(.index, "health, 0 (failed) to 100 (no findings)"),
      .float(.anomaly, "0 (ordinary) to 1 (certain)"),
      .float(.drift, "0 (none) to 1 (certain)"),
      .text(.state, "`learning`, `good`, `watch`, `poor` or `no data`"),
      .text(.contributors, "sensors that lower the index most, worst first"),
      .float(.performanceRatio, "performance ratio after IEC 61724-1", when: "of PV"),
      .float(.stateOfChargeEstimate, "state of charge [%]", when: "of a battery"),
      .float(.stateOfChargeDeviation, "its standard deviation [%]", when: "of a battery"),
      .float(.stateOfHealthEstimate, "capacity relative to the nominal one [%]", when: "of a battery"),
      .float(.resistance, "inner resistance [Ω]", when: "of a battery"),
      .float(.loadEstimate, "load of the plant [kW]", when: "of a grid connection"),
      .float(.loadDeviation, "its standard deviation [kW]", when: "of a grid connection"),
      .float(.generationEstimate, "generation of the plant [kW]", when: "of a grid connection"),
      .float(.generationDeviation, "its standard deviation [kW]", when: "of a grid connection"),
      .float(.storageEstimate, "power of the batteries [kW]", when: "of a grid connection"),
      .float(.storageDeviation, "its standard deviation [kW]", when: "of a grid connection"),
      .float(.innovation, "difference between the grid meter and its prediction [kW]", when: "of a grid connection"),
      .float(.innovationDeviation, "its standard deviation [kW]", when: "of a grid connection"),
      .float(.trend, "slope of the index [1/d]", when: "while the trend falls"),
      .float(.maintenanceDays, "days until maintenance", when: "while the trend falls"),
      .text(.maintenanceDate, "day of maintenance", when: "while the trend falls"),
      .float(.maintenanceDaysLow, "lower end of the interval of the days", when: "while the trend falls"),
      .float(.maintenanceDaysHigh, "upper end of the interval of the days", when: "while the trend falls"),
    ])
}
