public import PlantConfig
import PlantModel
import Settings
import SystemCore

/// A configuration folder that cannot be run, with every mistake in the order of files and lines.
public struct InvalidConfiguration: Error, CustomStringConvertible {
  /// Mistakes in the order of files and lines.
  public var diagnostics: [Diagnostic]

  /// Creates the error with the mistakes of a loaded folder.
  public init(diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

  /// One line a mistake.
  public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

/// The configuration in effect, and its comparison with the files of its folder.
final class ActiveConfiguration: Sendable {
  private struct State {
    var loaded: LoadedConfiguration
    /// Mistakes of a changed configuration that was refused.
    var refused: [String] = []
    var watch: ConfigurationWatch
  }

  private let directory: String
  private let environment: [String: String]
  private let note: RunningPipeline.Note
  private let state: Locked<State>

  /// Loads and validates a folder.
  ///
  /// - Parameters:
  ///   - directory: Folder of the configuration.
  ///   - environment: Environment variables for the configuration.
  ///   - note: Receives log lines.
  /// - Throws: ``InvalidConfiguration`` with every mistake.
  init(
    directory: String, environment: [String: String], note: @escaping RunningPipeline.Note
  ) throws(InvalidConfiguration) {
    let loaded = ConfigurationLoader.load(directory: directory, environment: environment)
    guard loaded.isValid else { throw InvalidConfiguration(diagnostics: loaded.diagnostics) }
    (self.directory, self.environment, self.note) = (directory, environment, note)
    state = Locked(State(loaded: loaded, watch: ConfigurationWatch(directory: directory)))
  }

  /// The configuration in effect.
  var current: LoadedConfiguration { state.with { $0.loaded } }

  /// Mistakes of the folder's content if it was refused; empty while the content is in effect.
  var refused: [String] { state.with { $0.refused } }

  /// Returns whether a file of the folder was added, changed or removed since the last call.
  func filesHaveChanged() -> Bool { state.with { $0.watch.hasChanged() } }

  /// Puts the current content of the folder into effect, and logs what has changed. If it has a mistake, every mistake
  /// is logged, and the configuration stays as it is.
  ///
  /// - Parameter apply: Receives the configuration if a plant has changed.
  func reload(_ apply: (LoadedConfiguration) -> Void) {
    let loaded = ConfigurationLoader.load(directory: directory, environment: environment)
    state.with { $0.refused = loaded.diagnostics.map(\.description) }
    guard loaded.isValid else {
      for diagnostic in loaded.diagnostics { note(.error("\(diagnostic)")) }
      note(.error("the changed configuration is refused; what ran keeps running"))
      return
    }
    let previous = state.with { state in
      defer { state.loaded = loaded }
      return state.loaded
    }
    if previous.settings != loaded.settings {
      note(.warning("changes of wattline.yaml take effect with the next start; changes of plants take effect now"))
      let secrets = Self.changedSecrets(previous.settings, new: loaded.settings)
      if !secrets.isEmpty {
        note(.warning("changed, and used from the next start on: \(secrets.joined(separator: ", "))"))
      }
    }
    guard previous.plants != loaded.plants else {
      if previous.settings == loaded.settings { note("the configuration is in order; nothing of it has changed") }
      return
    }
    apply(loaded)
    note("reloaded: \(Self.difference(previous.plants, new: loaded.plants))")
  }

  /// Returns the keys of changed secrets, whether they are in wattline.yaml or in separate files.
  static func changedSecrets(_ old: ProcessSettings, new: ProcessSettings) -> [String] {
    func secrets(_ settings: ProcessSettings) -> [(key: String, secret: Secret?)] {
      [
        ("mqtt.password", settings.mqtt.password), ("influxdb.token", settings.influxdb.token),
        ("influxdb.password", settings.influxdb.password),
        ("alerts.webhook.token", settings.alerts.webhook?.token),
        ("alerts.email.password", settings.alerts.email?.password),
      ]
    }
    return zip(secrets(old), secrets(new)).filter { $0.secret != $1.secret }.map(\.0.key)
  }

  private static func difference(_ old: [Plant], new: [Plant]) -> String {
    let before = Dictionary(old.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let words: [String] = new.compactMap { plant in
      guard let known = before[plant.name] else { return "\(plant.name) added" }
      return known == plant ? nil : "\(plant.name) changed"
    }
    let names = Set(new.map(\.name))
    return (words + old.filter { !names.contains($0.name) }.map { "\($0.name) removed" }).joined(separator: ", ")
  }
}
