import Glibc
import PlantPhysics
public import StreamCore

/// A small convolutional-recurrent network over the slots of a horizon, see ``RecurrentNetwork``.
///
/// A sequence consists of the rows of one origin, so the network learns from origins a horizon apart. It learns nothing
/// from rows drawn one by one, as for forecasts every quarter-hour. Training ends after a bounded number of steps,
/// however long the history is.
public struct RecurrentModel: ForecastModel {
  /// Initial weight in an ensemble: a third of that of a fully learning model.
  public let priorWeight = 0.3
  /// Value of the `model` tag.
  public let name = "recurrent"
  /// Days of history before which the model is not used: four weeks.
  public let minimumDays = 28
  private static let mostSteps = 150_000
  private static let mostPasses = 25
  private static let batch = 8
  private static let rate = 4e-3
  private static let batchesPerSlice = 4

  /// Means and standard deviations of the columns, then of the target.
  private var means: [Double] = []
  private var scales: [Double] = []
  private var network: RecurrentNetwork?
  private var training: Training?

  private struct Training: Sendable {
    var sequences: [[Float]] = []
    var targets: [[Float]] = []
    var order: [Int] = []
    var done = 0
    var most = 0
    var generator: SeededGenerator
  }

  /// Creates an untrained model.
  public init() {}

  /// Arranges the rows as sequences, one for each origin.
  public mutating func begin(_ rows: FeatureRows, seed: UInt64) {
    network = nil
    training = nil
    var training = Training(generator: SeededGenerator(seed: seed))
    measure(rows)
    var byOrigin: [Int: [Int]] = [:]
    for row in 0..<rows.count { byOrigin[rows.origins[row], default: []].append(row) }
    for origin in byOrigin.keys.sorted() {
      guard let own = byOrigin[origin], 2 * own.count >= rows.perDay else { continue }
      training.sequences.append(inputs(rows, chosen: own))
      training.targets.append(own.map { Float((rows.targets[$0] - (means.last ?? 0)) / (scales.last ?? 1)) })
    }
    guard training.sequences.count >= 14, let width = training.sequences.first.map({ $0.count }),
      let length = training.targets.first?.count
    else { return }
    let steps = training.targets.reduce(0) { $0 + $1.count }
    let passes = min(RecurrentModel.mostPasses, max(1, RecurrentModel.mostSteps / steps))
    training.most = passes * training.sequences.count
    network = RecurrentNetwork(inputs: width / length, levels: QuantileLevels.all, seed: seed)
    self.training = training
  }

  /// Learns from some sequences and returns whether any remain.
  public mutating func proceed() -> Bool {
    guard var training, var network else { return false }
    self.network = nil
    self.training = nil
    for _ in 0..<RecurrentModel.batchesPerSlice where training.done < training.most {
      var steps = 0
      for _ in 0..<RecurrentModel.batch {
        if training.order.isEmpty { training.order = training.sequences.indices.shuffled(using: &training.generator) }
        guard let next = training.order.popLast() else { break }
        network.learn(training.sequences[next], targets: training.targets[next])
        steps += training.targets[next].count
        training.done += 1
      }
      let share = min(1, Double(training.done) / Double(training.most))
      // The rate falls to zero along half a wave (I. Loshchilov and F. Hutter 2017, arXiv:1608.03983).
      network.move(rate: Float(RecurrentModel.rate * (1 + cos(.pi * share)) / 2 + 1e-5), over: steps)
    }
    let isDone = training.done >= training.most
    if isDone { network.finish() }
    self.network = network
    self.training = isDone ? nil : training
    return !isDone
  }

  /// Returns the quantiles of each row; the rows of one origin are one sequence.
  public func predict(_ rows: FeatureRows) -> QuantileTable {
    var answer = QuantileTable(rows: rows.count)
    guard training == nil, var network, means.count == rows.columns.count + 1, rows.count > 0 else { return answer }
    var start = 0
    while start < rows.count {
      let end = (start..<rows.count).first { rows.origins[$0] != rows.origins[start] } ?? rows.count
      let sequence = inputs(rows, chosen: Array(start..<end))
      guard sequence.count == (end - start) * network.inputs else { return answer }
      let said = network.predict(sequence)
      for (place, value) in said.enumerated() {
        answer.values[start * QuantileLevels.count + place] =
          Double(value) * scales[scales.count - 1] + means[means.count - 1]
      }
      for row in start..<end { answer.sort(row: row) }
      start = end
    }
    return answer
  }

  private mutating func measure(_ rows: FeatureRows) {
    means = []
    scales = []
    for values in rows.values + [rows.targets] {
      let known = values.filter { !$0.isNaN }
      let mean = known.reduce(0, +) / Double(max(1, known.count))
      let variance = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, known.count))
      means.append(mean)
      scales.append(variance > 1e-18 * (1 + mean * mean) ? variance.squareRoot() : 1)
    }
  }

  /// Returns the inputs of the network: time and date as waves and indicators, other features in standard deviations, 0
  /// if unknown.
  private func inputs(_ rows: FeatureRows, chosen: [Int]) -> [Float] {
    var inputs: [Float] = []
    for row in chosen {
      for (index, column) in rows.columns.enumerated() {
        let value = rows.values[index][row]
        switch column {
        case .hour:
          for order in [1.0, 2, 3] {
            let angle = order * value / 24 * 2 * Double.pi
            inputs += [Float(sin(angle)), Float(cos(angle))]
          }
        case .weekday: for day in 1...7 { inputs.append(value == Double(day) ? 1 : 0) }
        case .dayOfYear:
          let angle = value / 365.25 * 2 * Double.pi
          inputs += [Float(sin(angle)), Float(cos(angle))]
        default:
          let scaled = (value - means[index]) / scales[index]
          inputs.append(scaled.isNaN ? 0 : Float(min(5, max(-5, scaled))))
        }
      }
    }
    return inputs
  }

  /// Writes scales and parameters.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(means)
    writer.write(scales)
    writer.write(Int32(training == nil ? network?.inputs ?? 0 : 0))
    writer.write(training == nil ? network?.parameters ?? [] : []) { $0.write($1.bitPattern) }
  }

  /// Reads scales and parameters.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    means = try reader.readDoubles()
    scales = try reader.readDoubles()
    let inputs = Int(try reader.read(Int32.self))
    let parameters = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in
      Float(bitPattern: try reader.read(UInt32.self))
    }
    training = nil
    network = nil
    guard means.count == scales.count else { throw .invalid("columns without their scales") }
    guard inputs > 0 else { return }
    guard inputs < 10_000 else { throw .invalid("\(inputs) inputs of a network") }
    var restored = RecurrentNetwork(inputs: inputs, levels: QuantileLevels.all, seed: 0)
    guard restored.adopt(parameters) else { throw .invalid("a network of \(parameters.count) parameters") }
    network = restored
  }
}
