import Glibc

/// Weights for combining several forecasts of a quantile.
///
/// They minimise the pinball loss of the weighted mean over past values, and stay near the prior while there are few.
/// The method is exponentiated gradient with a Kullback–Leibler penalty towards the prior (J. Kivinen and M. Warmuth
/// 1997, doi:10.1006/inco.1996.2612). Quantiles are averaged rather than probabilities (R. Lichtendahl et al. 2013,
/// doi:10.1287/mnsc.1120.1667).
enum PinballStacking {
  static let iterations = 60
  static let rate = 0.5
  /// Number of samples to which the prior is equivalent.
  static let priorSamples = 40.0

  /// Returns the weights of the models' forecasts, which add up to 1.
  ///
  /// - Parameters:
  ///   - forecasts: Sample by sample, one number a model; no NaN.
  ///   - actuals: Actual value of each sample.
  ///   - importance: Weight of each sample.
  ///   - probability: Probability of the quantile, 0...1.
  ///   - prior: Initial weights, adding up to 1.
  static func weights(
    forecasts: [Double], actuals: [Double], importance: [Double], probability: Double, prior: [Double]
  ) -> [Double] {
    let models = prior.count
    let total = importance.reduce(0, +)
    guard models > 1, total > 0 else { return prior }
    var scale = 0.0
    for sample in actuals.indices {
      var mean = 0.0
      for model in 0..<models { mean += prior[model] * forecasts[sample * models + model] }
      scale += importance[sample] * (actuals[sample] - mean).magnitude / total
    }
    guard scale > 0 else { return prior }
    let pull = priorSamples / (priorSamples + total)
    var weights = prior
    var average = Array(repeating: 0.0, count: models)
    for iteration in 0..<iterations {
      var gradient = Array(repeating: 0.0, count: models)
      forecasts.withUnsafeBufferPointer { forecasts in
        for sample in actuals.indices {
          var mean = 0.0
          for model in 0..<models { mean += weights[model] * forecasts[sample * models + model] }
          let slope = (actuals[sample] < mean ? 1 - probability : -probability) * importance[sample]
          for model in 0..<models {
            gradient[model] += slope * (forecasts[sample * models + model] - mean)
          }
        }
      }
      var sum = 0.0
      for model in 0..<models where prior[model] > 0 {
        let step = gradient[model] / (total * scale) * 8
        let drift = pull * log(max(weights[model], 1e-12) / prior[model])
        weights[model] *= exp(-rate * (min(max(step, -2), 2) + drift))
        sum += weights[model]
      }
      for model in 0..<models { weights[model] /= sum }
      if iteration >= iterations / 2 {
        for model in 0..<models { average[model] += weights[model] / Double(iterations - iterations / 2) }
      }
    }
    return average
  }
}
