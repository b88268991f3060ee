import PlantModel
import Recordings

/// Reader of weather forecasts from a file in the plant's folder.
///
/// The first row names the columns: `time` and any of ``PlantModel/WeatherForecast/columns``. Each further row is one
/// time; cells may be empty.
enum WeatherFileReader {
  private static let names = WeatherForecast.columns.map(\.name)
  /// Header row with all known columns, for messages.
  static let columns = "time,\(names.joined(separator: ","))"

  /// Returns the forecast in a file; reports its mistakes.
  static func forecast(_ source: DatedFile.Source, reading: ConfigurationContext) -> WeatherForecast {
    let dated = DatedFile(source, reading: reading)
    guard let file = dated.file, dated.hasTimes else { return WeatherForecast() }
    guard file.layout.headerLine != nil else {
      dated.mistake(1, 1, "a first row must name the columns, as \(source.columns)")
      return WeatherForecast()
    }
    var order: [Int] = []
    for (place, column) in file.columns.enumerated() {
      guard let index = names.firstIndex(of: column.name.lowercased()) else {
        dated.mistake(
          heading: place, "there is no column '\(column.heading)'; known are \(names.joined(separator: ", "))")
        return WeatherForecast()
      }
      order.append(index)
    }
    func message(_ text: String, column: Int) -> String {
      let known = WeatherForecast.columns[order[column]]
      let range = "\(Int(known.range.lowerBound)) to \(Int(known.range.upperBound)) \(known.meaning)"
      return "'\(text)' is no \(known.name), \(range)"
    }
    let read = dated.rows(
      of: Array(order.indices), width: { "the row has \($0) cells, the first row names \(order.count + 1)" },
      number: message)
    guard let rows = read else { return WeatherForecast() }
    var wrong: [(row: Int, column: Int)] = []
    let forecast = rows.times.indices.map { row in
      var values: [Double?] = names.map { _ in nil }
      for (place, index) in order.enumerated() where !rows.values[place][row].isNaN {
        values[index] = rows.values[place][row]
        if !WeatherForecast.columns[index].range.contains(rows.values[place][row]) { wrong.append((row, place)) }
      }
      return WeatherForecast.Row(time: rows.times[row], values: values)
    }
    dated.reportMistakes(rows, wrong: wrong, words: message)
    return WeatherForecast(forecast)
  }
}
