import PlantModel
import Testing

@Suite("Words about buildings")
struct BuildingTextTests {
  @Test func `an estimate is a number, a deviation or a range`() throws {
    func estimate(_ text: String, _ quantity: BuildingQuantity = .lighting) throws -> BuildingDescription.Estimate {
      try BuildingDescription.Estimate(text, of: quantity)
    }
    #expect(try abs(estimate("10.8").deviation - 1.08) < 1e-12)
    #expect(try estimate("10 ± 5 %") == .init(10, deviation: 0.5))
    #expect(try estimate("10 +- 2") == .init(10, deviation: 2))
    let range = try estimate("9 to 12")
    #expect(range.value == 10.5 && abs(range.deviation - 1.5 / 1.645) < 1e-12)
    #expect(try estimate("21", .heatingSetpoint) == .init(21, deviation: 0.5))
  }

  @Test(arguments: [
    ("much", BuildingQuantity.lighting, "'lighting' is 'much', which is no estimate"),
    ("12 to 9", .lighting, "the smaller number comes first"),
    ("21 ± 5 %", .heatingSetpoint, "percent of a temperature mean nothing"),
    ("2000", .lighting, "it must be from 0.0 to 100.0 W/m²"), ("nan", .plugs, "no estimate"),
  ])
  func `an estimate that cannot be meant is refused with what would be right`(
    text: String, quantity: BuildingQuantity, words: String
  ) {
    let mistake = #expect(throws: BuildingTextMistake.self) {
      try BuildingDescription.Estimate(text, of: quantity)
    }
    #expect(mistake?.description.contains(words) == true, "\(mistake?.description ?? "")")
  }

  @Test func `a change is a share, an amount or a new value`() throws {
    #expect(try QuantityChange("-50 %", of: .lighting) == .factor(0.5))
    #expect(try QuantityChange("−10%", of: .lighting) == .factor(0.9))
    #expect(try QuantityChange("-1 K", of: .heatingSetpoint) == .amount(-1))
    #expect(try QuantityChange("+0.5", of: .coolingCOP) == .amount(0.5))
    #expect(try QuantityChange("0.2 W/m²K", of: .wallU) == .value(0.2))
    #expect(try QuantityChange("-50 %", of: .lighting).words == "−50 %")
    #expect(QuantityChange.amount(-1).applied(to: 21) == 20 && QuantityChange.factor(0.5).applied(to: 8) == 4)
  }

  @Test(arguments: [
    ("-5 %", BuildingQuantity.heatingSetpoint, "write kelvin"), ("half", .lighting, "write \"-50 %\""),
    ("-150 %", .lighting, "from -100 % to 1000 %"), ("80", .coolingSetpoint, "from 15.0 to 40.0"),
  ])
  func `a change that cannot be meant is refused`(text: String, quantity: BuildingQuantity, words: String) {
    let mistake = #expect(throws: BuildingTextMistake.self) { try QuantityChange(text, of: quantity) }
    #expect(mistake?.description.contains(words) == true, "\(mistake?.description ?? "")")
  }

  @Test func `walls and roof follow from area, storeys and windows`() {
    var building = BuildingDescription(area: 800)
    building.given[.storeys] = .init(2, deviation: 0)
    building.given[.windowSouth] = .init(60, deviation: 0)
    #expect(building.estimate(.roofArea).value == 400)
    #expect(abs(building.estimate(.wallArea).value - (4 * 20 * 3.05 * 2 - 60)) < 1e-9)
  }
}
