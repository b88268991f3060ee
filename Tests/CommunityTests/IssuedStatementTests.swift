import Testing

@testable import Community

@Suite("Issued statements")
struct IssuedStatementTests {
  private static func statement(
    _ month: String, _ cents: [String: Int], fund: Int = 0, steps: Int = 2_880
  ) -> IssuedStatement {
    IssuedStatement(
      month: month, key: "dynamic", cents: cents, meterCents: cents.values.reduce(0, +) - fund, fundCents: fund,
      settledSteps: steps)
  }

  @Test func `data that come late are a correction in the next statement, once, and sums close in each line`() throws {
    let september = Self.statement("2026-09", ["a": 1_000, "b": -250], steps: 2_870)
    #expect(september.isBalanced && september.correction(to: september, after: []) == nil)

    var october = Self.statement("2026-10", ["a": 900, "b": 10])
    let late = Self.statement("2026-09", ["a": 1_012, "b": -251], fund: 3)
    let correction = try #require(september.correction(to: late, after: []))
    #expect(correction.cents == ["a": 12, "b": -1] && correction.meterCents == 8 && correction.fundCents == 3)
    #expect(correction.reason == "2880 in place of 2870 quarters of an hour are known")
    october.corrections = [correction]
    #expect(october.isBalanced && october.owed(by: "a") == 912 && october.owed(by: "b") == 9)

    // What October has told is not told again; what comes later still is.
    #expect(september.correction(to: late, after: [october]) == nil)
    let later = Self.statement("2026-09", ["a": 1_012, "b": -240, "c": 5], fund: 3)
    let second = try #require(september.correction(to: later, after: [october]))
    #expect(second.cents == ["b": 11, "c": 5] && second.meterCents == 16)
  }

  @Test func `corrected readings of the same quarters are told as such, and sums that do not close are seen`() throws {
    let before = Self.statement("2026-09", ["a": 100])
    #expect(
      before.correction(to: Self.statement("2026-09", ["a": 90]), after: [])?.reason
        == "readings of the month were corrected")
    var wrong = before
    wrong.meterCents += 1
    #expect(!wrong.isBalanced)
  }
}
