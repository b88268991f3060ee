import PlantModel

struct TimeFormat { init(_ text: String) throws {} }
extension TimeText {
  static func parse(
    _ text: Bytes, unit: TopicRule.TimeUnit, format: TimeFormat?, received: Timestamp, calendar: inout LocalCalendar
  ) -> Timestamp? {
    parse(text, unit: unit, calendar: &calendar)
  }
}
