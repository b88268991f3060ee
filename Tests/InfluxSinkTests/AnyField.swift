@testable import PointSchema

/// Fields of any name and value, which only tests write.
extension PointBatch {
  mutating func field(_ name: String, _ value: Double) { append(Field(name, .float(value))) }
  mutating func field(_ name: String, integer value: Int64) { append(Field(name, .integer(value))) }
  mutating func field(_ name: String, boolean value: Bool) { append(Field(name, .boolean(value))) }
  mutating func field(_ name: String, text value: String) { append(Field(name, .text(value))) }
}
