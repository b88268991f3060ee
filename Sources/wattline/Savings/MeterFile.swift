import Recordings
import Savings
import WattlineTime

/// A recording of a meter, with its weather if the file has it.
struct MeterFile {
  /// Path of the file.
  let path: String
  /// Readings of the meter.
  let readings: MeterReadings
  /// Weather of the file; `nil` without a column of temperature.
  let weather: WeatherRecord?
  /// Further independent variables, in the order in which they were asked for.
  let variables: [HourlySeries]

  /// Words by which a column of use is found if none has the fuel in its name.
  private static let useWords = ["observed", "usage", "consumption", "energy", "kwh", "meter_value", "value"]

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: Path of the file.
  ///   - fuel: Fuel, by which the column of use is found.
  ///   - zone: IANA zone of times without an offset; UTC if `nil`.
  ///   - variables: Headings of columns with further independent variables.
  init(_ path: String, fuel: String, zone: String?, variables: [String] = []) throws {
    self.path = path
    let file = try MeterFile.open(path, zone: zone)
    let further = try variables.map { try MeterFile.variableColumn(file, heading: $0) }
    let use = try MeterFile.useColumn(file, fuel: fuel, besides: further)
    let table = file.rows(of: [use]).ordered()
    RecordingArguments.report(table, of: path)
    guard table.values[0].contains(where: \.isFinite) else {
      throw Failure(description: "\(path): the column '\(file.columns[use].heading)' has no number in any row")
    }
    readings = MeterReadings(
      times: table.times, values: MeterFile.energies(table, heading: file.columns[use].heading))
    weather = try MeterFile.weather(file)
    self.variables = further.map { column in
      let table = file.rows(of: [column]).ordered()
      return HourlySeries(times: table.times, rows: table.values[0])
    }
  }

  /// Reads a file of weather.
  static func weather(_ path: String, zone: String?) throws -> WeatherRecord {
    guard let weather = try weather(open(path, zone: zone)) else {
      throw Failure(description: "\(path): has no column 'temperature' [°C] or 'temperature_f' [°F]")
    }
    return weather
  }

  /// Returns whether a file has a column of numbers whose name begins with that of a fuel.
  static func has(_ fuel: String, in path: String, zone: String?) throws -> Bool {
    try open(path, zone: zone).columns.contains { !$0.isText && $0.heading.lowercased().hasPrefix(fuel) }
  }

  private static func open(_ path: String, zone: String?) throws -> RecordingFile {
    var options = RecordingOptions()
    options.zone = zone
    return try RecordingFile(path: path, options: options)
  }

  private static func isWeather(_ column: RecordingColumn) -> Bool {
    let name = column.heading.lowercased()
    return ["temp", "irradiance", "ghi", "solar", "humidity", "wind", "dew"].contains { name.contains($0) }
  }

  /// Returns the column of a variable.
  private static func variableColumn(_ file: RecordingFile, heading: String) throws -> Int {
    if let found = file.columns.indices.first(where: { index in
      !file.columns[index].isText && file.columns[index].heading.lowercased() == heading.lowercased()
    }) {
      return found
    }
    let known = file.columns.map(\.heading).joined(separator: ", ")
    throw Failure(description: "\(file.name): has no column of numbers '\(heading)' for --variable; it has \(known)")
  }

  /// Returns the column of use: named after the fuel, by a usual word, or the only one left.
  private static func useColumn(_ file: RecordingFile, fuel: String, besides further: [Int]) throws -> Int {
    let candidates = file.columns.indices.filter { index in
      !file.columns[index].isText && !isWeather(file.columns[index]) && !further.contains(index)
    }
    func named(_ matches: (String) -> Bool) -> Int? {
      candidates.first { matches(file.columns[$0].heading.lowercased()) }
    }
    let fuel = fuel.lowercased()
    if let found = named({ $0 == fuel }) ?? named({ $0 == fuel + "_kwh" }) ?? named({ $0.hasPrefix(fuel) }) {
      return found
    }
    for word in useWords {
      if let found = named({ $0.contains(word) }) { return found }
    }
    if candidates.count == 1 { return candidates[0] }
    let known = file.columns.map(\.heading).joined(separator: ", ")
    throw Failure(
      description: "\(file.name): no column is named after the fuel, such as '\(fuel)_kwh'; it has \(known)")
  }

  /// Returns the energies of rows [kWh]. Powers are taken over the usual step.
  private static func energies(_ table: Recording, heading: String) -> [Double] {
    switch table.columns[0].unit {
    case .energy(let factor): return table.values[0].map { $0 * factor }
    case .power(let factor):
      let hours = table.step?.inHours ?? 1
      return table.values[0].map { $0 * factor * hours }
    case .other(let name):
      let factor = [
        "therm": 29.3071, "therms": 29.3071, "kbtu": 0.293071, "mmbtu": 293.071, "mj": 1 / 3.6, "gj": 277.778,
      ]
      return table.values[0].map { $0 * (factor[name.lowercased()] ?? 1) }
    case nil: return table.values[0]
    }
  }

  private static func weather(_ file: RecordingFile) throws -> WeatherRecord? {
    let columns = file.columns
    guard
      let temperature = columns.firstIndex(where: { !$0.isText && $0.heading.lowercased().contains("temp") })
    else { return nil }
    let sun = columns.firstIndex { column in
      ["irradiance", "ghi", "solar"].contains { column.heading.lowercased().contains($0) } && !column.isText
    }
    let table = file.rows(of: [temperature] + (sun.map { [$0] } ?? [])).ordered()
    let isFahrenheit = isFahrenheit(columns[temperature])
    return WeatherRecord(
      times: table.times, temperatures: table.values[0].map { isFahrenheit ? ($0 - 32) / 1.8 : $0 },
      irradiances: sun == nil ? [] : table.values[1])
  }

  private static func isFahrenheit(_ column: RecordingColumn) -> Bool {
    let heading = column.heading.lowercased()
    if case .other(let unit) = column.unit, ["°f", "f", "degf"].contains(unit.lowercased()) { return true }
    return heading.hasSuffix("_f") || heading.hasSuffix("tempf") || heading.contains("fahrenheit")
  }
}
