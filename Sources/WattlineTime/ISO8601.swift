/// Parser of ISO 8601 times with a zone.
public enum ISO8601 {
  /// Returns the timestamp of a text `YYYY-MM-DDThh:mm[:ss[.fraction]]` with a zone; `nil` for anything else.
  ///
  /// The zone is `Z`, `UTC` or an offset such as `+02:00`, `-0700` or `+02`. A space may replace the `T`, and another
  /// may precede the zone, as pandas writes it. Times without a zone give `nil`.
  public static func timestamp(_ text: some StringProtocol) -> Timestamp? {
    var cursor = Cursor(bytes: Array(text.utf8))
    guard let year = cursor.digits(4), cursor.skip("-"), let month = cursor.digits(2), cursor.skip("-"),
      let day = cursor.digits(2), cursor.skip("T") || cursor.skip("t") || cursor.skip(" "),
      let hour = cursor.digits(2), cursor.skip(":"), let minute = cursor.digits(2)
    else { return nil }
    var civil = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute)
    if cursor.skip(":") {
      guard let second = cursor.digits(2) else { return nil }
      civil.second = second
      if cursor.skip(".") || cursor.skip(",") {
        guard let fraction = cursor.fraction() else { return nil }
        civil.nanosecond = fraction
      }
    }
    guard civil.isValid, let offset = cursor.offset(), cursor.isAtEnd else { return nil }
    return civil.utc - .minutes(Int64(offset))
  }

  private struct Cursor {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
      guard position < bytes.count, bytes[position] == UInt8(truncatingIfNeeded: scalar.value) else { return false }
      position += 1
      return true
    }

    private mutating func digit() -> Int? {
      guard position < bytes.count, (48...57).contains(bytes[position]) else { return nil }
      position += 1
      return Int(bytes[position - 1]) - 48
    }

    mutating func digits(_ count: Int) -> Int? {
      var value = 0
      for _ in 0..<count {
        guard let digit = digit() else { return nil }
        value = value * 10 + digit
      }
      return value
    }

    /// Consumes a fraction of a second and returns nanoseconds; digits after the ninth are ignored.
    mutating func fraction() -> Int? {
      var value = 0
      var weight = 100_000_000
      guard let first = digit() else { return nil }
      value = first * weight
      while let next = digit() {
        weight /= 10
        value += next * weight
      }
      return value
    }

    /// Consumes the zone and returns minutes ahead of UTC.
    mutating func offset() -> Int? {
      _ = skip(" ")
      if skip("Z") || skip("z") || (skip("U") && skip("T") && skip("C")) { return 0 }
      let sign = skip("+") ? 1 : skip("-") ? -1 : 0
      guard sign != 0, let hours = digits(2), hours <= 18 else { return nil }
      if isAtEnd { return sign * hours * 60 }
      _ = skip(":")
      guard let minutes = digits(2), minutes < 60 else { return nil }
      return sign * (hours * 60 + minutes)
    }
  }
}
