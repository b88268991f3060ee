import Foundation
import PlantModel

/// Review of a folder of configuration: files that are not read, and what is missing.
enum FolderReview {
  /// Returns why a folder cannot be listed.
  static func mistake(inFolder path: String) -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      return "there is no folder of that name; give a folder of YAML files with --config"
    }
    if !isFolder.boolValue {
      let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      return "this is a file, and the folder that it is in is wanted: --config \(folder.isEmpty ? "." : folder)"
    }
    return "the folder cannot be read; give its user the right to read and enter it, or another with --config"
  }

  /// Returns the file of the process by another spelling of its name, which would be read as a plant.
  static func isMisspeltProcess(_ name: String) -> Bool {
    name != "wattline.yaml" && ["wattline.yaml", "wattline.yml"].contains(name.lowercased())
  }

  /// Returns warnings about what a folder has and lacks.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - names: Names of its entries.
  ///   - plants: Number of plants that were read or refused.
  static func warnings(_ path: String, names: [String], plants: Int) -> [Diagnostic] {
    var found: [Diagnostic] = []
    func warn(_ name: String, _ message: String) {
      found.append(Diagnostic(file: name, line: 1, column: 1, message: message, isWarning: true))
    }
    for name in names where !name.hasPrefix(".") {
      let full = path + "/" + name
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: full, isDirectory: &isFolder) else { continue }
      if isFolder.boolValue {
        let inside = (try? FileManager.default.contentsOfDirectory(atPath: full)) ?? []
        guard let file = inside.sorted().first(where: { ConfigurationLoader.isYAML($0) && !$0.hasPrefix(".") }) else {
          continue
        }
        warn(name + "/" + file, "files of folders inside are not read; move it to \(path)")
      } else if let right = readableName(name) {
        warn(name, "this file is not read; a plant's file ends in .yaml or .yml: call it \(right)")
      }
    }
    guard plants == 0 else { return found }
    if !names.contains(where: ConfigurationLoader.isYAML) {
      warn(path, "the folder has no file of configuration; write wattline.yaml and a file for each plant")
    } else {
      warn(path, "the folder has no plant, so that nothing is received; write a file for each, such as hillside.yaml")
    }
    return found
  }

  /// Returns the name by which a plant's file with another ending would be read; `nil` for other files.
  private static func readableName(_ name: String) -> String? {
    let lower = name.lowercased()
    for ending in [".txt", ".conf", ".json"] where lower.hasSuffix(".yaml" + ending) || lower.hasSuffix(".yml" + ending)
    {
      return String(name.dropLast(ending.count))
    }
    for ending in [".yalm", ".yaml_", ".ymal", ".yam", ".yamll", ".ymll", ".yaml,"] where lower.hasSuffix(ending) {
      return name.dropLast(ending.count) + ".yaml"
    }
    return nil
  }
}
