import PlantModel
import Testing

@Suite struct CountedTests {
  @Test(arguments: [(0, "0 rows"), (1, "1 row"), (2, "2 rows")])
  func `a noun has its plural unless it is one`(_ count: Int, words: String) {
    #expect(count.counted("row") == words)
    #expect(UInt64(count).counted("row") == words)
  }
}
