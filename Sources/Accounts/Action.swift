public import Settings

/// The intent of a request. Each has one ``Scope``, and roles that may do it.
public enum Action: String, Hashable, Sendable, CaseIterable {
  /// Plants and their assets.
  case readPlants = "plants.read"
  /// Sensors and their state.
  case readSensors = "sensors.read"
  /// Series of points.
  case readSeries = "series.read"
  /// Alerts.
  case readAlerts = "alerts.read"
  /// Commands to assets.
  case readCommands = "commands.read"
  /// Forecasts.
  case readForecasts = "forecasts.read"
  /// Schedules.
  case readDispatch = "dispatch.read"
  /// Results of scenarios.
  case readScenarios = "scenarios.read"
  /// Reports.
  case readReports = "reports.read"
  /// Savings: months, models, events and investigations.
  case readSavings = "savings.read"
  /// Posts readings.
  case writeReadings = "readings.write"
  /// Acknowledges, shelves and unshelves alerts.
  case handleAlerts = "alerts.handle"
  /// Confirms and rejects commands.
  case decideCommands = "commands.decide"
  /// Decides about events and investigations of savings, and enters work.
  case decideSavings = "savings.decide"
  /// Runs scenarios.
  case runScenarios = "scenarios.run"
  /// Runs the dispatch.
  case runDispatch = "dispatch.run"
  /// Makes reports.
  case runReports = "reports.run"
  /// Starts and stops the source of readings.
  case controlSource = "source.control"
  /// Adds, changes and removes plant files.
  case managePlants = "plants.manage"
  /// Adds, changes and removes accounts.
  case manageUsers = "users.manage"
  /// Adds and removes API keys.
  case manageKeys = "keys.manage"
  /// Reads and changes the configuration.
  case manageConfiguration = "config.manage"
  /// Reads the audit.
  case readAudit = "audit.read"
  /// Removes old entries of the audit.
  case pruneAudit = "audit.prune"

  /// Whether it concerns the installation as a whole, so that only an account or key with all plants may take it.
  public var concernsAllPlants: Bool {
    switch self {
    case .controlSource, .manageUsers, .manageKeys, .manageConfiguration, .readAudit, .pruneAudit: true
    default: false
    }
  }

  /// The scope that an API key needs for it.
  public var scope: Scope {
    switch self {
    case .readPlants, .readSensors, .readSeries, .readAlerts, .readCommands, .readForecasts, .readDispatch,
      .readScenarios, .readReports, .readSavings:
      .read
    case .writeReadings: .writeReadings
    case .handleAlerts, .decideSavings: .writeAlerts
    case .decideCommands: .writeCommands
    case .runScenarios, .runDispatch, .runReports: .run
    case .controlSource: .control
    case .managePlants, .manageUsers, .manageKeys, .manageConfiguration, .readAudit, .pruneAudit: .admin
    }
  }
}

/// The scope of an API key, within the rights of the account that owns it.
public enum Scope: String, Hashable, Sendable, CaseIterable, Comparable {
  /// Reads plants, sensors, series, alerts, commands, forecasts, schedules, scenarios and reports.
  case read
  /// Posts readings.
  case writeReadings = "write:readings"
  /// Acknowledges, shelves and unshelves alerts, and decides about savings.
  case writeAlerts = "write:alerts"
  /// Confirms and rejects commands.
  case writeCommands = "write:commands"
  /// Runs scenarios and dispatch, and makes reports.
  case run
  /// Starts and stops the source of readings.
  case control
  /// Manages accounts, keys, plant files and configuration, reads and prunes the audit.
  case admin

  /// Orders by name.
  public static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}

extension Role {
  /// Scopes of actions that the role may take.
  public var scopes: Set<Scope> {
    switch self {
    case .admin: Set(Scope.allCases)
    case .operator: [.read, .writeAlerts, .writeCommands, .run, .control]
    case .viewer: [.read]
    case .service: [.read, .writeReadings]
    }
  }

  /// Returns whether the role may take an action, on the plants of its account.
  public func allows(_ action: Action) -> Bool { scopes.contains(action.scope) }

  /// The roles in a table, a line for each action.
  public static var table: String {
    let width = Action.allCases.map(\.rawValue.count).max() ?? 0
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    let head = padded("action", width) + "  " + allCases.map(\.rawValue).joined(separator: "  ")
    return
      ([head]
      + Action.allCases.map { action in
        padded(action.rawValue, width) + "  "
          + allCases.map { padded($0.allows(action) ? "yes" : "-", $0.rawValue.count) }.joined(separator: "  ")
      }.map { String($0.reversed().drop { $0 == " " }.reversed()) }).joined(separator: "\n")
  }
}
