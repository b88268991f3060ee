extension Tag {
  /// Community.
  public static let community = Tag("community", meaning: "name of the community")
}

extension FieldKey where Value == Double {
  /// Estimated import less export of all members [kW].
  public static var netPower: Self { Self("net_kw") }
  /// Standard deviation of that [kW].
  public static var netDeviation: Self { Self("net_deviation_kw") }
  /// Planned import of the connection [kW].
  public static var plannedImport: Self { Self("import_kw") }
  /// Planned export of the connection [kW].
  public static var plannedExport: Self { Self("export_kw") }
  /// Load of all members [kW].
  public static var communityLoad: Self { Self("load_kw") }
  /// Generation of all members [kW].
  public static var communityGeneration: Self { Self("generation_kw") }
  /// Planned power of batteries, positive discharge [kW].
  public static var plannedBattery: Self { Self("battery_kw") }
  /// Planned power of cars [kW].
  public static var plannedCars: Self { Self("car_kw") }
  /// Price of imported energy at the grid [currency/kWh].
  public static var gridImportPrice: Self { Self("grid_price") }
  /// Payment for exported energy at the grid [currency/kWh].
  public static var gridExportPrice: Self { Self("grid_export_price") }
  /// Emissions of imported energy [kg/kWh].
  public static var carbonIntensity: Self { Self("carbon_kg_kwh") }
  /// Greatest planned import of the day ahead [kW].
  public static var plannedPeak: Self { Self("peak_kw") }
  /// Greatest planned export of the day ahead [kW].
  public static var plannedExportPeak: Self { Self("export_peak_kw") }
  /// Limit of import [kW].
  public static var communityImportLimit: Self { Self("import_limit_kw") }
  /// Limit of export [kW].
  public static var communityExportLimit: Self { Self("export_limit_kw") }
  /// Cost of the day ahead [currency].
  public static var dayAheadCost: Self { Self("cost_ahead") }
  /// Cost of the day ahead if each member were alone [currency].
  public static var aloneCost: Self { Self("cost_alone") }
  /// Gain of the day ahead against being alone [currency].
  public static var gain: Self { Self("gain") }
  /// Emissions of the day ahead [kg].
  public static var dayAheadCarbon: Self { Self("carbon_ahead_kg") }
  /// Cost that no schedule goes below [currency].
  public static var bound: Self { Self("bound") }
  /// Share of the load that is not imported, 0...1.
  public static var selfSufficiency: Self { Self("self_sufficiency") }
  /// Cost above its lower bound, as a share.
  public static var optimalityGap: Self { Self("gap") }
  /// Time from the mark's last summary to the schedule [s].
  public static var solveTime: Self { Self("solve_s") }
  /// Power that was measured instead of the planned one [kW].
  public static var measuredNet: Self { Self("measured_kw") }
  /// Money that a deviation from the schedule cost at the community's price [currency].
  public static var deviationCost: Self { Self("deviation_cost") }
}

extension FieldKey where Value == Int64 {
  /// Number of members.
  public static var members: Self { Self("members") }
  /// Number of members that were metered.
  public static var metered: Self { Self("metered") }
}

extension FieldKey where Value == Bool {
  /// Whether the member's batteries did what was planned.
  public static var followed: Self { Self("followed") }
  /// Whether the member was metered at the mark.
  public static var present: Self { Self("present") }
}

extension Measurement {
  /// Decisions of communities.
  public static let community = Measurement(
    "community",
    contents: "each quarter of an hour of a community: what it expects, decides and pays",
    tags: [.community],
    fields: [
      .integer(.members, "members of the community"),
      .integer(.metered, "members that were metered at the mark"),
      .float(.netPower, "estimated import less export of all members [kW]", when: "if a member was metered"),
      .float(.netDeviation, "standard deviation of that [kW]", when: "if a member was metered"),
      .float(.communityLoad, "load of all members, those that are missing scaled [kW]", when: "if it was decided"),
      .float(.communityGeneration, "generation of all members, as the load [kW]", when: "if it was decided"),
      .float(.plannedBattery, "planned power of batteries, positive discharge [kW]", when: "if it was decided"),
      .float(.plannedCars, "planned power of cars [kW]", when: "if it was decided"),
      .float(.plannedImport, "planned import of the connection [kW]", when: "if it was decided"),
      .float(.plannedExport, "planned export of the connection [kW]", when: "if it was decided"),
      .float(.price, "price within the community, for buying and selling alike", when: "if it was decided"),
      .float(.gridImportPrice, "price of imported energy at the grid", when: "if it was decided"),
      .float(.gridExportPrice, "payment for exported energy at the grid", when: "if it was decided"),
      .float(.carbonIntensity, "emissions of imported energy [kg CO₂/kWh]", when: "if it was decided"),
      .float(.plannedPeak, "greatest planned import of the day ahead [kW]", when: "if it was decided"),
      .float(.plannedExportPeak, "greatest planned export of the day ahead [kW]", when: "if it was decided"),
      .float(.communityImportLimit, "limit of import [kW]", when: "with a limit"),
      .float(.communityExportLimit, "limit of export [kW]", when: "with a limit"),
      .float(.dayAheadCost, "cost of the day ahead, with wear and overload [currency]", when: "if it was decided"),
      .float(.aloneCost, "cost of it if each member were alone [currency]", when: "if it was decided"),
      .float(.gain, "gain of it of all members against being alone [currency]", when: "if it was decided"),
      .float(.dayAheadCarbon, "emissions of it [kg CO₂]", when: "if it was decided"),
      .float(.bound, "cost that no schedule goes below [currency]", when: "if it was decided"),
      .float(.optimalityGap, "cost above that bound, as a share of the cost", when: "if it was decided"),
      .float(.solveTime, "time from the mark's last summary to the schedule [s]", when: "if it was decided"),
      .text(.reason, "`decided`, with what was assumed, or why nothing was decided"),
    ], isOfProcess: true)

  /// Day ahead of communities.
  public static let communityAhead = Measurement(
    "community_ahead",
    contents: "each quarter of an hour ahead of a community, at its start; the latest decision replaces it",
    tags: [.community],
    fields: [
      .float(.p10, "10 % quantile of import less export, as members have been [kW]", when: "after three days"),
      .float(.p50, "median of it [kW]", when: "after three days"),
      .float(.p90, "90 % quantile of it [kW]", when: "after three days"),
      .float(.plannedImport, "planned import of the connection [kW]"),
      .float(.plannedExport, "planned export of the connection [kW]"),
      .float(.price, "price within the community"),
      .float(.gridImportPrice, "price of imported energy at the grid"),
      .float(.carbonIntensity, "emissions of imported energy [kg CO₂/kWh]"),
    ], isOfProcess: true)

  /// Members of communities.
  public static let communityMember = Measurement(
    "community_member",
    contents: "each quarter of an hour of a member of a community",
    tags: [.plant, .community],
    fields: [
      .boolean(.present, "whether it was metered at the mark", when: "when the mark is decided"),
      .float(.plannedBattery, "planned power of its batteries, positive discharge [kW]", when: "with batteries"),
      .float(.plannedCars, "planned power of its cars [kW]", when: "with cars"),
      .float(.netPower, "planned import less export [kW]", when: "if it was decided"),
      .float(.price, "price within the community", when: "if it was decided"),
      .float(.dayAheadCost, "what it pays for the day ahead, with wear [currency]", when: "if it was decided"),
      .float(.aloneCost, "what it would pay alone [currency]", when: "if it was decided"),
      .float(.gain, "gain against being alone [currency]", when: "if it was decided"),
      .float(.measuredNet, "measured import less export [kW]", when: "once the quarter is settled"),
      .boolean(.followed, "whether its batteries did what was planned", when: "once the quarter is settled"),
      .float(.deviationCost, "cost of the deviation at the community's price [currency]", when: "once it is settled"),
    ], isOfProcess: true)

  /// Studies of communities.
  public static let communityScenario = Measurement(
    "community_scenario",
    contents: "each variant of a study of a community, at the time of the study",
    tags: [.community, .scenario],
    fields: [
      .float(.cost, "mean cost of a year [currency]"),
      .float(.p10, "10 % quantile of it [currency]"),
      .float(.p90, "90 % quantile of it [currency]"),
      .float(.plannedPeak, "median of the greatest import [kW]"),
      .float(.carbon, "median of the emissions of a year [kg CO₂]"),
      .float(.selfSufficiency, "median share of the load that is not imported"),
    ], isOfProcess: true)
}
