import Glibc
import PlantPhysics

/// A small network over sequences: a convolution of three steps, a gated recurrent unit, and a linear output for each
/// quantile.
///
/// The outputs are sums of the unit's state and of the inputs themselves, so the network starts as a linear regression
/// and learns the remainder. The gated recurrent unit is that of K. Cho et al. 2014 (doi:10.3115/v1/D14-1179) in the
/// form of cuDNN. The convolution before it follows G. Lai et al., "LSTNet", 2018 (doi:10.1145/3209978.3210006).
/// Training minimises the pinball loss with Adam (D. Kingma and J. Ba 2015, arXiv:1412.6980). The same seed and
/// sequences give the same network.
struct RecurrentNetwork: Sendable {
  /// Start of each matrix among the parameters, stored row by row.
  private struct Layout: Sendable {
    var convolution, convolutionBias, input, state, gateBias, output, skip, outputBias: Int
    var count: Int

    init(inputs: Int, channels: Int, units: Int, outputs: Int) {
      var next = 0
      func place(_ size: Int) -> Int {
        defer { next += size }
        return next
      }
      convolution = place(channels * 3 * inputs)
      convolutionBias = place(channels)
      input = place(3 * units * channels)
      state = place(3 * units * units)
      gateBias = place(3 * units)
      output = place(outputs * units)
      skip = place(outputs * inputs)
      outputBias = place(outputs)
      count = next
    }
  }

  let inputs: Int
  let channels: Int
  let units: Int
  let levels: [Float]
  private(set) var parameters: [Float]
  private let layout: Layout
  /// Sum of the gradients since the last ``move(rate:over:)``.
  private(set) var gradient: [Float] = []
  private var first: [Float] = []
  private var second: [Float] = []
  private var steps = 0
  private var trace = Trace()

  /// Results of the forward pass that the backward pass needs, step by step.
  fileprivate struct Trace: Sendable {
    var channels: [Float] = []
    /// Update, reset and candidate of each unit, and the state's contribution to the candidate.
    var gates: [Float] = []
    var recurrent: [Float] = []
    /// States, beginning with the one before the first step.
    var states: [Float] = []
    var answers: [Float] = []
  }

  /// Creates an untrained network, whose output is 0.
  ///
  /// - Parameters:
  ///   - inputs: Number of inputs a step, at least 1.
  ///   - channels: Number of convolution channels.
  ///   - units: Number of recurrent units.
  ///   - levels: Probabilities of the quantiles.
  ///   - seed: Seed of the initial parameters.
  init(inputs: Int, channels: Int = 16, units: Int = 16, levels: [Double], seed: UInt64) {
    self.inputs = max(1, inputs)
    self.channels = channels
    self.units = units
    self.levels = levels.map(Float.init)
    layout = Layout(inputs: self.inputs, channels: channels, units: units, outputs: levels.count)
    parameters = Array(repeating: 0, count: layout.count)
    var generator = SeededGenerator(seed: seed)
    func fill(_ start: Int, count: Int, fanIn: Int) {
      let limit = (3 / Double(fanIn)).squareRoot()
      for index in start..<(start + count) { parameters[index] = Float(generator.uniform(-limit, high: limit)) }
    }
    fill(layout.convolution, count: channels * 3 * self.inputs, fanIn: 3 * self.inputs)
    fill(layout.input, count: 3 * units * channels, fanIn: channels)
    fill(layout.state, count: 3 * units * units, fanIn: 2 * units)
  }

  /// Replaces the parameters by those of a network of the same shape; `false` if their number differs.
  mutating func adopt(_ parameters: [Float]) -> Bool {
    guard parameters.count == layout.count else { return false }
    self.parameters = parameters
    return true
  }

  /// Returns the quantiles of each step of a sequence with `inputs` numbers a step.
  mutating func predict(_ sequence: [Float]) -> [Float] {
    forward(sequence)
    return trace.answers
  }

  /// Adds the gradient of a sequence's loss; `targets` has the actual value of each step.
  mutating func learn(_ sequence: [Float], targets: [Float]) {
    if gradient.isEmpty { gradient = Array(repeating: 0, count: layout.count) }
    forward(sequence)
    backward(sequence, targets: targets)
  }

  /// Returns the mean pinball loss of a sequence.
  mutating func loss(_ sequence: [Float], targets: [Float]) -> Float {
    forward(sequence)
    var sum: Float = 0
    for (step, target) in targets.enumerated() {
      for (level, probability) in levels.enumerated() {
        let error = target - trace.answers[step * levels.count + level]
        sum += max(probability * error, (probability - 1) * error)
      }
    }
    return sum / Float(max(1, targets.count * levels.count))
  }

  /// Sets one parameter, for a numerical check of the gradient.
  mutating func set(_ index: Int, to value: Float) { parameters[index] = value }

  /// Moves the parameters against the summed gradients of `count` steps, and resets the gradients.
  mutating func move(rate: Float, over count: Int) {
    guard count > 0, !gradient.isEmpty else { return }
    if first.isEmpty {
      first = Array(repeating: 0, count: layout.count)
      second = first
    }
    steps += 1
    let share = 1 / Float(count * levels.count)
    let (beta1, beta2): (Float, Float) = (0.9, 0.999)
    let scale = rate / (1 - pow(beta1, Float(steps)))
    let correction = 1 / (1 - pow(beta2, Float(steps)))
    for index in parameters.indices {
      let slope = gradient[index] * share
      first[index] = beta1 * first[index] + (1 - beta1) * slope
      second[index] = beta2 * second[index] + (1 - beta2) * slope * slope
      parameters[index] -= scale * first[index] / ((second[index] * correction).squareRoot() + 1e-8)
      gradient[index] = 0
    }
  }

  /// Discards the data needed only for training.
  mutating func finish() {
    gradient = []
    first = []
    second = []
    trace = Trace()
  }
}

// MARK: - Forward and back

extension RecurrentNetwork {
  private mutating func forward(_ sequence: [Float]) {
    let length = sequence.count / inputs
    func size(_ array: inout [Float], count: Int) {
      if array.count != count { array = Array(repeating: 0, count: count) }
    }
    size(&trace.channels, count: length * channels)
    size(&trace.gates, count: length * 3 * units)
    size(&trace.recurrent, count: length * units)
    size(&trace.states, count: (length + 1) * units)
    size(&trace.answers, count: length * levels.count)
    for unit in 0..<units { trace.states[unit] = 0 }
    let shape = shape
    parameters.withUnsafeBufferPointer { weights in
      sequence.withUnsafeBufferPointer { x in
        trace.withPointers { way in
          for step in 0..<length {
            Self.convolve(shape, weights: weights, x: x, way: way, step: step, length: length)
            Self.advance(shape, weights: weights, way: way, step: step)
            Self.answer(shape, weights: weights, x: x, way: way, step: step)
          }
        }
      }
    }
  }

  private typealias Numbers = UnsafeBufferPointer<Float>
  private typealias Sums = UnsafeMutableBufferPointer<Float>

  /// Sizes of the layers and places of their parameters.
  private struct Shape {
    var layout: Layout
    var inputs, channels, units, outputs: Int
  }

  private var shape: Shape {
    Shape(layout: layout, inputs: inputs, channels: channels, units: units, outputs: levels.count)
  }

  /// Returns the taps of the convolution that lie within a sequence.
  @inline(__always)
  private static func taps(_ step: Int, of length: Int) -> Range<Int> { max(0, 1 - step)..<min(3, length + 1 - step) }

  /// Computes the channels of a step.
  @inline(__always)
  private static func convolve(
    _ shape: Shape, weights: Numbers, x: Numbers, way: Trace.Pointers, step: Int, length: Int
  ) {
    let (layout, inputs) = (shape.layout, shape.inputs)
    for channel in 0..<shape.channels {
      var sum = weights[layout.convolutionBias + channel]
      for tap in taps(step, of: length) {
        sum += dot(
          weights, layout.convolution + (channel * 3 + tap) * inputs, x, (step + tap - 1) * inputs, inputs)
      }
      way.channels[step * shape.channels + channel] = max(0, sum)
    }
  }

  /// Advances the state by a step.
  @inline(__always)
  private static func advance(_ shape: Shape, weights: Numbers, way: Trace.Pointers, step: Int) {
    let (layout, channels, units) = (shape.layout, shape.channels, shape.units)
    for unit in 0..<units {
      func gate(_ kind: Int) -> (own: Float, before: Float) {
        let row = kind * units + unit
        return (
          weights[layout.gateBias + row]
            + dot(weights, layout.input + row * channels, way.channels, step * channels, channels),
          dot(weights, layout.state + row * units, way.states, step * units, units)
        )
      }
      let (update, reset, candidate) = (gate(0), gate(1), gate(2))
      let z = sigmoid(update.own + update.before)
      let r = sigmoid(reset.own + reset.before)
      let n = tanhf(candidate.own + r * candidate.before)
      let place = step * 3 * units + unit
      way.gates[place] = z
      way.gates[place + units] = r
      way.gates[place + 2 * units] = n
      way.recurrent[step * units + unit] = candidate.before
      way.states[(step + 1) * units + unit] = (1 - z) * n + z * way.states[step * units + unit]
    }
  }

  /// Computes the outputs of a step.
  @inline(__always)
  private static func answer(_ shape: Shape, weights: Numbers, x: Numbers, way: Trace.Pointers, step: Int) {
    let (layout, inputs, units) = (shape.layout, shape.inputs, shape.units)
    for output in 0..<shape.outputs {
      way.answers[step * shape.outputs + output] =
        weights[layout.outputBias + output]
        + dot(weights, layout.output + output * units, way.states, (step + 1) * units, units)
        + dot(weights, layout.skip + output * inputs, x, step * inputs, inputs)
    }
  }

  private mutating func backward(_ sequence: [Float], targets: [Float]) {
    let (shape, levels) = (shape, levels)
    var flow = Flow(shape)
    let length = min(targets.count, sequence.count / inputs)
    parameters.withUnsafeBufferPointer { weights in
      sequence.withUnsafeBufferPointer { x in
        gradient.withUnsafeMutableBufferPointer { slope in
          trace.withPointers { way in
            for step in stride(from: length - 1, through: 0, by: -1) {
              flow.throughOutputs(
                targets[step], levels: levels, weights: weights, x: x, way: way, slope: slope, step: step)
              flow.throughUnits(way: way, step: step)
              flow.throughGates(weights: weights, way: way, slope: slope, step: step)
              flow.throughChannels(x: x, way: way, slope: slope, step: step)
              swap(&flow.toState, &flow.before)
            }
          }
        }
      }
    }
  }

  /// Derivatives of the loss on their way back through a step.
  private struct Flow {
    let shape: Shape
    /// Derivatives by the state after the step, and before it.
    var toState: [Float]
    var before: [Float]
    var toGates: [Float]
    var toChannels: [Float]

    init(_ shape: Shape) {
      self.shape = shape
      toState = Array(repeating: 0, count: shape.units)
      before = toState
      toGates = Array(repeating: 0, count: 3 * shape.units)
      toChannels = Array(repeating: 0, count: shape.channels)
    }

    @inline(__always)
    mutating func throughOutputs(
      _ target: Float, levels: [Float], weights: Numbers, x: Numbers, way: Trace.Pointers, slope: Sums, step: Int
    ) {
      let (layout, inputs, units) = (shape.layout, shape.inputs, shape.units)
      for output in 0..<shape.outputs {
        let error = target - way.answers[step * shape.outputs + output]
        let down = error > 0 ? -levels[output] : 1 - levels[output]
        slope[layout.outputBias + output] += down
        let row = layout.output + output * units
        RecurrentNetwork.add(down, values: way.states, from: (step + 1) * units, to: slope, start: row, count: units)
        RecurrentNetwork.add(
          down, values: x, from: step * inputs, to: slope, start: layout.skip + output * inputs, count: inputs)
        for unit in 0..<units { toState[unit] += down * weights[row + unit] }
      }
    }

    @inline(__always)
    mutating func throughUnits(way: Trace.Pointers, step: Int) {
      let units = shape.units
      for unit in 0..<units {
        let place = step * 3 * units + unit
        let (z, r, n) = (way.gates[place], way.gates[place + units], way.gates[place + 2 * units])
        let old = way.states[step * units + unit]
        let toCandidate = toState[unit] * (1 - z) * (1 - n * n)
        toGates[unit] = toState[unit] * (old - n) * z * (1 - z)
        toGates[units + unit] = toCandidate * way.recurrent[step * units + unit] * r * (1 - r)
        toGates[2 * units + unit] = toCandidate
        before[unit] = toState[unit] * z
      }
    }

    @inline(__always)
    mutating func throughGates(weights: Numbers, way: Trace.Pointers, slope: Sums, step: Int) {
      let (layout, channels, units) = (shape.layout, shape.channels, shape.units)
      for channel in 0..<channels { toChannels[channel] = 0 }
      for row in 0..<(3 * units) {
        let down = toGates[row]
        // The candidate receives the old state through its reset gate.
        let through = row < 2 * units ? down : down * way.gates[step * 3 * units + row - units]
        slope[layout.gateBias + row] += down
        RecurrentNetwork.add(
          down, values: way.channels, from: step * channels, to: slope, start: layout.input + row * channels,
          count: channels)
        RecurrentNetwork.add(
          through, values: way.states, from: step * units, to: slope, start: layout.state + row * units, count: units)
        for channel in 0..<channels { toChannels[channel] += down * weights[layout.input + row * channels + channel] }
        for unit in 0..<units { before[unit] += through * weights[layout.state + row * units + unit] }
      }
    }

    @inline(__always)
    mutating func throughChannels(x: Numbers, way: Trace.Pointers, slope: Sums, step: Int) {
      let (layout, inputs, channels) = (shape.layout, shape.inputs, shape.channels)
      for channel in 0..<channels where way.channels[step * channels + channel] > 0 {
        slope[layout.convolutionBias + channel] += toChannels[channel]
        for tap in RecurrentNetwork.taps(step, of: x.count / inputs) {
          RecurrentNetwork.add(
            toChannels[channel], values: x, from: (step + tap - 1) * inputs, to: slope,
            start: layout.convolution + (channel * 3 + tap) * inputs, count: inputs)
        }
      }
    }
  }

  private static func sigmoid(_ value: Float) -> Float { 1 / (1 + expf(-value)) }

  private static func dot(
    _ a: UnsafeBufferPointer<Float>, _ i: Int, _ b: UnsafeBufferPointer<Float>, _ j: Int, _ count: Int
  ) -> Float {
    // Eight sums side by side, so that the processor can add them in parallel.
    var sums = SIMD8<Float>.zero
    var place = 0
    while place + 8 <= count {
      let left = UnsafeRawPointer(a.baseAddress! + i + place).loadUnaligned(as: SIMD8<Float>.self)
      let right = UnsafeRawPointer(b.baseAddress! + j + place).loadUnaligned(as: SIMD8<Float>.self)
      sums += left * right
      place += 8
    }
    var sum = sums.sum()
    while place < count {
      sum += a[i + place] * b[j + place]
      place += 1
    }
    return sum
  }

  private static func dot(
    _ a: UnsafeBufferPointer<Float>, _ i: Int, _ b: UnsafeMutableBufferPointer<Float>, _ j: Int, _ count: Int
  ) -> Float {
    dot(a, i, UnsafeBufferPointer(b), j, count)
  }

  private static func add(
    _ factor: Float, values: UnsafeBufferPointer<Float>, from: Int,
    to sums: UnsafeMutableBufferPointer<Float>, start: Int, count: Int
  ) {
    for place in 0..<count { sums[start + place] += factor * values[from + place] }
  }

  private static func add(
    _ factor: Float, values: UnsafeMutableBufferPointer<Float>, from: Int,
    to sums: UnsafeMutableBufferPointer<Float>, start: Int, count: Int
  ) {
    add(factor, values: UnsafeBufferPointer(values), from: from, to: sums, start: start, count: count)
  }
}

extension RecurrentNetwork.Trace {
  fileprivate typealias Numbers = UnsafeMutableBufferPointer<Float>

  fileprivate struct Pointers {
    var channels, gates, recurrent, states, answers: Numbers
  }

  /// Calls `body` with pointers to all arrays, which avoids a check on every access.
  fileprivate mutating func withPointers(_ body: (Pointers) -> Void) {
    channels.withUnsafeMutableBufferPointer { channels in
      gates.withUnsafeMutableBufferPointer { gates in
        recurrent.withUnsafeMutableBufferPointer { recurrent in
          states.withUnsafeMutableBufferPointer { states in
            answers.withUnsafeMutableBufferPointer { answers in
              body(
                Pointers(channels: channels, gates: gates, recurrent: recurrent, states: states, answers: answers))
            }
          }
        }
      }
    }
  }
}
