import PlantModel

@testable import Recordings

/// The rows of a text in the order of time, all columns of numbers.
func recording(_ text: String, options: RecordingOptions = RecordingOptions()) throws -> Recording {
  try recording(Array(text.utf8), options: options)
}

/// The rows of some bytes in the order of time, all columns of numbers.
func recording(_ bytes: [UInt8], options: RecordingOptions = RecordingOptions()) throws -> Recording {
  let file = try RecordingFile(name: "site.csv", contents: bytes, options: options)
  return file.rows(of: file.columns.indices.filter { !file.columns[$0].isText }).ordered()
}

/// Options as a person would give them.
func options(
  zone: String? = nil, dates: DateOrder? = nil, decimal: DecimalMark? = nil, unit: String? = nil
) -> RecordingOptions {
  var options = RecordingOptions()
  (options.zone, options.dates, options.decimal) = (zone, dates, decimal)
  if let unit { options.units[""] = unit }
  return options
}

/// Problem that prevents reading a text.
func refusal(_ text: String, given: RecordingOptions = RecordingOptions()) -> String {
  do throws(RecordingError) {
    _ = try RecordingFile(name: "site.csv", contents: Array(text.utf8), options: given)
    return ""
  } catch { return error.description }
}
