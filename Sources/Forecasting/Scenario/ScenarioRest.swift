import PlantModel

/// A plant's load and generation without the assets that events name: the forecast part.
struct ScenarioRest {
  /// Assets named by a shutdown or a change of capacity.
  let named: Set<String>
  /// Load without the named assets, slot by slot of the recording [kW]; NaN if a part is missing.
  private(set) var load: [Double]
  /// Generation without the named assets, slot by slot like ``load``.
  private(set) var generation: [Double]
  /// Whether other assets generate.
  let hasGeneration: Bool

  init(_ recording: ScenarioRecording, effects: [ScenarioEvent.Effect]) {
    let named = Set(
      effects.compactMap { effect -> String? in
        switch effect {
        case .shutdown(let asset), .capacity(let asset, _): asset
        case .heat, .charger: nil
        }
      })
    self.named = named
    load = recording.input.target
    generation = ScenarioRecording.sum(recording.powers, role: .generation, count: load.count)
    hasGeneration = recording.powers.contains {
      $0.role == .generation && !$0.isWithin && !named.contains($0.asset)
    }
    for power in recording.powers where named.contains(power.asset) {
      // A gap of a submeter is unknown and remains in the surrounding meter's power.
      for (slot, value) in power.values.enumerated() where value.isFinite {
        if power.role == .consumption { load[slot] -= value }
        if power.role == .generation, !power.isWithin { generation[slot] -= value }
      }
    }
  }
}
