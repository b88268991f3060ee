import Foundation
public import PlantModel
import Recordings
public import Settings

/// Content of a configuration folder.
public struct LoadedConfiguration: Sendable {
  /// Settings of the process; defaults if there is no `wattline.yaml`.
  public var settings = ProcessSettings()
  /// Plants, in the order of their file names.
  public var plants: [Plant] = []
  /// Name of each plant's file, by the plant's name.
  public var plantFiles: [String: String] = [:]
  /// Communities, in the order of their file names.
  public var communities: [CommunitySettings] = []
  /// Name of each community's file, by the community's name.
  public var communityFiles: [String: String] = [:]
  /// Files and variables that the plants were read from; enough to read the same plants again, elsewhere and later.
  public var sources = PlantSources()
  /// Files of secrets, keys and certificates that `wattline.yaml` names.
  public var namedFiles: [NamedFile] = []
  /// Certificates and keys of `wattline.yaml` that cannot be read now. The configuration is valid without them: what
  /// needs them tries again.
  public var unreadableFiles: [Diagnostic] = []
  /// All mistakes, in the order of files and lines.
  public var diagnostics: [Diagnostic] = []
  /// Accepted entries that are probably not intended, in the order of files and lines.
  public var warnings: [Diagnostic] = []
  /// Interpretation of the files of prices and weather, one line each.
  public var explanations: [String] = []
  /// Creates the content of an empty folder.
  public init() {}

  /// Whether the configuration has no mistake.
  public var isValid: Bool { diagnostics.isEmpty }
}

/// The plants' files as read, with the files of prices and weather that they name and their environment variables.
///
/// The process's own file, and with it every secret, is not included.
public struct PlantSources: Sendable, Equatable {
  /// Names and contents: plants in the order of names, each before the data files that it names.
  public var files: [(name: String, bytes: [UInt8])] = []
  /// Environment variables that the files reference and that were set.
  public var environment: [String: String] = [:]

  /// Creates sources without plants.
  public init() {}

  /// Returns whether both describe the same plants.
  public static func == (a: PlantSources, b: PlantSources) -> Bool {
    a.environment == b.environment && a.files.elementsEqual(b.files) { $0.name == $1.name && $0.bytes == $1.bytes }
  }

  /// The plants that these sources describe, without those that cannot be read.
  public var plants: [Plant] {
    ConfigurationLoader.load(files: files, environment: environment) { name in
      files.first { $0.name == name && !ConfigurationLoader.isYAML(name) }.map {
        String(decoding: $0.bytes, as: UTF8.self)
      }
    }.plants
  }
}

/// Reader of a folder of YAML files: `wattline.yaml` is the process, every other file a plant or a community.
public enum ConfigurationLoader {
  private static let processFile = "wattline.yaml"

  /// Loads `wattline.yaml` of a folder alone, without the plants.
  public static func loadProcess(directory: String, environment: [String: String]) -> LoadedConfiguration {
    load(directory: directory, environment: environment) { $0 == processFile }
  }

  /// Loads a folder. Paths in `*_file` keys are relative to it.
  public static func load(directory: String, environment: [String: String]) -> LoadedConfiguration {
    load(directory: directory, environment: environment) { _ in true }
  }

  /// Loads a folder as it would be with another content of one file. Nothing is written.
  ///
  /// - Parameters:
  ///   - directory: The folder.
  ///   - environment: Environment variables.
  ///   - name: Name of the file.
  ///   - bytes: Its content; `nil` if it were not there.
  /// - Returns: The content of the folder with the file.
  public static func load(
    directory: String, environment: [String: String], replacing name: String, with bytes: [UInt8]?
  ) -> LoadedConfiguration {
    load(directory: directory, environment: environment, changed: (name, bytes)) { _ in true }
  }

  private static func load(
    directory: String, environment: [String: String], changed: (name: String, bytes: [UInt8]?)? = nil,
    where isWanted: (String) -> Bool
  ) -> LoadedConfiguration {
    var names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: directory)
    } catch {
      let message = FolderReview.mistake(inFolder: directory)
      var loaded = LoadedConfiguration()
      loaded.diagnostics = [Diagnostic(file: directory, line: 1, column: 1, message: message)]
      return loaded
    }
    if let changed {
      names.removeAll { $0 == changed.name }
      if changed.bytes != nil { names.append(changed.name) }
    }
    var files: [(name: String, bytes: [UInt8])] = []
    var unreadable: [Diagnostic] = []
    for name in names.sorted() where isYAML(name) && !name.hasPrefix(".") && isWanted(name) {
      if FolderReview.isMisspeltProcess(name) {
        let message =
          "the process's file must be called \(processFile); '\(name)' would be a plant's. Give it that name"
        unreadable.append(Diagnostic(file: name, line: 1, column: 1, message: message))
        continue
      }
      if let changed, name == changed.name {
        files.append((name, changed.bytes ?? []))
        continue
      }
      do throws(ConfigurationFile.Unreadable) {
        files.append((name, try ConfigurationFile.read(directory + "/" + name)))
      } catch {
        let message = "cannot be read: \(error.reason)" + (error.isDenied ? "" : "; give it another name, or mend it")
        unreadable.append(Diagnostic(file: name, line: 1, column: 1, message: message))
      }
    }
    var loaded = load(files: files, environment: environment, folder: directory) { path in
      let full = path.hasPrefix("/") ? path : directory + "/" + path
      return (try? ConfigurationFile.read(full)).map { bytes in
        path.hasSuffix(".csv") ? RecordingFile.text(of: bytes) : String(decoding: bytes, as: UTF8.self)
      }
    }
    loaded.diagnostics = ordered(unreadable + loaded.diagnostics)
    let plants = files.count { $0.name != processFile } - loaded.communities.count + unreadable.count
    loaded.warnings = ordered(
      loaded.warnings + FolderReview.warnings(directory, names: names.sorted(), plants: plants))
    return loaded
  }

  /// Returns whether a file name ends in `.yaml` or `.yml`, in any case.
  static func isYAML(_ name: String) -> Bool {
    [".yaml", ".yml"].contains { name.lowercased().hasSuffix($0) }
  }

  private static func ordered(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
    diagnostics.sorted { ($0.file, $0.line, $0.column) < ($1.file, $1.line, $1.column) }
  }

  /// Loads files that are in memory.
  ///
  /// - Parameters:
  ///   - files: Names and contents of the YAML files.
  ///   - environment: Environment variables.
  ///   - readFile: Returns the text of a file of secrets, prices or weather; `nil` if it cannot be read.
  public static func load(
    files: [(name: String, bytes: [UInt8])], environment: [String: String], readFile: @escaping (String) -> String?
  ) -> LoadedConfiguration {
    load(files: files, environment: environment, folder: nil, readFile: readFile)
  }

  /// Loads files that are in memory. If they are of a folder, each plant is reviewed as a whole, and so are the paths.
  private static func load(
    files: [(name: String, bytes: [UInt8])], environment: [String: String], folder: String?,
    readFile: @escaping (String) -> String?
  ) -> LoadedConfiguration {
    let isReviewed = folder != nil
    var loaded = LoadedConfiguration()
    var places: [(plant: Plant, file: String, name: Mark, topics: [Mark])] = []
    var communities: [(file: String, reading: CommunityReader.Reading)] = []
    for file in files where isYAML(file.name) {
      let reading = ConfigurationContext(
        file: file.name, environment: environment, folder: folder, readFile: readFile)
      do throws(Diagnostic) {
        let root = try YAMLParser.parse(file.bytes, file: file.name)
        if file.name == processFile {
          if let root {
            loaded.settings = ProcessReader(reading).settings(root)
            if isReviewed, reading.diagnostics.isEmpty { EmptyValues(reading).check(root) }
          }
          loaded.namedFiles = reading.namedFiles
          loaded.unreadableFiles = reading.unreadableFiles
          loaded.diagnostics += reading.diagnostics
          loaded.warnings += reading.warnings
          continue
        }
        if let root, CommunityReader.describes(root) {
          if let community = CommunityReader(reading).community(root) { communities.append((file.name, community)) }
          loaded.diagnostics += reading.diagnostics
          loaded.warnings += reading.warnings
          continue
        }
        if let root {
          let reader = PlantReader(reading)
          if let plant = reader.plant(root) {
            places.append((plant, file.name, reader.namePlace, reader.topicPlaces))
            if isReviewed, reading.diagnostics.isEmpty { PlantReview(plant, root: root, reading: reading).check() }
          }
        } else {
          reading.mistake(Mark(line: 1, column: 1), "the file is empty; a plant starts with 'plant: NAME'")
        }
      } catch {
        loaded.diagnostics.append(error)
      }
      loaded.diagnostics += reading.diagnostics
      loaded.warnings += reading.warnings
      loaded.sources.files.append(file)
      loaded.sources.files += reading.usedFiles.sorted { $0.key < $1.key }.map { ($0.key, Array($0.value.utf8)) }
      loaded.explanations += reading.explanations
      loaded.sources.environment.merge(reading.usedEnvironment) { first, _ in first }
    }
    loaded.plants = places.map(\.plant)
    loaded.plantFiles = Dictionary(places.map { ($0.plant.name, $0.file) }, uniquingKeysWith: { first, _ in first })
    loaded.communities = communities.map(\.reading.settings)
    loaded.communityFiles = Dictionary(
      communities.map { ($0.reading.settings.name, $0.file) }, uniquingKeysWith: { first, _ in first })
    let membership = CommunityReader.conflicts(communities, plants: loaded.plants.map(\.name))
    loaded.diagnostics = ordered(loaded.diagnostics + conflicts(places) + membership.filter { !$0.isWarning })
    loaded.warnings = ordered(loaded.warnings + membership.filter(\.isWarning))
    return loaded
  }

  /// Returns mistakes for plants of the same name, and for topics of different plants that can match the same topic.
  private static func conflicts(
    _ plants: [(plant: Plant, file: String, name: Mark, topics: [Mark])]
  ) -> [Diagnostic] {
    var found: [Diagnostic] = []
    var owners: [String: Int] = [:]
    var earlier = TopicTree()
    for (position, later) in plants.enumerated() {
      if let owner = owners[later.plant.name] {
        found.append(
          Diagnostic(
            file: later.file, line: later.name.line, column: later.name.column,
            message: "plant '\(later.plant.name)' is already in \(plants[owner].file); give it another name"))
        continue
      }
      owners[later.plant.name] = position
      found += sharingConflicts(later)
      for (number, rule) in later.plant.topics.enumerated() {
        guard let place = earlier.first(meeting: rule.match) else { continue }
        let other = plants[place.plant]
        found.append(
          Diagnostic(
            file: later.file, line: later.topics[number].line, column: later.topics[number].column,
            message: "nothing tells '\(rule.match)' from '\(other.plant.topics[place.rule].match)' of plant "
              + "'\(other.plant.name)' (\(other.file)); start each with a level of its own, such as "
              + "'\(later.plant.name)/…'"))
      }
      for (number, rule) in later.plant.topics.enumerated() { earlier.add(rule.match, place: (position, number)) }
    }
    return found
  }

  /// Returns mistakes for overlapping topics of one plant in different shared subscriptions, whose messages would
  /// arrive twice.
  private static func sharingConflicts(
    _ plant: (plant: Plant, file: String, name: Mark, topics: [Mark])
  ) -> [Diagnostic] {
    var found: [Diagnostic] = []
    var earlier: [Substring?: TopicTree] = [:]
    let rules = plant.plant.topics
    guard rules.contains(where: { SharedSubscription($0.match) != nil }) else { return [] }
    for (number, rule) in rules.enumerated() {
      let group = SharedSubscription(rule.match)?.group
      let meeting = earlier.filter { $0.key != group }.compactMap { $0.value.first(meeting: rule.match)?.rule }.min()
      if let other = meeting.map({ rules[$0].match }) {
        let both =
          group == nil || SharedSubscription(other) == nil ? "only one of them is shared" : "their groups differ"
        found.append(
          Diagnostic(
            file: plant.file, line: plant.topics[number].line, column: plant.topics[number].column,
            message: "'\(rule.match)' and '\(other)' can match one topic, and \(both), so that its messages would come "
              + "twice; begin both alike"))
      }
      earlier[group, default: TopicTree()].add(rule.match, place: (0, number))
    }
    return found
  }
}
