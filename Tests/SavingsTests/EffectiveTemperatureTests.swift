import Testing

@testable import Savings

@Suite("The curve over an effective temperature")
struct EffectiveTemperatureTests {
  private let specification = DailySpecification(
    types: .saturday, hasHeating: true, hasCooling: true, hasOwnSlopes: true, lags: 2, usesSun: true, harmonics: 2,
    baseHarmonics: 1, hasWeekdays: true, quiet: QuietWeeks(first: 24, last: 6))

  private func curve(_ design: DailyDesign) -> EffectiveTemperatureCurve {
    let layout = EffectiveTemperatureCurve.Layout(
      types: 3, linear: design.linearCount, shifts: design.shiftCount, slopes: 3, hasHeating: true, hasCooling: true)
    let parameters = (0..<layout.count).map { place -> Double in
      place >= layout.firstHeating ? 0.3 + 0.1 * Double(place % 5) : 0.05 * Double(place % 7)
    }
    return EffectiveTemperatureCurve(layout: layout, parameters: parameters)
  }

  @Test
  func `derivatives are those of small differences`() {
    let days = SyntheticMeter().days(count: 40, seed: 1)
    let design = DailyDesign(days, specification: specification, holidays: [])
    let curve = curve(design)
    for row in stride(from: 3, to: 40, by: 5) {
      var derivatives = [Double](repeating: 0, count: curve.layout.count)
      derivatives.withUnsafeMutableBufferPointer { _ = curve.parts(row, design: design, derivatives: $0) }
      for place in derivatives.indices {
        var (above, below) = (curve, curve)
        above.parameters[place] += 1e-5
        below.parameters[place] -= 1e-5
        let difference =
          above.parts(row, design: design, derivatives: nil).total
          - below.parts(row, design: design, derivatives: nil).total
        #expect(abs(difference / 2e-5 - derivatives[place]) < 1e-4 * max(1, abs(derivatives[place])))
      }
    }
  }

  @Test
  func `with a narrow width it is the change-point model`() {
    let days = [0.0, 10, 20].enumerated().map { MeterDay(date: 18_700 + $0, use: 0, temperature: $1) }
    let specification = DailySpecification(hasHeating: true)
    let design = DailyDesign(days, specification: specification, holidays: [])
    let layout = EffectiveTemperatureCurve.Layout(
      types: 1, linear: 0, shifts: 0, slopes: 1, hasHeating: true, hasCooling: false)
    // A base of 5 kWh and e⁰ = 1 kWh/K below 15 °C.
    let curve = EffectiveTemperatureCurve(layout: layout, parameters: [5, 0, 15, -5])
    let totals = curve.parts(design).map(\.total)
    #expect(abs(totals[0] - 20) < 1e-6 && abs(totals[1] - 10) < 1e-6 && abs(totals[2] - 5) < 1e-6)
  }
}
