import PlantModel
import Settings
import WattlineTime

/// Reader of `watch` in `wattline.yaml`.
struct WatchReader {
  private let section: Section
  private let reading: ConfigurationContext

  init(_ section: Section, reading: ConfigurationContext) { (self.section, self.reading) = (section, reading) }

  /// Returns the bounds of the section.
  func settings() -> WatchSettings {
    var watch = WatchSettings()
    share("memory", into: &watch.memory)
    share("disk", into: &watch.disk)
    span("backlog", least: .minute, into: &watch.backlog)
    span("database", least: .seconds(10), into: &watch.database)
    span("clock", least: .seconds(5), into: &watch.clock)
    span("stages", least: .seconds(30), into: &watch.stages)
    if let path = section.given("broker_log"), path != "off" { watch.brokerLog = section.log("broker_log", path: path) }
    section.finish()
    return watch
  }

  private func share(_ key: String, into bound: inout Double?) {
    guard let text = section.text(key) else { return }
    if text == "off" { return bound = nil }
    if text.hasSuffix("%"), let percent = Double(text.dropLast()), (1...99).contains(percent) {
      bound = percent / 100
    } else {
      reading.mistake(section.place(of: key), "'\(key)' must be from 1% to 99%, or off, not '\(text)'")
    }
  }

  private func span(_ key: String, least: TimeSpan, into bound: inout TimeSpan?) {
    guard let text = section.text(key) else { return }
    if text == "off" { return bound = nil }
    if let span = TimeSpan(text), span >= least {
      bound = span
    } else {
      reading.mistake(section.place(of: key), "'\(key)' must be a time from \(least.text) on, or off, not '\(text)'")
    }
  }
}
