import Glibc

/// The form of a JSON text: everything between its numbers and plain strings.
///
/// A device sends the same text repeatedly with different values. A scan is skipped if everything between the values
/// equals a completely scanned text byte for byte, and each value has the same kind. It would find the same places.
/// `true`, `false`, `null` and names are part of the form.
final class JSONShape: Sendable {
  /// A value, and the places that refer to it.
  private struct Slot {
    /// Range of the bytes before it in ``literals``.
    var before: Range<Int>
    var isString: Bool
    /// Its range in ``places``.
    var places: Range<Int>
  }

  /// Maximum number of values of a text with a form.
  static let mostValues = 64
  /// Maximum length of a text with a form [bytes].
  static let longest = 4_096

  private let literals: [UInt8]
  private let slots: [Slot]
  private let places: [Int]
  private let after: Range<Int>

  /// Creates the form of a scanned text; `nil` if the text is too long, has too many values, or has strings with
  /// escapes.
  ///
  /// - Parameters:
  ///   - payload: the text.
  ///   - scalars: its numbers and strings, in order.
  ///   - found: the value at each place.
  init?(_ payload: UnsafeRawBufferPointer, scalars: [JSONValue], found: [JSONValue]) {
    guard scalars.count <= Self.mostValues, payload.count <= Self.longest else { return nil }
    var (literals, slots, places): ([UInt8], [Slot], [Int]) = ([], [], [])
    var at = 0
    for scalar in scalars {
      guard !scalar.hasEscapes, scalar.range.lowerBound >= at else { return nil }
      let start = literals.count
      literals.append(contentsOf: payload[at..<scalar.range.lowerBound])
      let first = places.count
      for (place, value) in found.enumerated()
      where value.kind == scalar.kind && value.range.lowerBound == scalar.range.lowerBound { places.append(place) }
      slots.append(
        Slot(before: start..<literals.count, isString: scalar.kind == .string, places: first..<places.count))
      at = scalar.range.upperBound
    }
    let start = literals.count
    literals.append(contentsOf: payload[at...])
    after = start..<literals.count
    (self.literals, self.slots, self.places) = (literals, slots, places)
  }

  /// Returns whether a text has this form. If so, sets the ranges in `found`, whose kinds are those of the form.
  func fits(_ payload: UnsafeRawBufferPointer, found: inout [JSONValue]) -> Bool {
    literals.withUnsafeBytes { literals in
      var at = 0
      func skip(_ range: Range<Int>) -> Bool {
        guard payload.count - at >= range.count else { return false }
        guard let text = payload.baseAddress, let form = literals.baseAddress else { return range.isEmpty }
        guard memcmp(text + at, form + range.lowerBound, range.count) == 0 else { return false }
        at += range.count
        return true
      }
      for slot in slots {
        guard skip(slot.before) else { return false }
        let start = at
        if slot.isString {
          while at < payload.count, payload[at] != UInt8(ascii: "\"") {
            guard payload[at] >= 0x20, payload[at] != UInt8(ascii: "\\") else { return false }
            at += 1
          }
        } else {
          guard let end = JSONNumber.end(in: payload, from: at) else { return false }
          at = end
        }
        for place in slot.places { found[places[place]].range = start..<at }
      }
      return skip(after) && at == payload.count
    }
  }
}

/// The grammar of numbers in JSON (RFC 8259, section 6).
enum JSONNumber {
  /// Returns the end of the number that begins at `start`; `nil` if there is none.
  static func end(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var at = start
    func digits() -> Bool {
      let first = at
      while at < bytes.count, ByteText.isDigit(bytes[at]) { at += 1 }
      return at > first
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
    if at < bytes.count, bytes[at] == UInt8(ascii: "0") {
      at += 1
    } else if !digits() {
      return nil
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      at += 1
      if !digits() { return nil }
    }
    if at < bytes.count, bytes[at] | 0x20 == 0x65 {
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
      if !digits() { return nil }
    }
    return at
  }
}
