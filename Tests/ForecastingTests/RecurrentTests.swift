import PlantModel
import PlantTesting
import Testing

@testable import Forecasting

@Suite("The recurrent network")
struct RecurrentTests {
  @Test func `its gradient is what a small change of each parameter does to the loss`() {
    var random = SplitMix(state: 3)
    let sequence = (0..<(6 * 4)).map { _ in Float(random.uniform(-1...1)) }
    let targets = (0..<6).map { _ in Float(random.uniform(-2...2)) }
    var network = RecurrentNetwork(inputs: 4, channels: 3, units: 3, levels: [0.1, 0.5, 0.9], seed: 1)
    // Away from zero, so that every part has a slope.
    for index in network.parameters.indices {
      network.set(index, to: network.parameters[index] + Float(random.uniform(-0.3...0.3)))
    }
    network.learn(sequence, targets: targets)
    let slopes = network.gradient
    for index in network.parameters.indices {
      let value = network.parameters[index]
      let step: Float = 2e-3
      network.set(index, to: value + step)
      let above = network.loss(sequence, targets: targets)
      network.set(index, to: value - step)
      let below = network.loss(sequence, targets: targets)
      network.set(index, to: value)
      let measured = (above - below) / (2 * step) * 18
      #expect(abs(measured - slopes[index]) < 0.05 * max(1, abs(slopes[index])), "parameter \(index)")
    }
  }

  @Test func `it learns a load better than the day before, and the same seed gives the same network`() throws {
    let input = try SyntheticLoad.input(SyntheticLoad.recording(days: 100))
    var builder = FeatureBuilder(input, horizon: 24, step: 24)
    let training = builder.trainingRows((input.first + 336)..<(input.end - 240), before: input.end - 240)
    var loss = (network: 0.0, naive: 0.0)
    var models = [RecurrentModel(), RecurrentModel()]
    for index in models.indices { models[index].fit(training, seed: 5) }
    var naive = SeasonalNaive.day
    naive.fit(training, seed: 5)
    for day in 1...10 {
      let rows = builder.forecastRows(origin: input.end - 24 * day)
      let answer = models[0].predict(rows)
      #expect(answer == models[1].predict(rows))
      let baseline = naive.predict(rows)
      for row in 0..<24 {
        let actual = input.target(rows.slots[row], before: input.end)
        func pinball(_ table: QuantileTable) -> Double {
          PinballLoss.mean(p10: table[row, 1], p50: table[row, 2], p90: table[row, 3], actual: actual)
        }
        loss.network += pinball(answer)
        loss.naive += pinball(baseline)
      }
    }
    #expect(loss.network < 0.6 * loss.naive)
  }

  @Test func `rows that are drawn one by one teach it nothing, and it says so`() throws {
    let input = try SyntheticLoad.input(SyntheticLoad.recording(days: 60))
    var builder = FeatureBuilder(input, horizon: 24, step: 1)
    var model = RecurrentModel()
    model.fit(builder.trainingRows((input.first + 336)..<input.end, before: input.end), seed: 1)
    let answer = model.predict(builder.forecastRows(origin: input.end - 24))
    #expect(answer.values.allSatisfy { $0.isNaN })
  }
}
