import PlantModel
import Testing
import WattlineTime

@Suite("Public holidays")
struct HolidayTests {
  private func dates(_ country: String, year: Int) -> [String] {
    HolidayCalendar.days(country: country, years: year...year).map {
      let date = CivilTime.date(daysSinceEpoch: $0)
      return "\(date.month)-\(date.day)"
    }
  }

  @Test(arguments: [
    ("DE", 2024, ["1-1", "3-29", "4-1", "5-1", "5-9", "5-20", "10-3", "12-25", "12-26"]),
    ("FR", 2025, ["1-1", "4-21", "5-1", "5-8", "5-29", "6-9", "7-14", "8-15", "11-1", "11-11", "12-25"]),
    // The Fourth of July of 2026 is a Saturday.
    (
      "US", 2026,
      ["1-1", "1-19", "2-16", "5-25", "6-19", "7-3", "7-4", "9-7", "10-12", "11-11", "11-26", "12-25"]
    ),
    // Boxing Day of 2026 is a Saturday.
    ("GB", 2026, ["1-1", "4-3", "5-4", "5-25", "12-25", "12-26", "12-28"]),
  ])
  func `a country's year is what its law says`(country: String, year: Int, expected: [String]) {
    #expect(dates(country, year: year) == expected)
  }

  @Test func `every country has its days in order, none twice, and a stranger has none`() {
    #expect(HolidayCalendar.countries.count >= 20)
    for country in HolidayCalendar.countries {
      let days = HolidayCalendar.days(country: country, years: 2000...2040)
      #expect(days == Array(Set(days)).sorted())
      #expect(days.count >= 4 * 41)
    }
    #expect(HolidayCalendar.days(country: "ZZ", years: 2024...2024).isEmpty)
  }
}
