/// What the configuration asks of time formats.
package enum TimeFormats {
  /// What is wrong with a format in the letters of `strptime`, with what would be right; `nil` if nothing is.
  package static func mistake(in text: String) -> String? {
    do {
      _ = try TimeFormat(text)
      return nil
    } catch {
      return "\(error)"
    }
  }
}
