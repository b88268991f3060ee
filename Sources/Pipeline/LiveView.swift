import PlantModel
import StreamCore
import Synchronization

/// What a person at a terminal wants to know of one plant, refreshed by the worker once a second.
public struct PlantView: Sendable {
  /// The plant's name.
  public var name: String
  /// The plant's event-time clock.
  public var clock = Timestamp.distantPast
  /// Readings decoded since the process started.
  public var readings: UInt64 = 0
  /// Series known.
  public var series = 0
  /// Quarter-hour means of the plant's main load, oldest first, at most 48 [kW].
  public var load: [Double] = []
  /// What was forecast for the same slots a quarter of an hour or more before [kW].
  public var loadForecast: [Double] = []
  /// The newest forecast of the main load, first slot first [kW].
  public var outlook: [Double] = []
  /// Latest health index by asset, worst first.
  public var health: [(asset: String, index: Double)] = []
  /// Latest recommendations; of generators, those that are held back.
  public var dispatch: [(asset: String, kind: AssetKind, kilowatts: Double, reason: String)] = []
  /// The command of each asset that is valid now, and where it stands.
  public var commands: [(asset: String, command: Command)] = []
  /// Titles of active alerts, newest first, and behind them those that follow from others.
  public var alerts: [(id: String, severity: Severity, title: String)] = []

  /// A plant of which nothing is known yet.
  public init(name: String) { self.name = name }
}

/// Follows the frames of one plant and keeps its ``PlantView``.
struct PlantObserver {
  private static let slots = 48
  private(set) var view: PlantView
  private var mainLoad: SeriesIndex?
  private var forecastBySlot: [Timestamp: Double] = [:]

  init(name: String) { view = PlantView(name: name) }

  /// Takes from a frame what the view shows; frames of plain readings cost a few counts.
  mutating func observe(_ frame: borrowing Frame, in register: PlantRegister) {
    view.readings += UInt64(frame.readings.count)
    view.clock = frame.clock
    if !frame.windows.isEmpty { observeWindows(frame.windows, in: register) }
    if !frame.forecasts.isEmpty { observeForecasts(frame.forecasts, in: register) }
    if !frame.health.isEmpty { observeHealth(frame.health, in: register) }
    if !frame.dispatch.isEmpty {
      // A generator that is as free as any other is no news to a person.
      view.dispatch = frame.dispatch.filter { $0.reason != DispatchDecision.released }.map { decision in
        let asset = register.assets[decision.asset.position]
        return (asset.name, asset.kind, decision.recommendedKilowatts, decision.reason)
      }
    }
    if frame.cause == .minute { view.commands.removeAll { $0.command.expires < frame.clock } }
    for command in frame.commands {
      let name = register.assets[command.asset.position].name
      view.commands.removeAll { $0.asset == name }
      if command.reason != DispatchDecision.released { view.commands.append((name, command)) }
    }
    take(frame.alerts)
    view.series = register.series.count
  }

  /// Shows alerts as long as they are active.
  mutating func take(_ alerts: [AlertTransition]) {
    for alert in alerts {
      view.alerts.removeAll { $0.id == alert.id }
      guard alert.status != .cleared, alert.state != .returned, alert.state != .normal else { continue }
      // What follows from another alert stands behind it.
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
    for issue in forecasts where isMainLoad(issue.series, in: register) {
      view.outlook = issue.p50
      if let first = issue.p50.first { forecastBySlot[issue.issued] = first }
    }
  }
}
