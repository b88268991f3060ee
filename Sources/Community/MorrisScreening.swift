/// Screening of inputs after Morris: how far outputs change with each input, and whether it acts evenly and alone.
///
/// A trajectory starts at a random place of a grid and changes one input after the other. The change of an output by a
/// change of one input, as if it were over the whole range, is an elementary effect.
public struct MorrisScreening: Sendable {
  /// Effect of an input on an output.
  public struct Effect: Sendable, Equatable {
    /// Mean of the elementary effects, with their signs.
    public var mean: Double
    /// Mean of their magnitudes: how much the input matters.
    public var magnitude: Double
    /// Their standard deviation: how far the input acts unevenly or with others.
    public var deviation: Double
  }

  /// Effects by input and output.
  public let effects: [[Effect]]

  /// Levels of the grid.
  private static let levels = 4

  /// Screens a function.
  ///
  /// - Parameters:
  ///   - inputs: Number of inputs.
  ///   - trajectories: Number of trajectories, at least 2.
  ///   - seed: Seed of the trajectories.
  ///   - evaluate: Returns the outputs at a place, whose coordinates are 0...1; `nil` ends the screening.
  /// - Returns: `nil` if the screening was ended.
  public init?(
    inputs: Int, trajectories: Int, seed: UInt64, evaluate: (_ place: [Double]) -> [Double]?
  ) {
    var draw = SplitMix(seed: seed)
    let levels = MorrisScreening.levels
    let jump = levels / 2
    var found: [[[Double]]] = Array(repeating: [], count: inputs)
    for _ in 0..<trajectories {
      var place = (0..<inputs).map { _ in Int(draw.uniform() * Double(levels)) }
      guard var before = evaluate(MorrisScreening.coordinates(place)) else { return nil }
      for input in MorrisScreening.order(inputs, draw: &draw) {
        let step = place[input] + jump < levels ? jump : -jump
        place[input] += step
        guard let after = evaluate(MorrisScreening.coordinates(place)) else { return nil }
        let length = Double(step) / Double(levels - 1)
        found[input].append(zip(after, before).map { ($0 - $1) / length })
        before = after
      }
    }
    effects = found.map { rows in
      (rows.first ?? []).indices.map { output in MorrisScreening.effect(rows.map { $0[output] }) }
    }
  }

  private static func coordinates(_ place: [Int]) -> [Double] {
    place.map { Double($0) / Double(levels - 1) }
  }

  /// Returns the inputs in a random order.
  private static func order(_ inputs: Int, draw: inout SplitMix) -> [Int] {
    var order = Array(0..<inputs)
    for place in order.indices.reversed() where place > 0 {
      order.swapAt(place, Int(draw.uniform() * Double(place + 1)))
    }
    return order
  }

  private static func effect(_ values: [Double]) -> Effect {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return Effect(
      mean: mean, magnitude: values.reduce(0) { $0 + $1.magnitude } / count,
      deviation: values.count > 1 ? (square / (count - 1)).squareRoot() : 0)
  }
}

extension CommunitySimulation {
  /// The outputs of a sensitivity study, in their order.
  public static let outputs = ["cost", "peak_kw", "emissions_kg", "self_sufficiency", "unserved_kwh"]

  /// Inputs that have a range and not one value.
  public var variedInputs: [UncertainInput] {
    UncertainInput.allCases.filter { input in
      let range = settings.ranges[input] ?? input.range
      return range.upperBound > range.lowerBound
    }
  }

  /// Screens the inputs of a community as it is; each evaluation has the weather of run 0.
  ///
  /// - Parameters:
  ///   - trajectories: Number of trajectories, at least 2.
  ///   - goesOn: Told before each evaluation; returns whether to go on.
  /// - Returns: Effects of ``variedInputs`` on ``outputs``; `nil` if it was ended.
  public func sensitivity(trajectories: Int, goesOn: () -> Bool) -> MorrisScreening? {
    let inputs = variedInputs
    return MorrisScreening(inputs: inputs.count, trajectories: trajectories, seed: settings.seed ^ 0xA5A5) { place in
      guard goesOn() else { return nil }
      let places = Dictionary(uniqueKeysWithValues: zip(inputs, place))
      let future = CommunityFuture(settings.ranges) { places[$0] ?? 0 }
      let outcome = run(0, variants: [.base], future: future)[0]
      return [outcome.cost, outcome.peak, outcome.emissions, outcome.selfSufficiency, outcome.unserved]
    }
  }
}
