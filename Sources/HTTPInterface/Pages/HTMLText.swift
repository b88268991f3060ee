/// Texts in HTML.
enum HTMLText {
  /// Returns a text in which no character has a meaning.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// Returns a whole page.
  ///
  /// - Parameters:
  ///   - title: Title, as text.
  ///   - body: Content, as HTML.
  static func page(_ title: String, body: String) -> String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><title>\(escaped(title))</title>
    <meta name="viewport" content="width=device-width">
    <style>
    :root { color-scheme: light dark; }
    body { font-family: sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; line-height: 1.4; }
    table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: 0.3em 0.8em 0.3em 0; }
    article { border-top: 1px solid; padding: 0.8em 0; } h2 { margin-top: 2em; }
    form { display: inline-block; margin: 0.3em 0.6em 0.3em 0; } button, input, select { font: inherit; padding: 0.4em 0.8em; }
    .id { font-family: monospace; overflow-wrap: anywhere; } .note { border: 1px solid; padding: 0.6em 1em; }
    </style></head><body>
    \(body)
    </body></html>

    """
  }
}
