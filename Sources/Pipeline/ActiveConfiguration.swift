import Foundation
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
    /// Contents of the files of secrets, keys and certificates, by path.
    var contents: [String: Data]
  }

  /// The folder.
  let directory: String
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
    for diagnostic in loaded.unreadableFiles { note(.error("\(diagnostic)")) }
    var watch = ConfigurationWatch(directory: directory)
    watch.follow(loaded.namedFiles.map(\.path))
    state = Locked(State(loaded: loaded, watch: watch, contents: Self.contents(of: loaded, in: directory)))
  }

  private static func contents(of loaded: LoadedConfiguration, in directory: String) -> [String: Data] {
    var contents: [String: Data] = [:]
    for path in loaded.namedFiles.map(\.path) {
      contents[path] = FileManager.default.contents(atPath: path.hasPrefix("/") ? path : "\(directory)/\(path)")
    }
    return contents
  }

  /// The configuration in effect.
  var current: LoadedConfiguration { state.with { $0.loaded } }

  /// Returns the folder's content as it would be with another content of one file.
  ///
  /// - Parameters:
  ///   - name: Name of the file.
  ///   - bytes: Its content; `nil` if it were not there.
  func loaded(replacing name: String, with bytes: [UInt8]?) -> LoadedConfiguration {
    ConfigurationLoader.load(directory: directory, environment: environment, replacing: name, with: bytes)
  }

  /// Returns the folder's content as it is now.
  func loaded() -> LoadedConfiguration { ConfigurationLoader.load(directory: directory, environment: environment) }

  /// Mistakes of the folder's content if it was refused; empty while the content is in effect.
  var refused: [String] { state.with { $0.refused } }

  /// Returns whether a file of the folder was added, changed or removed since the last call.
  func filesHaveChanged() -> Bool { state.with { $0.watch.hasChanged() } }

  /// Puts the current content of the folder into effect, and logs what has changed. If it has a mistake, every mistake
  /// is logged, and the configuration stays as it is.
  ///
  /// - Parameters:
  ///   - renew: Receives the settings if secrets, keys or certificates have changed.
  ///   - apply: Receives the configuration if a plant has changed.
  func reload(renew: (ProcessSettings) -> Void, apply: (LoadedConfiguration) -> Void) {
    let loaded = ConfigurationLoader.load(directory: directory, environment: environment)
    state.with { $0.refused = loaded.diagnostics.map(\.description) }
    guard loaded.isValid else {
      for diagnostic in loaded.diagnostics { note(.error("\(diagnostic)")) }
      note(.error("the changed configuration is refused; what ran keeps running"))
      return
    }
    for diagnostic in loaded.unreadableFiles { note(.error("\(diagnostic)")) }
    let contents = Self.contents(of: loaded, in: directory)
    let (previous, known) = state.with { state in
      defer {
        (state.loaded, state.contents) = (loaded, contents)
        state.watch.follow(loaded.namedFiles.map(\.path))
      }
      return (state.loaded, state.contents)
    }
    if previous.settings.taking(credentialsOf: loaded.settings) != loaded.settings {
      note(.warning("changes of wattline.yaml take effect with the next start; changes of plants take effect now"))
    }
    let renewed = Self.renewed(previous.settings, new: loaded.settings, contents: (known, contents))
    if !renewed.isEmpty {
      note("changed, and used from now on: \(renewed.joined(separator: ", "))")
      renew(loaded.settings)
    }
    guard previous.plants != loaded.plants else {
      if previous.settings == loaded.settings, renewed.isEmpty {
        note("the configuration is in order; nothing of it has changed")
      }
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

  /// Returns the keys of changed user names and secrets, and the changed files of keys and certificates.
  ///
  /// - Parameters:
  ///   - old: Settings before.
  ///   - new: Settings now.
  ///   - contents: Contents of the named files before and now.
  private static func renewed(
    _ old: ProcessSettings, new: ProcessSettings, contents: (old: [String: Data], new: [String: Data])
  ) -> [String] {
    let secrets = changedSecrets(old, new: new)
    let files = certificateFiles(of: new).filter { contents.old[$0] != contents.new[$0] }
    if secrets.isEmpty, files.isEmpty, old != old.taking(credentialsOf: new) { return ["user names or certificates"] }
    return secrets + files
  }

  private static func certificateFiles(of settings: ProcessSettings) -> [String] {
    let files = [
      settings.mqtt.caFile, settings.mqtt.certificateFile, settings.mqtt.keyFile, settings.influxdb.caFile,
      settings.alerts.webhook?.caFile, settings.alerts.email?.caFile,
    ].compactMap { $0 }
    return Set(files).sorted()
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
