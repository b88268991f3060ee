import Settings
import WattlineTime

/// Reader of `http.alerts` in `wattline.yaml`.
struct InterfaceBoundsReader {
  private let section: Section
  private let reading: ConfigurationContext

  init(_ section: Section, reading: ConfigurationContext) { (self.section, self.reading) = (section, reading) }

  /// Returns the bounds of the section.
  func bounds() -> HTTPSettings.Bounds {
    var bounds = HTTPSettings.Bounds()
    span("latency", least: "1ms", into: &bounds.latency)
    errors(into: &bounds.errors)
    logins(into: &bounds.refusedLogins)
    span("late_job", least: "1s", into: &bounds.lateJob)
    section.finish()
    return bounds
  }

  private func errors(into bound: inout Double?) {
    guard let text = section.text("errors") else { return }
    if text == "off" { return bound = nil }
    if text.hasSuffix("%"), let percent = Double(text.dropLast()), (0.1...100).contains(percent) {
      bound = percent / 100
    } else {
      reading.mistake(
        section.place(of: "errors"), "'errors' must be from 0.1% to 100%, or off, not '\(text)'")
    }
  }

  private func logins(into bound: inout Int?) {
    guard let text = section.text("refused_logins") else { return }
    if text == "off" { return bound = nil }
    if let count = Int(text), (1...1_000_000).contains(count) {
      bound = count
    } else {
      reading.mistake(
        section.place(of: "refused_logins"),
        "'refused_logins' must be a whole number from 1 to 1000000, or off, not '\(text)'")
    }
  }

  private func span(_ key: String, least: String, into bound: inout TimeSpan?) {
    guard let text = section.text(key) else { return }
    if text == "off" { return bound = nil }
    if let span = TimeSpan(text), let least = TimeSpan(least), span >= least {
      bound = span
    } else {
      reading.mistake(section.place(of: key), "'\(key)' must be a time from \(least) on, or off, not '\(text)'")
    }
  }
}
