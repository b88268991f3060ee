import Testing

@testable import Journal

@Suite("What was mended, in words")
struct RecoveryWordsTests {
  @Test func `each thing that was mended is said once, one as one`() {
    var report = RecoveryReport()
    #expect(report.words == "")
    report.truncatedBytes = 17
    report.damagedSegments = 1
    report.removedLeftovers = 2
    #expect(
      report.words == "17 bytes of an unfinished record cut off, 2 files of an interrupted compression removed, "
        + "1 segment with a damaged header or index")
  }
}
