import PlantModel
import Testing

@Suite struct CountedTests {
  @Test("a noun has its plural unless it is one", arguments: [(0, "0 rows"), (1, "1 row"), (2, "2 rows")])
  func plural(_ count: Int, words: String) {
    #expect(count.counted("row") == words)
    #expect(UInt64(count).counted("row") == words)
  }
}
