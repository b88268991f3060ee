/// Hours of use of a building.
public struct BuildingSchedule: Hashable, Sendable {
  /// Shares by the hour of a day.
  public struct Week: Hashable, Sendable {
    /// Shares of the 24 hours of a working day, 0...1.
    public var workday: [Double]
    /// Shares of the 24 hours of a Saturday, 0...1.
    public var saturday: [Double]
    /// Shares of the 24 hours of a Sunday or holiday, 0...1.
    public var sunday: [Double]

    /// Creates a week; each day has 24 shares.
    ///
    /// - Parameters:
    ///   - workday: Shares of a working day.
    ///   - saturday: Shares of a Saturday.
    ///   - sunday: Shares of a Sunday or holiday.
    public init(workday: [Double], saturday: [Double], sunday: [Double]) {
      (self.workday, self.saturday, self.sunday) = (workday, saturday, sunday)
    }

    /// Creates a week in which every hour has the same share.
    public init(constant share: Double) {
      let day = [Double](repeating: share, count: 24)
      self.init(workday: day, saturday: day, sunday: day)
    }

    /// Returns the share of an hour.
    ///
    /// - Parameters:
    ///   - hour: Hour of the day, 0...23.
    ///   - day: Kind of the day: 0 working, 1 Saturday, 2 Sunday or holiday.
    public func share(hour: Int, day: Int) -> Double {
      switch day {
      case 0: workday[hour]
      case 1: saturday[hour]
      default: sunday[hour]
      }
    }
  }

  /// People who are there.
  public var occupancy: Week
  /// Lamps that burn.
  public var lighting: Week
  /// Appliances that run.
  public var plugs: Week
  /// Operation of heating, cooling and fans at the set-points of use; 0 or 1.
  public var operation: Week
  /// Supply of outdoor air; 0 or 1.
  public var ventilation: Week
  /// Draw of hot water, as a share of its greatest.
  public var hotWater: Week

  /// Creates a schedule.
  ///
  /// - Parameters:
  ///   - occupancy: People who are there.
  ///   - lighting: Lamps that burn.
  ///   - plugs: Appliances that run.
  ///   - operation: Operation of heating, cooling and fans.
  ///   - ventilation: Supply of outdoor air; that of operation if `nil`.
  ///   - hotWater: Draw of hot water; that of people if `nil`.
  public init(
    occupancy: Week, lighting: Week, plugs: Week, operation: Week, ventilation: Week? = nil, hotWater: Week? = nil
  ) {
    (self.occupancy, self.lighting, self.plugs, self.operation) = (occupancy, lighting, plugs, operation)
    self.ventilation = ventilation ?? operation
    self.hotWater = hotWater ?? occupancy
  }

  /// A building in which everything runs at all hours.
  public static let continuous = BuildingSchedule(
    occupancy: Week(constant: 1), lighting: Week(constant: 1), plugs: Week(constant: 1), operation: Week(constant: 1))

  /// An office, as the DOE reference small office of 90.1-2004 is used (M. Deru et al., NREL/TP-5500-46861, 2011).
  public static let office = BuildingSchedule(
    occupancy: Week(
      workday: runs((6, 0), (7, 0.1), (8, 0.2), (12, 0.95), (13, 0.5), (17, 0.95), (18, 0.3), (20, 0.1), (24, 0.05)),
      saturday: runs((6, 0), (8, 0.1), (12, 0.3), (17, 0.1), (24, 0)), sunday: runs((24, 0))),
    lighting: Week(
      workday: runs(
        (5, 0.05), (7, 0.1), (8, 0.3), (17, 0.9), (18, 0.5), (20, 0.3), (22, 0.2), (23, 0.1), (24, 0.05)),
      saturday: runs((6, 0.05), (8, 0.1), (12, 0.3), (17, 0.15), (24, 0.05)), sunday: runs((24, 0.05))),
    plugs: Week(
      workday: runs((8, 0.4), (12, 0.9), (13, 0.8), (17, 0.9), (18, 0.5), (24, 0.4)),
      saturday: runs((6, 0.3), (8, 0.4), (12, 0.5), (17, 0.35), (24, 0.3)), sunday: runs((24, 0.3))),
    operation: Week(
      workday: runs((6, 0), (22, 1), (24, 0)), saturday: runs((6, 0), (18, 1), (24, 0)), sunday: runs((24, 0))),
    ventilation: Week(
      workday: runs((7, 0), (22, 1), (24, 0)), saturday: runs((7, 0), (18, 1), (24, 0)), sunday: runs((24, 0))),
    hotWater: Week(
      workday: runs(
        (5, 0.05), (6, 0.08), (7, 0.07), (8, 0.19), (9, 0.35), (10, 0.38), (11, 0.39), (12, 0.47), (13, 0.57),
        (14, 0.54), (15, 0.34), (16, 0.33), (17, 0.44), (18, 0.26), (19, 0.21), (20, 0.15), (21, 0.17), (22, 0.08),
        (24, 0.05)),
      saturday: runs(
        (5, 0.05), (6, 0.08), (7, 0.07), (8, 0.11), (9, 0.15), (10, 0.21), (11, 0.19), (12, 0.23), (13, 0.2),
        (14, 0.19), (15, 0.15), (16, 0.13), (17, 0.14), (21, 0.07), (22, 0.09), (24, 0.05)),
      sunday: runs((5, 0.04), (6, 0.07), (11, 0.04), (13, 0.06), (24, 0.05))))

  /// Returns the shares of 24 hours from runs of equal ones, each until an hour.
  private static func runs(_ steps: (until: Int, share: Double)...) -> [Double] {
    var day: [Double] = []
    for step in steps { while day.count < step.until { day.append(step.share) } }
    return day
  }
}
