import PlantModel

/// What is left of a plant's load and generation without the assets that events name: the part that is forecast.
struct ScenarioRest {
  /// Assets that a shutdown or a change of capacity names.
  let named: Set<String>
  /// Load without them, slot by slot of the recording [kW]; NaN where something is missing.
  private(set) var load: [Double]
  /// Generation without them, beside ``load``.
  private(set) var generation: [Double]
  /// Whether anything generates beside them.
  let hasGeneration: Bool

  init(_ recording: ScenarioRecording, _ effects: [ScenarioEvent.Effect]) {
    let named = Set(
      effects.compactMap { effect -> String? in
        switch effect {
        case .shutdown(let asset), .capacity(let asset, _): asset
        case .heat, .charger: nil
        }
      })
    self.named = named
    load = recording.input.target
    generation = ScenarioRecording.sum(recording.powers, .generation, load.count)
    hasGeneration = recording.powers.contains {
      $0.role == .generation && !$0.isWithin && !named.contains($0.asset)
    }
    for power in recording.powers where named.contains(power.asset) {
      // Of a submeter's gap nothing is known; it stays in what it is within.
      for (slot, value) in power.values.enumerated() where value.isFinite {
        if power.role == .consumption { load[slot] -= value }
        if power.role == .generation, !power.isWithin { generation[slot] -= value }
      }
    }
  }
}
