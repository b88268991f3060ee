import Forecasting
import StreamCore

/// Path of a slot's features to the quantiles of a trained forest.
enum ForestInference {
  private static let rows = 3_000
  private static let columns = 20

  static let hotPath = HotPath("forest", summary: "quantiles of one slot from 200 trees; a reading is a slot here") {
    load in
    var state: UInt64 = 7
    func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / 9_007_199_254_740_992
    }
    let features = (0..<columns).map { _ in (0..<rows).map { _ in uniform() } }
    let targets = (0..<rows).map { features[0][$0] * 10 + features[1][$0] * features[2][$0] * 5 + uniform() }
    let table = BinnedTable(features)
    var forest = QuantileForest(targets: targets)
    let settings = QuantileForest.Settings()
    forest.grow(settings.trees, table: table, targets: targets, settings: settings, seed: 1)
    // Ten slots a pass; more would take minutes.
    let slots = features.map { Array($0.prefix(10)) }
    var classes: [UInt8] = []
    var answer = QuantileTable(rows: 10)
    var room = QuantileForest.Room()
    return { passes in
      for _ in passes {
        table.classes(of: slots, into: &classes)
        forest.predict(classes, into: &answer, using: &room)
      }
      return passes.count * 10
    }
  }
}
