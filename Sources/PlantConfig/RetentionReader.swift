import PlantModel
import Settings
import WattlineTime

/// Reader of `influxdb.retention`.
struct RetentionReader {
  private let reading: ConfigurationContext

  init(_ reading: ConfigurationContext) { self.reading = reading }

  /// Returns the settings of a section; `nil` if it bounds no measurement.
  func settings(_ section: Section, of database: DatabaseSettings) -> RetentionSettings? {
    var settings = RetentionSettings(ages: [:])
    for name in RetentionSettings.bounded {
      guard let text = section.text(name) else { continue }
      if let age = Self.age(text), age >= RetentionSettings.shortest {
        settings.ages[name] = age
      } else {
        reading.mistake(
          section.place(of: name), "'\(name)' must be a time from 1d on, such as 90d or 2y, not '\(text)'")
      }
    }
    if let text = section.text("hours") {
      if let hours = Self.hours(text) {
        (settings.quietFrom, settings.quietTo) = hours
      } else {
        reading.mistake(section.place(of: "hours"), "'hours' must be like 01:00-05:00, not '\(text)'")
      }
    }
    section.finish { name in
      guard RetentionSettings.kept.contains(name) else { return nil }
      return "these points are few and stay; retention bounds "
        + RetentionSettings.bounded.joined(separator: ", ")
    }
    if database.version == .v3, !settings.ages.isEmpty {
      reading.mistake(
        section.mark,
        "InfluxDB 3 Core deletes no points, so that 'retention' has no effect; leave it out, and bound the "
          + "whole database instead (influxdb3 create database --retention-period)")
    }
    return settings.ages.isEmpty ? nil : settings
  }

  /// Returns a time span in any unit of ``TimeSpan``, or in years of 365 days.
  static func age(_ text: String) -> TimeSpan? {
    guard text.lowercased().hasSuffix("y") else { return TimeSpan(text) }
    guard let years = Double(text.dropLast()), years > 0, years <= 200 else { return nil }
    return TimeSpan(nanoseconds: Int64(years * 365 * Double(TimeSpan.day.nanoseconds)))
  }

  /// Returns begin and end of `01:00-05:00` in minutes after midnight.
  static func hours(_ text: String) -> (Int, Int)? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { end -> Int? in
      let parts = end.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy(\.isASCII) }),
        let hour = Int(parts[0]), let minute = Int(parts[1]), (0..<24).contains(hour), (0..<60).contains(minute)
      else { return nil }
      return hour * 60 + minute
    }
    guard ends.count == 2, let from = ends[0], let to = ends[1] else { return nil }
    return (from, to)
  }
}
