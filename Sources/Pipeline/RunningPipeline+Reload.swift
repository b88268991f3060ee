import MQTTSource
import PlantConfig
import PlantModel
import StreamCore

extension RunningPipeline {
  /// Reloads if a file of the folder was added, changed or removed.
  public func reloadIfChanged() {
    if state.with({ $0.watch.hasChanged() }) { reload() }
  }

  /// Takes up the folder as it is now. With a mistake anywhere, what ran keeps running and every mistake is told.
  ///
  /// The change is a record of the journal: messages before it are read as they were meant when they came. A plant that
  /// has not changed keeps its windows and models, and nobody's session is interrupted.
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
    }
    guard previous.plants != loaded.plants else { return }
    ingest.configuration(loaded.sources, at: WallClock.now())
    session.update(plants: loaded.plants)
    note("reloaded: \(difference(previous.plants, loaded.plants))")
  }

  private func difference(_ old: [Plant], _ new: [Plant]) -> String {
    var words: [String] = []
    for plant in new {
      switch old.first(where: { $0.name == plant.name }) {
      case nil: words.append("\(plant.name) added")
      case .some(let before) where before != plant: words.append("\(plant.name) changed")
      default: break
      }
    }
    for plant in old where !new.contains(where: { $0.name == plant.name }) { words.append("\(plant.name) removed") }
    return words.joined(separator: ", ")
  }
}
