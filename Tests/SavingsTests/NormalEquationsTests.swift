import Testing

@testable import Savings

@Suite("Normal equations")
struct NormalEquationsTests {
  @Test
  func `a line through two points is found exactly`() throws {
    var equations = NormalEquations(count: 2)
    equations.add([1, 0], value: 1)
    equations.add([1, 1], value: 3)
    let solution = try #require(equations.solution())
    #expect(abs(solution[0] - 1) < 1e-12 && abs(solution[1] - 2) < 1e-12)
  }

  @Test
  func `unknowns that the data do not determine have no solution`() {
    var equations = NormalEquations(count: 2)
    equations.add([1, 1], value: 1)
    equations.add([2, 2], value: 2)
    #expect(equations.solution() == nil && equations.inverse() == nil)
  }

  @Test
  func `a penalty draws towards its center`() throws {
    var equations = NormalEquations(count: 1)
    equations.add([1], value: 0)
    equations.penalise(0, weight: 3, center: 4)
    #expect(try #require(equations.solution()) == [3])
  }
}
