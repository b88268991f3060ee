import PointSchema

/// The measurements, fields and tags that a query in InfluxQL names.
struct QueryNames {
  /// Names after FROM.
  private(set) var measurements: [String] = []
  /// Names that must be tags: those of GROUP BY and WITH KEY.
  private(set) var tags: [String] = []
  /// Other names, which are fields or tags.
  private(set) var columns: [String] = []
  /// Regular expressions in place of fields.
  private(set) var patterns: [String] = []

  init(_ query: String) {
    var rest = query.replacing(/=~\s*\/(?:[^\/\\]|\\.)*\//, with: "").replacing(/'(?:[^'\\]|\\.)*'/, with: "")
    patterns = Self.take(/\(\/((?:[^\/\\]|\\.)+)\//, from: &rest)
    // A name that is selected as itself remains a field.
    var aliases: Set<String> = []
    for match in rest.matches(of: /(?:"([^"]+)"\)*)? AS "([^"]+)"/) where match.1 != match.2 {
      aliases.insert(String(match.2))
    }
    rest.replace(/\ AS "[^"]+"/, with: "")
    measurements = Self.take(/FROM "([^"]+)"/, from: &rest)
    let groups = Self.take(/GROUP BY (?:time\([^)]*\)(?:, )?)?((?:"[^"]+"(?:, )?)*)/, from: &rest)
    tags = Self.take(/WITH KEY = "([^"]+)"/, from: &rest)
    for var group in groups { tags += Self.take(/"([^"]+)"/, from: &group) }
    columns = Self.take(/"([^"]+)"/, from: &rest).filter { !aliases.contains($0) }
  }

  /// Returns what the schema lacks. `values` are the measurements that a variable in place of one stands for.
  func unknown(values: (String) -> [String] = { [$0] }) -> [String] {
    var unknown: [String] = []
    var known: [Measurement] = []
    for name in measurements.flatMap(values) {
      if let measurement = Measurement.all.first(where: { $0.name == name }) {
        known.append(measurement)
      } else {
        unknown.append("measurement \(name)")
      }
    }
    let tagNames = Set(known.flatMap(\.tags).map(\.name))
    unknown += tags.filter { !tagNames.contains($0) }.map { "tag \($0)" }
    unknown += columns.filter { name in
      !tagNames.contains(name) && !known.contains { $0.declaration(of: name) != nil }
    }.map { "field \($0)" }
    for pattern in patterns {
      guard let regex = try? Regex(pattern) else {
        unknown.append("pattern \(pattern)")
        continue
      }
      if !known.flatMap(\.fields).contains(where: { $0.name.contains(regex) }) { unknown.append("fields \(pattern)") }
    }
    return measurements.isEmpty ? ["no measurement"] : unknown
  }

  private static func take(_ regex: Regex<(Substring, Substring)>, from text: inout String) -> [String] {
    defer { text.replace(regex, with: "") }
    return text.matches(of: regex).map { String($0.1) }
  }
}
