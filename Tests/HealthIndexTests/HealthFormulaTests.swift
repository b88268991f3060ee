import PlantModel
import StreamCore
import Testing

@testable import HealthIndex

@Suite("Formulas of health")
struct HealthFormulaTests {
  @Test func `the penalty and the index have their worked values`() {
    let penalty = HealthFormula.penalty(anomaly: 0.5, drift: 0.4, driftWeight: 0.5, badShare: 0.1)
    #expect(abs(penalty - 0.628) < 1e-12)
    #expect(abs(HealthFormula.index(penalties: [0.2, penalty]) - 35.34) < 1e-9)
  }

  @Test(arguments: zip(Severity.allCases, [100.0, 75, 25]))
  func `a fault that stands leaves what is worked out of an index`(severity: Severity, most: Double) {
    #expect(HealthFormula.most(under: severity) == most)
  }

  @Test func `the index is 100 with nothing against an asset and 0 with certainty against one sensor`() {
    #expect(HealthFormula.index(penalties: []) == 100)
    #expect(HealthFormula.index(penalties: [0, 0]) == 100)
    #expect(HealthFormula.index(penalties: [0, 1]) == 0)
  }

  @Test(arguments: [(3.0, 0.0), (-5.5, 0.5), (8, 1), (99, 1)])
  func `a residual counts from three scales and is certain at eight`(z: Double, score: Double) {
    #expect(HealthFormula.anomaly(standardizedResidual: z) == score)
  }

  @Test(arguments: [(60.0, 0.0), (120, 0.5), (180, 1), (500, 1)])
  func `a drift counts from 60 and is certain at 180`(cusum: Double, score: Double) {
    #expect(HealthFormula.drift(cusum: cusum) == score)
  }

  @Test func `what is not a number counts as nothing`() {
    #expect(HealthFormula.anomaly(standardizedResidual: .nan) == 0)
    #expect(HealthFormula.penalty(anomaly: .nan, drift: .nan, driftWeight: 0.5, badShare: .nan) == 0)
  }

  @Test(arguments: [
    (80.0, false, "good"), (79.9, false, "watch"), (60, false, "watch"), (59.9, false, "poor"), (9, true, "learning"),
  ])
  func `states have their bounds`(index: Double, isLearning: Bool, state: String) {
    #expect(HealthFormula.state(index: index, isLearning: isLearning) == state)
  }

  @Test(arguments: [
    ("pv", "power", SensorClass.variable), ("bess", "power", .eventDriven), ("bess", "soc", .eventDriven),
    ("bess", "temperature", .steady), ("ev", "power", .eventDriven), ("grid", "voltage", .steady),
    ("station", "temperature", .variable), ("load", "energy", .eventDriven),
  ])
  func `sensors are judged by what drives them`(asset: String, sensor: String, expected: SensorClass) {
    var register = HealthDriver().register
    #expect(SensorClass(register.admit(asset: asset, sensor: sensor), in: register) == expected)
  }

  @Test func `PV is taken to vary by its nominal power even after a calm week`() {
    let register = HealthDriver().register
    #expect(ResidualScale.leastSpread(register.series[0].profile) == 100)
    #expect(ResidualScale.leastSpread(SensorProfile()) == 0)
  }
}
