import PlantModel

/// Numbered messages over many sensors. Value, and time where there is one, tell which message a point came from.
///
/// Four messages in five carry a time of their own; the fifth is a plain number, whose time is that of its arrival.
struct NumberedMessages {
  static let plant = "oracle"
  /// Which of them several workers share out.
  static let plants = [plant, "oracle-2", "oracle-3"]
  static let sensors = 50
  private static let spacing: Int64 = 4

  let count: Int
  /// Time of message 0 [ms].
  let start: Int64
  /// Further bytes in each message that has a time.
  var padding = 0

  /// A message's point is found under this name.
  static func sensor(of number: Int) -> String { "s\(number % sensors)" }
  static func plant(of number: Int) -> String { plants[number % sensors % plants.count] }
  static func isPlain(_ number: Int) -> Bool { number % sensors % 5 == 0 }
  static func value(of number: Int) -> Double { Double(number) + 0.25 }
  /// The message behind a value.
  static func number(of value: Double) -> Int? { Int(exactly: value - 0.25) }

  func time(of number: Int) -> Int64 { start + Int64(number) * NumberedMessages.spacing }

  func topic(of number: Int) -> String {
    "\(NumberedMessages.plant(of: number))/device/\(NumberedMessages.sensor(of: number))"
  }

  func payload(of number: Int) -> String {
    let value = NumberedMessages.value(of: number)
    if NumberedMessages.isPlain(number) { return "\(value)" }
    let text = String(repeating: "x", count: padding)
    return "{\"value\":\(value),\"ts\":\(time(of: number)),\"text\":\"\(text)\"}"
  }
}
