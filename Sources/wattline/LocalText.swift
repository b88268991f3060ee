import Foundation
import PlantModel

/// Times as a clock on the plant's wall shows them.
enum LocalText {
  /// Date and time to the minute, such as `2026-10-01 14:00`; with its zone where that is not known to the system.
  static func minute(_ time: Timestamp, in timezone: String) -> String {
    guard var calendar = LocalCalendar(identifier: timezone) else { return "\(time)" }
    let civil = calendar.civil(at: time)
    return String(format: "%04d-%02d-%02d %02d:%02d", civil.year, civil.month, civil.day, civil.hour, civil.minute)
  }

  /// A minute of the day, such as `06:30`; the last is `24:00`.
  static func minute(ofDay minute: Int) -> String { String(format: "%02d:%02d", minute / 60, minute % 60) }
}
