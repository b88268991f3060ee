import Foundation
import WebServer

/// The members of a request's body.
struct JSONBody {
  private let members: [String: Any]

  /// Reads a JSON object.
  ///
  /// - Parameters:
  ///   - call: The request.
  ///   - known: Names of the members that it may have.
  /// - Throws: A problem that names what is wrong.
  init(_ call: Call, members known: [String]) throws(Problem) {
    if call.request.body.isEmpty {
      members = [:]
      return
    }
    guard let tree = try? JSONSerialization.jsonObject(with: Data(call.request.body)) else {
      throw Problem(400, "the body is not JSON")
    }
    guard let object = tree as? [String: Any] else { throw Problem(422, "the body must be a JSON object") }
    for name in object.keys.sorted() where !known.contains(name) {
      throw Problem(422, "there is no member '\(name.prefix(100))'; there are \(known.joined(separator: ", "))")
    }
    members = object
  }

  /// Returns whether a member is there, and not null.
  func has(_ name: String) -> Bool { members[name].map { !($0 is NSNull) } ?? false }

  /// Returns a text.
  func text(_ name: String, longest: Int = 1_000) throws(Problem) -> String {
    guard let text = try optionalText(name, longest: longest) else { throw Problem(422, "'\(name)' is missing") }
    return text
  }

  /// Returns a text; `nil` if it is missing.
  func optionalText(_ name: String, longest: Int = 1_000) throws(Problem) -> String? {
    guard has(name) else { return nil }
    guard let text = members[name] as? String else { throw Problem(422, "'\(name)' must be a text") }
    guard Self.isText(text, longest: longest) else {
      throw Problem(422, "'\(name)' must have 1 to \(longest) characters")
    }
    return text
  }

  /// Whether a text has some characters, of Unicode as in JSON Schema, and none that ends texts in C.
  private static func isText(_ text: String, longest: Int) -> Bool {
    !text.isEmpty && text.unicodeScalars.count <= longest && !text.unicodeScalars.contains("\0")
  }

  /// Returns texts of at most 200 characters; `nil` if they are missing.
  func texts(_ name: String, most: Int = 1_000) throws(Problem) -> [String]? {
    guard has(name) else { return nil }
    guard let texts = members[name] as? [String] else { throw Problem(422, "'\(name)' must be a list of texts") }
    guard texts.count <= most else { throw Problem(422, "'\(name)' may have \(most) elements") }
    guard texts.allSatisfy({ Self.isText($0, longest: 200) }) else {
      throw Problem(422, "each of '\(name)' must have 1 to 200 characters")
    }
    return texts
  }

  /// Returns a number; `nil` if it is missing.
  func number(_ name: String, in bounds: ClosedRange<Double>) throws(Problem) -> Double? {
    guard has(name) else { return nil }
    guard let number = Self.number(members[name]), bounds.contains(number) else {
      throw Problem(422, "'\(name)' must be a number from \(bounds.lowerBound) to \(bounds.upperBound)")
    }
    return number
  }

  /// Returns a whole number; `nil` if it is missing.
  func integer(_ name: String, in bounds: ClosedRange<Int>) throws(Problem) -> Int? {
    guard let number = try number(name, in: Double(bounds.lowerBound)...Double(bounds.upperBound)) else { return nil }
    guard let whole = Int(exactly: number) else { throw Problem(422, "'\(name)' must be a whole number") }
    return whole
  }

  /// Returns the value of a member as it was read.
  func value(_ name: String) -> Any? { members[name] }

  /// Returns a value that is a finite number, and no truth value.
  static func number(_ value: Any?) -> Double? {
    guard let number = value as? NSNumber, !["c", "B"].contains(String(cString: number.objCType)),
      number.doubleValue.isFinite
    else { return nil }
    return number.doubleValue
  }
}
