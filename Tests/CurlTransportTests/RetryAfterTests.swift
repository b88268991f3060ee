import CurlTransport
import PlantModel
import Testing
import WattlineTime

@Suite("Retry-After")
struct RetryAfterTests {
  @Test(
    arguments: [
      ("120", 120), (" 0 ", 0), ("99999999999999999999", 600), ("Sun, 06 Nov 1994 08:49:37 GMT", 30),
      ("Sunday, 06-Nov-94 08:49:37 GMT", 30), ("Sun Nov  6 08:49:37 1994", 30), ("Sun, 06 Nov 1993 08:49:37 GMT", 0),
      ("Sun, 06 Nov 2094 08:49:37 GMT", 600), ("soon", nil), ("", nil), ("-5 x", nil),
      ("Sun, 99 Nov 1994 08:49:37 GMT", nil), ("1 2 3 4 5 6 7 8", nil), ("a b c d e f g", nil),
    ] as [(String, Int64?)])
  func `Retry-After is read as seconds or as a date in three forms`(text: String, seconds: Int64?) {
    let now = CivilTime(year: 1994, month: 11, day: 6, hour: 8, minute: 49, second: 7).utc
    #expect(RetryAfter.span(text, now: now) == seconds.map(TimeSpan.seconds))
  }
}
