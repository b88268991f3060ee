import Foundation

/// A fault in a file of an instance: which file, where, what is wrong and what would be right.
public struct InstanceError: Error, CustomStringConvertible, Equatable {
  /// The fault in one sentence.
  public let description: String

  init(_ file: String, line: Int? = nil, _ message: String) {
    description = "\(file)\(line.map { ", line \($0)" } ?? ""): \(message)"
  }
}

/// Lines of a CSV file with a header, read field by field.
struct TableText {
  /// Name of the file in messages.
  let name: String
  /// Names of the columns.
  let header: [String]
  private let bytes: Data
  private var place: Data.Index
  private(set) var line = 1

  /// Opens a file and reads its header.
  ///
  /// - Parameters:
  ///   - folder: The folder of the instance.
  ///   - name: Name of the file.
  init(folder: String, name: String) throws(InstanceError) {
    self.name = name
    guard let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
      throw InstanceError(
        name, "there is no such file in \(folder); a folder of `wattline community` has one")
    }
    self.bytes = bytes
    place = bytes.startIndex
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place += 3 }
    let end = bytes[place...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
    let first = String(decoding: bytes[place..<end], as: UTF8.self)
    if first.contains(";"), !first.contains(",") {
      throw InstanceError(
        name, line: 1, "fields are separated by semicolons; expected commas and decimal points")
    }
    header = first.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: CharacterSet(charactersIn: " \t\r\""))
    }
    place = end == bytes.endIndex ? end : end + 1
  }

  /// Returns the position of a column.
  func column(_ column: String) throws(InstanceError) -> Int {
    guard let place = header.firstIndex(of: column) else {
      throw InstanceError(
        name, line: 1,
        "there is no column '\(column)'; there are \(header.prefix(12).joined(separator: ", "))")
    }
    return place
  }

  /// Reads all lines that are not empty; each must have as many fields as the header.
  ///
  /// - Parameter body: Receives the number of the line, and its fields as numbers; text becomes NaN.
  mutating func forEachLine(
    _ body: (_ line: Int, _ values: UnsafeBufferPointer<Double>) throws(InstanceError) -> Void
  ) throws(InstanceError) {
    let failure: InstanceError? = bytes.withUnsafeBytes { raw in
      do throws(InstanceError) {
        try read(raw.bindMemory(to: UInt8.self), body: body)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  private func read(
    _ text: UnsafeBufferPointer<UInt8>,
    body: (_ line: Int, _ values: UnsafeBufferPointer<Double>) throws(InstanceError) -> Void
  ) throws(InstanceError) {
    var place = place - bytes.startIndex
    var line = 1
    let values = UnsafeMutableBufferPointer<Double>.allocate(capacity: header.count)
    defer { values.deallocate() }
    while place < text.count {
      line += 1
      var end = place
      while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
      var last = end
      while last > place, text[last - 1] <= UInt8(ascii: " ") { last -= 1 }
      if last > place {
        let count = NumberText.fields(
          UnsafeBufferPointer(rebasing: text[place..<last]), into: values)
        guard count == header.count else {
          throw InstanceError(
            name, line: line, "there are \(count) fields; the header has \(header.count)")
        }
        try body(line, UnsafeBufferPointer(values))
      }
      place = end + 1
    }
  }
}

/// Numbers in the fields of a line.
enum NumberText {
  private static let powers: [Double] = (0...22).map { pow(10, Double($0)) }

  /// Splits a line at commas and reads each field as a number; NaN if it is none.
  ///
  /// - Returns: The number of fields, of which those beyond the room are not kept.
  static func fields(
    _ line: UnsafeBufferPointer<UInt8>, into values: UnsafeMutableBufferPointer<Double>
  ) -> Int {
    var start = 0
    var count = 0
    powers.withUnsafeBufferPointer { powers in
      while start <= line.count {
        var end = start
        while end < line.count, line[end] != UInt8(ascii: ",") { end += 1 }
        if count < values.count {
          values[count] = number(UnsafeBufferPointer(rebasing: line[start..<end]), powers: powers)
        }
        count += 1
        start = end + 1
      }
    }
    return count
  }

  /// Returns the number that a field is: exact for up to 15 digits, else as the C library reads it.
  private static func number(
    _ field: UnsafeBufferPointer<UInt8>, powers: UnsafeBufferPointer<Double>
  ) -> Double {
    var place = 0
    var isNegative = false
    if place < field.count, field[place] == UInt8(ascii: "-") {
      isNegative = true
      place += 1
    }
    var digits = 0
    var decimals = -1
    var mantissa: Int64 = 0
    while place < field.count {
      let byte = field[place]
      if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), digits < 15 {
        mantissa = mantissa * 10 + Int64(byte - UInt8(ascii: "0"))
        digits += 1
        if decimals >= 0 { decimals += 1 }
      } else if byte == UInt8(ascii: "."), decimals < 0 {
        decimals = 0
      } else {
        return slow(field)
      }
      place += 1
    }
    guard digits > 0 else { return slow(field) }
    let value = Double(mantissa) / powers[max(0, decimals)]
    return isNegative ? -value : value
  }

  private static func slow(_ field: UnsafeBufferPointer<UInt8>) -> Double {
    let text = String(decoding: field, as: UTF8.self).trimmingCharacters(
      in: CharacterSet(charactersIn: " \t\r\""))
    return Double(text) ?? .nan
  }
}
