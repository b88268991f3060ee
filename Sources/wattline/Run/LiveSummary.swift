import Foundation
import Pipeline
import PlantModel
import SinkCore

/// Status of the running system: redrawn in place on a terminal, otherwise one plain line per plant.
struct LiveSummary {
  private var linesDrawn = 0
  private var lastMessages: UInt64?
  private var lastTime = Date()
  private var rate = 0.0

  /// Draws the status over the previous one.
  mutating func redraw(_ status: PipelineStatus, where places: [String]) {
    measureRate(status)
    let lines = header(status) + status.stages.plants.flatMap(block) + places
    let up = linesDrawn > 0 ? "\u{1B}[\(linesDrawn)A" : ""
    Console.redraw(up + lines.map { "\u{1B}[K\($0)\n" }.joined())
    // Clears lines below that only the previous drawing had.
    if linesDrawn > lines.count { Console.redraw("\u{1B}[J") }
    linesDrawn = lines.count
  }

  /// Returns a header and one plain line per plant, for logs.
  mutating func lines(_ status: PipelineStatus) -> [String] {
    measureRate(status)
    return header(status)
      + status.stages.plants.map { plant in
        let load = plant.load.last.map { text($0) + " kW" } ?? "-"
        let outlook = plant.outlook.first.map { text($0) + " kW" } ?? "-"
        let worst = plant.health.first.map { "\($0.asset) \(Int($0.index))" } ?? "-"
        let dispatch = plant.dispatch.map { "\($0.asset) \(text($0.kilowatts)) kW (\($0.reason))" }
        let commands = plant.commands.map { "command \(text($0.asset, command: $0.command)), " }.joined()
        return "\(plant.name): load \(load), forecast \(outlook), lowest health \(worst), "
          + "dispatch \(dispatch.isEmpty ? "-" : dispatch.joined(separator: ", ")), \(commands)"
          + "alerts \(plant.alerts.count)" + (plant.alerts.first.map { " (\($0.title))" } ?? "")
      }
  }

  private mutating func measureRate(_ status: PipelineStatus) {
    let now = Date()
    let elapsed = now.timeIntervalSince(lastTime)
    if let last = lastMessages, elapsed > 0 { rate = Double(status.intake.messages &- last) / elapsed }
    lastMessages = status.intake.messages
    lastTime = now
  }

  private func header(_ status: PipelineStatus) -> [String] {
    let database = status.databaseTrouble.map { "database: \($0)" } ?? "database ok"
    return [
      "\(status.stages.plants.count.counted("plant")), \(status.stages.plants.reduce(0) { $0 + $1.series }.counted("sensor")), "
        + "\(Int(rate.rounded())) messages/s, \(status.sink.pointsWritten.counted("point")) written, \(database)"
    ]
  }

  private func block(_ plant: PlantView) -> [String] {
    var lines = [
      "", plant.name,
      "  load, last 12 h   \(Sparkline.draw(plant.load, scaledTo: plant.load + plant.loadForecast))"
        + "  \(plant.load.last.map(text) ?? "-") kW",
      "  as forecast       \(Sparkline.draw(plant.loadForecast, scaledTo: plant.load + plant.loadForecast))",
      "  next 12 h         \(Sparkline.draw(Array(plant.outlook.prefix(48)), scaledTo: plant.outlook))"
        + "  \(plant.outlook.first.map(text) ?? "-") kW next",
    ]
    let health = plant.health.map { "\($0.asset) \(Int($0.index.rounded()))" }.joined(separator: "  ")
    lines.append("  health            \(health.isEmpty ? "learning" : health)")
    for decision in plant.dispatch {
      let action =
        decision.kind.role == .consumption
        ? "take"
        : decision.kind.role != .storage
          ? "give up to" : decision.kilowatts > 0.05 ? "discharge" : decision.kilowatts < -0.05 ? "charge" : "hold"
      lines.append(
        "  dispatch          \(decision.asset): \(action) \(text(abs(decision.kilowatts))) kW, \(decision.reason)")
    }
    for (asset, command) in plant.commands { lines.append("  command           \(text(asset, command: command))") }
    for alert in plant.alerts.prefix(3) { lines.append("  \(alert.severity.rawValue.uppercased())  \(alert.title)") }
    return lines
  }

  private func text(_ asset: String, command: PlantModel.Command) -> String {
    let setpoint = command.setpoint.map { " \(text($0)) kW" } ?? ""
    let state = command.state == .notFollowed ? "not followed" : command.state.rawValue
    return "\(asset) \(command.action.rawValue)\(setpoint) \(state)"
  }

  private func text(_ value: Double) -> String { value.isFinite ? String(format: "%.1f", value) : "-" }
}

/// Row of block characters whose heights represent values.
enum Sparkline {
  private static let blocks = Array("▁▂▃▄▅▆▇█")

  /// Returns one block per value, scaled between the minimum and maximum of `reference`; a blank for a missing value.
  static func draw(_ values: [Double], scaledTo reference: [Double]) -> String {
    let finite = reference.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return "" }
    let span = high - low
    return String(
      values.map { value in
        guard value.isFinite else { return " " }
        let share = span > 0 ? (value - low) / span : 0.5
        return blocks[min(blocks.count - 1, max(0, Int(share * Double(blocks.count))))]
      })
  }
}
