public import PlantModel
import StreamCore
import Synchronization
public import WattlineTime

/// Summary of one plant for the terminal, refreshed by the worker once a second.
public struct PlantView: Sendable {
  /// Name of the plant.
  public var name: String
  /// Event-time clock of the plant.
  public var clock = Timestamp.distantPast
  /// Receive time of the last reading since the process started.
  public var lastReading = Timestamp.distantPast
  /// Number of readings processed since the process started.
  public var readings: UInt64 = 0
  /// Number of admitted series.
  public var series = 0
  /// Quarter-hour means of the plant's main load, oldest first, at most 48 [kW].
  public var load: [Double] = []
  /// Median forecasts for the same slots, each issued at the start of its slot [kW]; NaN without a forecast.
  public var loadForecast: [Double] = []
  /// Latest median forecast of the main load, first slot first [kW].
  public var outlook: [Double] = []
  /// Latest health index by asset, worst first.
  public var health: [(asset: String, index: Double)] = []
  /// Latest recommendations. Generators are included only while they are curtailed.
  public var dispatch: [(asset: String, kind: AssetKind, kilowatts: Double, reason: String)] = []
  /// The currently valid command of each asset, with its state.
  public var commands: [(asset: String, command: Command)] = []
  /// Active alerts, newest first, followed by those that other alerts explain.
  public var alerts: [(id: String, severity: Severity, title: String)] = []
  /// Alerts that are active or not acknowledged, sorted by identifier.
  public var standing: [StandingAlert] = []
  /// Latest decision of each dispatched asset.
  public var decisions: [(asset: String, decision: DispatchDecision)] = []
  /// Latest forecast of each series, in the order of first issue.
  public var forecasts: [(asset: String, sensor: String, unit: String?, issue: ForecastIssue)] = []
  /// Assets of the plant: those of its file, and those that were admitted when their first reading arrived.
  public var assets: [(name: String, kind: AssetKind)] = []
  /// Admitted sensors of the plant.
  public var sensors: [(asset: String, sensor: String, unit: String?)] = []
  /// Ids of those alerts that a person has set aside.
  public var shelvedAlerts: Set<String> = []

  /// Creates a view of a plant without data.
  public init(name: String) { self.name = name }
}

/// Observer that updates the ``PlantView`` of one plant from its frames.
struct PlantObserver {
  private static let slots = 48
  private(set) var view: PlantView
  private var mainLoad: SeriesIndex?
  private var forecastBySlot: [Timestamp: Double] = [:]

  init(name: String) { view = PlantView(name: name) }

  /// Updates the view from a frame; frames of plain readings cost a few counts.
  mutating func observe(_ frame: borrowing Frame, in register: PlantRegister) {
    view.readings += UInt64(frame.readings.count)
    if frame.readings.count > 0 { view.lastReading = frame.received }
    view.clock = frame.clock
    if !frame.windows.isEmpty { observeWindows(frame.windows, in: register) }
    if !frame.forecasts.isEmpty { observeForecasts(frame.forecasts, in: register) }
    if !frame.health.isEmpty { observeHealth(frame.health, in: register) }
    if !frame.dispatch.isEmpty {
      // A released generator runs freely, so it is not shown.
      view.dispatch = frame.dispatch.filter { $0.reason != DispatchDecision.released }.map { decision in
        let asset = register.assets[decision.asset.position]
        return (asset.name, asset.kind, decision.recommendedKilowatts, decision.reason)
      }
    }
    if frame.cause == .minute { view.commands.removeAll { $0.command.expires < frame.clock } }
    for decision in frame.dispatch {
      let name = register.assets[decision.asset.position].name
      view.decisions.removeAll { $0.asset == name }
      view.decisions.append((name, decision))
    }
    for command in frame.commands {
      let name = register.assets[command.asset.position].name
      view.commands.removeAll { $0.asset == name }
      if command.reason != DispatchDecision.released { view.commands.append((name, command)) }
    }
    observe(frame.alerts)
    view.series = register.series.count
    if view.sensors.count != view.series || view.assets.count != register.assets.count { observeNames(register) }
  }

  /// Replaces the standing alerts.
  mutating func observe(standing alerts: [AlertTransition], in register: PlantRegister) {
    view.standing = alerts.map { StandingAlert($0, in: register) }
  }

  private mutating func observeNames(_ register: PlantRegister) {
    view.assets = register.assets.map { ($0.name, $0.kind) }
    view.sensors = register.series.map {
      (register.assets[$0.asset.position].name, $0.sensor, $0.profile.unit?.symbol)
    }
  }

  /// Adds active alerts to the view and removes the others.
  mutating func observe(_ alerts: [AlertTransition]) {
    for alert in alerts {
      view.alerts.removeAll { $0.id == alert.id }
      view.shelvedAlerts.remove(alert.id)
      guard alert.status != .cleared, alert.state != .returned, alert.state != .normal else { continue }
      // Alerts that another alert explains follow it.
      if alert.state == .shelved { view.shelvedAlerts.insert(alert.id) }
      view.alerts.insert((alert.id, alert.severity, alert.title), at: alert.cause == nil ? 0 : view.alerts.count)
    }
  }

  private mutating func observeHealth(_ health: [AssetHealth], in register: PlantRegister) {
    let news = Set(health.map { register.assets[$0.asset.position].name })
    view.health.removeAll { news.contains($0.asset) }
    for one in health { view.health.append((register.assets[one.asset.position].name, one.index)) }
    view.health.sort { $0.index < $1.index }
  }

  private func isMainLoad(_ series: SeriesIndex, in register: PlantRegister) -> Bool {
    if let mainLoad { return mainLoad == series }
    return register.kind(of: series).traits.driver == .people && register.isBalancePower(series)
  }

  private mutating func observeWindows(_ windows: [FeatureWindow], in register: PlantRegister) {
    for window in windows
    where window.length == .quarterHour && !window.isUpdate && isMainLoad(window.series, in: register) {
      mainLoad = window.series
      view.load.append(window.mean)
      view.loadForecast.append(forecastBySlot[window.start] ?? .nan)
      if view.load.count > PlantObserver.slots {
        view.load.removeFirst()
        view.loadForecast.removeFirst()
      }
      forecastBySlot = forecastBySlot.filter { $0.key > window.start }
    }
  }

  private mutating func observeForecasts(_ forecasts: [ForecastIssue], in register: PlantRegister) {
    for issue in forecasts {
      let series = register.series[issue.series.position]
      let next = (
        asset: register.assets[series.asset.position].name, sensor: series.sensor, unit: series.profile.unit?.symbol,
        issue: issue
      )
      let place = view.forecasts.firstIndex { $0.issue.series == issue.series }
      if let place { view.forecasts[place] = next } else { view.forecasts.append(next) }
    }
    for issue in forecasts where isMainLoad(issue.series, in: register) {
      view.outlook = issue.p50
      if let first = issue.p50.first { forecastBySlot[issue.issued] = first }
    }
  }
}
