import PlantConfig
import PlantModel
import Settings
import StreamCore
import SystemCore

extension RunningPipeline {
  /// Reloads if a file of the folder was added, changed or removed.
  public func reloadIfChanged() {
    if state.with({ $0.watch.hasChanged() }) { reload() }
  }

  /// Applies the current content of the folder. If it has a mistake, every mistake is logged and the pipeline stays as
  /// it is.
  ///
  /// The change is recorded in the journal, so earlier messages keep the configuration of their time. Unchanged plants
  /// keep their windows and models, and no session is interrupted.
  public func reload() {
    let loaded = ConfigurationLoader.load(directory: directory, environment: environment)
    guard loaded.isValid else {
      for diagnostic in loaded.diagnostics { note("\(diagnostic)") }
      note("the changed configuration is refused; what ran keeps running")
      return
    }
    let previous = state.with { state in
      defer { state.configuration = loaded }
      return state.configuration
    }
    if previous.settings != loaded.settings {
      note("changes of wattline.yaml take effect with the next start; changes of plants take effect now")
      let secrets = RunningPipeline.changedSecrets(previous.settings, new: loaded.settings)
      if !secrets.isEmpty { note("changed, and used from the next start on: \(secrets.joined(separator: ", "))") }
    }
    guard previous.plants != loaded.plants else {
      if previous.settings == loaded.settings { note("the configuration is in order; nothing of it has changed") }
      return
    }
    ingest.configuration(loaded.sources, at: SystemClock.now())
    for input in inputs { input.update(plants: loaded.plants) }
    host.update(plants: loaded.plants)
    note("reloaded: \(difference(previous.plants, new: loaded.plants))")
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

  private func difference(_ old: [Plant], new: [Plant]) -> String {
    let before = Dictionary(old.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let words: [String] = new.compactMap { plant in
      guard let known = before[plant.name] else { return "\(plant.name) added" }
      return known == plant ? nil : "\(plant.name) changed"
    }
    let names = Set(new.map(\.name))
    return (words + old.filter { !names.contains($0.name) }.map { "\($0.name) removed" }).joined(separator: ", ")
  }
}
