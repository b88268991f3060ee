import Foundation
import PlantModel
import WattlineTime

/// Texts of local times.
enum LocalText {
  /// Returns the local date and time to the minute, such as `2026-10-01 14:00`; ISO 8601 in UTC if the zone is unknown.
  static func minute(_ time: Timestamp, in timezone: String) -> String {
    guard var calendar = LocalCalendar(identifier: timezone) else { return "\(time)" }
    let civil = calendar.civil(at: time)
    return String(format: "%04d-%02d-%02d %02d:%02d", civil.year, civil.month, civil.day, civil.hour, civil.minute)
  }

  /// Returns a minute of the day, such as `06:30`, up to `24:00`.
  static func minute(ofDay minute: Int) -> String { String(format: "%02d:%02d", minute / 60, minute % 60) }
}
