import Foundation
import Pipeline
import PlantConfig
import SystemCore
import WebServer

/// Changes to the files of plants and communities, each checked with all other files before it is written.
struct ConfigurationFiles {
  let api: API

  /// Returns the content of a file of the folder.
  func content(of file: String) throws(Problem) -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: api.pipeline.path(file)) else {
      throw Problem(503, "\(file) cannot be read")
    }
    return Array(data)
  }

  /// Throws a problem if a request is about another content of a file than it has.
  func checkMatch(_ call: Call, file: String) throws(Problem) {
    guard let wanted = call.request.headers["if-match"], wanted != "*" else { return }
    guard EntityTag.matches(wanted, EntityTag.of(try content(of: file)), isStrong: true) else {
      throw Problem(412, "the file has changed since; read it again")
    }
  }

  /// Returns a file name that no file of the folder has.
  ///
  /// - Parameter name: Name of the plant or community.
  func newName(for name: String) throws(Problem) -> String {
    let plain = String(name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "-" })
      .trimmingCharacters(in: CharacterSet(charactersIn: "-"))
    let base = plain.isEmpty || plain == "wattline" ? "plant-\(plain)" : String(plain.prefix(100))
    for number in 1...1_000 {
      let name = number == 1 ? "\(base).yaml" : "\(base)-\(number).yaml"
      if !FileManager.default.fileExists(atPath: api.pipeline.path(name)) { return name }
    }
    throw Problem(409, "there are too many files like \(base).yaml")
  }

  /// Writes a file, and puts it into effect.
  ///
  /// - Parameters:
  ///   - body: Its content.
  ///   - file: Its name.
  /// - Returns: Warnings about it.
  func write(_ body: [UInt8], to file: String) throws(Problem) -> [PlantEndpoints.Finding] {
    try api.checkVariables(body, file: file)
    let loaded = api.pipeline.checked((file, body))
    try refuse(loaded.diagnostics)
    try api.checkPrograms(of: loaded.plants)
    // A link stays one, and the file keeps its mode.
    let path = URL(fileURLWithPath: api.pipeline.path(file)).resolvingSymlinksInPath().path
    let mode = try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
    do { try Data(body).write(to: URL(fileURLWithPath: path), options: .atomic) } catch { throw Self.unwritable(path) }
    if let mode { try? FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path) }
    api.pipeline.reload()
    return loaded.warnings.filter { $0.file == file }.map { PlantEndpoints.Finding($0) }
  }

  /// Renames a file to `NAME.yaml.removed`, and puts that into effect.
  func remove(_ file: String) throws(Problem) {
    try refuse(api.pipeline.checked((file, nil)).diagnostics)
    let path = api.pipeline.path(file)
    guard rename(path, path + ".removed") == 0 else { throw Self.unwritable(path) }
    api.pipeline.reload()
  }

  private func refuse(_ diagnostics: [Diagnostic]) throws(Problem) {
    if diagnostics.isEmpty { return }
    throw Problem(422, diagnostics.prefix(20).map(\.description).joined(separator: "\n"))
  }

  private static func unwritable(_ path: String) -> Problem {
    Problem(
      503,
      "\(path) cannot be written; the interface changes plants only where the process may write to the folder of "
        + "the configuration")
  }
}
