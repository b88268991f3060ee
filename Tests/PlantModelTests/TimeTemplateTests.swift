import PlantModel
import Testing
import WattlineTime

@Suite("templates of times")
struct TimeTemplateTests {
  private func text(_ template: String, isAddress: Bool = false) throws -> String {
    var calendar = try #require(LocalCalendar(identifier: "Europe/Berlin"))
    let noon = Timestamp(seconds: 1_772_362_800)
    return try TimeTemplate(template, allowsBraces: !isAddress).text(
      of: noon...(noon + .hours(1)), calendar: &calendar, isAddress: isAddress)
  }

  @Test func `each form gives the example of its list`() throws {
    for form in TimeTemplate.forms { #expect(try text("{since:\(form.name)}") == form.example) }
    #expect(try text("{since}/{until}") == "2026-03-01T11:00:00Z/2026-03-01T12:00:00Z")
    #expect(try text("{until:%d.%m.%y %H:%M}") == "01.03.26 13:00")
  }

  @Test func `in an address, times are encoded`() throws {
    #expect(
      try text("https://a.example/?t={since:offset}", isAddress: true)
        == "https://a.example/?t=2026-03-01T12:00:00%2B01:00")
    #expect(try text("https://a.example/?t={since:%d %m}", isAddress: true) == "https://a.example/?t=01%2003")
  }

  @Test func `braces of JSON are text, and unknown forms are mistakes`() throws {
    #expect(try text("{\"from\": \"{since:s}\"}") == "{\"from\": \"1772362800\"}")
    #expect(throws: TimeTemplate.Mistake.self) { try TimeTemplate("https://a.example/{from}") }
    #expect(throws: TimeTemplate.Mistake.self) { try TimeTemplate("https://a.example/{since:is}") }
    #expect(throws: TimeTemplate.Mistake.self) { try TimeTemplate("https://a.example/{since:%Q}") }
  }
}
