import Foundation
import PlantTesting
import PointSchema

/// Blocks of code on a page, by their language.
struct QueryPage {
  /// A block between fences.
  struct Block {
    var page: String
    var language: String
    var text: String
  }

  /// Folder of the data scientist's pages, from the root of the repository.
  static let folder = "Sources/wattline/wattline.docc"

  /// Blocks of the data scientist's pages, and of other pages that ask the database.
  static func blocks() throws -> [Block] {
    let root = PackageFolder.root().path + "/"
    let own = try FileManager.default.contentsOfDirectory(atPath: root + folder).filter { $0.hasSuffix(".md") }.sorted()
    return try (own.map { "\(folder)/\($0)" } + ["README.md", "pipelines/README.md"]).flatMap { page in
      try String(contentsOfFile: root + page, encoding: .utf8)
        .matches(of: #/(?m)^( *)```(\w*)\n((?:.|\n)*?)\n\1```$/#)
        .map { Block(page: page, language: String($0.2), text: String($0.3)) }
    }
  }

  /// Returns what is wrong with the form and the names of a Flux query.
  static func defects(ofFlux query: String) -> [String] {
    var defects: [String] = []
    let lines = query.split(separator: "\n")
    if lines.first?.wholeMatch(of: #/from\(bucket: "\w+"\)/#) == nil { defects.append("no bucket") }
    for line in lines.dropFirst() where !line.hasPrefix("  |> ") || !line.hasSuffix(")") {
      defects.append("no step: \(line)")
    }
    for (opening, closing) in [("(", ")"), ("[", "]"), ("{", "}")] as [(Character, Character)] {
      if query.count(where: { $0 == opening }) != query.count(where: { $0 == closing }) {
        defects.append("\(opening) without \(closing)")
      }
    }
    if query.count(where: { $0 == "\"" }) % 2 != 0 { defects.append("an open text") }
    let measurement = query.firstMatch(of: #/r\._measurement == "(\w+)"/#).flatMap { name in
      Measurement.all.first { $0.name == name.1 }
    }
    guard let measurement else { return defects + ["no measurement of the schema"] }
    for field in query.matches(of: #/r\._field == "(\w+)"/#) where measurement.declaration(of: "\(field.1)") == nil {
      defects.append("no field \(field.1)")
    }
    let names = measurement.tags.map(\.name) + measurement.fields.map(\.name)
    for name in query.matches(of: #/\br\.([a-z]\w*)/#) where !names.contains("\(name.1)") {
      defects.append("no tag or field \(name.1)")
    }
    let columns = query.matches(of: #/columns: \[([^\]]*)\]/#).flatMap { $0.1.matches(of: #/"(\w+)"/#) }
    for name in columns where !names.contains("\(name.1)") { defects.append("no column \(name.1)") }
    return defects
  }
}
