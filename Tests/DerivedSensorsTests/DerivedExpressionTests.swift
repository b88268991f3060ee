import PlantModel
import Testing

/// Expressions over sensors.
struct DerivedExpressionTests {
  private let names = ExpressionNames(assets: ["grid", "house", "pv.east", "a-b"], sensors: ["l-1"])

  private func parse(_ text: String) throws(ExpressionMistake) -> DerivedExpression {
    try DerivedExpression(parsing: text, names: names)
  }

  private func value(_ text: String, inputs: [Double]) throws -> Double {
    var stack: [Double] = []
    return DerivedExpression.evaluate(try parse(text).steps, values: inputs, stack: &stack)
  }

  static let values: [(text: String, inputs: [Double], value: Double)] = [
    ("grid.import - grid.export", [5, 3], 2), ("house.l1 + house.l2 + house.l3", [1, 2, 3], 6),
    ("2 + 3 * grid.x", [4], 14), ("(2 + 3) * grid.x", [4], 20), ("-grid.x", [4], -4), ("grid.x − 1", [4], 3),
    ("grid.x × 2 ÷ 4", [4], 2), ("positive(grid.x - 3) * 2", [5], 4), ("positive(grid.x - 3) * 2", [1], 0),
    ("grid.x - grid.y - grid.z", [10, 3, 2], 5), ("8 / grid.x / 2", [2], 2), ("1.5e1*grid.x", [2], 30),
    ("pv.east.power + a-b.power", [1, 2], 3), ("house.l-1", [7], 7), ("grid.x+grid.x", [3], 6),
  ]

  @Test(arguments: values)
  func `an expression has the value that arithmetic gives it`(_ item: (text: String, inputs: [Double], value: Double))
    throws
  {
    #expect(try value(item.text, inputs: item.inputs) == item.value)
  }

  @Test(arguments: [
    "", "grid.x +", "+", "(grid.x", "grid.x)", "grid.x grid.y", "sqrt(grid.x)", "grid.x ** 2", "nobody.x", "3",
    "grid", "grid.", "1 +* grid.x", "\"grid.x",
  ])
  func `what is no expression is told with its place`(_ text: String) {
    #expect(throws: ExpressionMistake.self) { try parse(text) }
  }

  @Test func `an expression is bounded in length and inputs`() {
    let many = (0..<65).map { "grid.x\($0)" }.joined(separator: " + ")
    #expect(throws: ExpressionMistake.self) { try parse(many) }
    #expect(throws: ExpressionMistake.self) { try parse(String(repeating: "(", count: 5_000)) }
    #expect(throws: ExpressionMistake.self) { try parse(String(repeating: "-", count: 4_000) + "grid.x(") }
  }

  @Test func `units are checked, and factors between them are put in`() throws {
    func result(_ text: String, units: [String?], inputs: [Double], target: String?) throws -> Double {
      let program = try parse(text).program(
        inputs: units.map { $0.flatMap { Unit.named($0) } }, target: target.flatMap { Unit.named($0) })
      var stack: [Double] = []
      return DerivedExpression.evaluate(program.steps, values: inputs, stack: &stack)
    }
    #expect(abs(try result("grid.u * grid.i", units: ["V", "A"], inputs: [230, 10], target: "kW") - 2.3) < 1e-12)
    #expect(try result("grid.a * grid.b", units: ["%", "kWh"], inputs: [50, 40], target: nil) == 20)
    #expect(try result("grid.a / grid.b", units: ["kW", "kW"], inputs: [5, 20], target: "%") == 25)
    #expect(throws: ExpressionMistake.self) {
      try result("grid.a + grid.b", units: ["kW", "V"], inputs: [1, 1], target: nil)
    }
    #expect(throws: ExpressionMistake.self) { try result("grid.a", units: ["V"], inputs: [1], target: "kW") }
    // Nobody says the unit: as if in the target's.
    #expect(try result("grid.a + grid.b", units: [nil, nil], inputs: [1_500, 500], target: "W") == 2)
  }
}
