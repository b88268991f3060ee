import Foundation
import PlantModel

/// The IANA time zone that a plant probably means by another text.
struct ZoneHint {
  private let text: String
  private let place: Location

  /// Creates the hint for a plant at a place.
  ///
  /// - Parameters:
  ///   - place: Position and country of the plant; 0° north and 0° east are an unknown position.
  ///   - text: The zone as written.
  init(_ place: Location, writtenAs text: String) { (self.place, self.text) = (place, text) }

  /// Returns whether a text is an offset from UTC, such as `UTC+1`, which Foundation takes as a zone.
  static func isOffset(_ text: String) -> Bool {
    let upper = text.uppercased().filter { $0 != " " }
    guard let start = ["UTC", "GMT"].first(where: upper.hasPrefix) else { return false }
    let rest = upper.dropFirst(start.count)
    return rest.first.map { "+-".contains($0) } ?? false
  }

  /// The spelling to write instead.
  var words: String {
    if let zone = named { return "write \(zone)" }
    guard let hours = offset else { return "write an IANA name such as \(nearest(within: 6) ?? "Europe/Berlin")" }
    let nearest = self.nearest(within: 180) ?? "Europe/Berlin"
    guard hours == hours.rounded(), hours != 0, hours.magnitude <= 14 else { return "write \(nearest)" }
    return "write \(nearest), which knows its summer time, or Etc/GMT\(hours > 0 ? "-" : "+")\(Int(hours.magnitude)) "
      + "for a clock that never changes"
  }

  /// Zone that the text names in another way: as a city, by Windows' name, by an abbreviation or in other letters.
  var named: String? {
    if let zone = WindowsZones.iana[text.lowercased()] { return zone }
    if let zone = ZoneHint.abbreviations[text.uppercased()] { return zone }
    let wanted = ZoneHint.plain(text)
    if wanted.count < 3 || offset != nil { return nil }
    if let city = ZoneCity.all.first(where: { ZoneHint.plain($0.name) == wanted }) { return city.zone }
    let zones = TimeZone.knownTimeZoneIdentifiers
    if let zone = zones.first(where: { ZoneHint.plain($0) == wanted }) { return zone }
    if let zone = zones.first(where: { ZoneHint.plain($0.split(separator: "/").last ?? "") == wanted }) { return zone }
    // "Europe/Munich" is a city with another zone's clock.
    let last = ZoneHint.plain(text.split { "/\\".contains($0) }.last ?? "")
    if let city = ZoneCity.all.first(where: { ZoneHint.plain($0.name) == last }) { return city.zone }
    let near = zones.min { EditDistance.between($0, text) < EditDistance.between($1, text) }
    return near.flatMap { EditDistance.between($0, text) <= 2 ? $0 : nil }
  }

  /// Hours ahead of UTC that the text states; `nil` if it states none.
  var offset: Double? {
    let upper = text.uppercased().filter { $0 != " " }
    let rest = upper.drop { $0.isLetter }
    guard let sign = rest.first, "+-\u{2212}".contains(sign) else { return nil }
    let parts = rest.dropFirst().split(separator: ":")
    guard let first = parts.first, let number = Double(first), parts.count <= 2 else { return nil }
    let minutes = parts.count == 2 ? Double(parts[1]) ?? 0 : 0
    let isPacked = parts.count == 1 && first.count >= 3
    let hours =
      isPacked
      ? (number / 100).rounded(.down) + number.truncatingRemainder(dividingBy: 100) / 60 : number + minutes / 60
    let base = ["CET", "MEZ"].contains { upper.hasPrefix($0) } ? 1.0 : 0
    return base + (sign == "+" ? hours : -hours)
  }

  /// Returns the zone of the country, else of the nearest large city within a distance.
  private func nearest(within degrees: Double) -> String? {
    if let country = place.country?.uppercased(), let zone = ZoneHint.countries[country] { return zone }
    guard place.latitude != 0 || place.longitude != 0 else { return nil }
    let turns = Double.pi / 180
    func distance(_ city: ZoneCity) -> Double {
      let east = (city.longitude - place.longitude) * cos(place.latitude * turns)
      return hypot(city.latitude - place.latitude, east)
    }
    let city = ZoneCity.all.min { distance($0) < distance($1) }
    return city.flatMap { distance($0) <= degrees ? $0.zone : nil }
  }

  private static func plain(_ text: some StringProtocol) -> String {
    let folded = text.folding(options: [.diacriticInsensitive, .caseInsensitive], locale: nil)
    return folded.filter { $0.isLetter || $0 == "/" }.replacing("\\", with: "/")
  }

  /// Zones of countries that have one clock.
  private static let countries = [
    "AT": "Europe/Vienna", "BE": "Europe/Brussels", "CH": "Europe/Zurich", "CZ": "Europe/Prague",
    "DE": "Europe/Berlin", "DK": "Europe/Copenhagen", "FI": "Europe/Helsinki", "FR": "Europe/Paris",
    "GB": "Europe/London", "IE": "Europe/Dublin", "IT": "Europe/Rome", "NL": "Europe/Amsterdam", "NO": "Europe/Oslo",
    "NZ": "Pacific/Auckland", "PL": "Europe/Warsaw", "SE": "Europe/Stockholm",
  ]

  private static let abbreviations = [
    "MEZ": "Europe/Berlin", "MESZ": "Europe/Berlin", "CEST": "Europe/Berlin", "EEST": "Europe/Helsinki",
    "BST": "Europe/London", "EST": "America/New_York", "EDT": "America/New_York", "CST": "America/Chicago",
    "CDT": "America/Chicago", "MST": "America/Denver", "MDT": "America/Denver", "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles", "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "ACST": "Australia/Adelaide",
    "AWST": "Australia/Perth", "JST": "Asia/Tokyo", "KST": "Asia/Seoul", "IST": "Asia/Kolkata",
    "NZST": "Pacific/Auckland",
    "NZDT": "Pacific/Auckland", "MSK": "Europe/Moscow", "HST": "Pacific/Honolulu", "AKST": "America/Anchorage",
    "SGT": "Asia/Singapore", "HKT": "Asia/Hong_Kong", "SAST": "Africa/Johannesburg", "BRT": "America/Sao_Paulo",
  ]

  /// Returns the zone of an abbreviation that Foundation takes, and which has another clock in summer or elsewhere.
  static func zone(ofAbbreviation text: String) -> String? { abbreviations[text.uppercased()] }
}

/// A large city, for finding the zone of a position.
struct ZoneCity {
  let name: String
  let zone: String
  let latitude: Double
  let longitude: Double

  private init(_ name: String, _ zone: String, _ latitude: Double, _ longitude: Double) {
    (self.name, self.zone, self.latitude, self.longitude) = (name, zone, latitude, longitude)
  }

  static let all: [ZoneCity] = [
    ZoneCity("Berlin", "Europe/Berlin", 52.5, 13.4), ZoneCity("Munich", "Europe/Berlin", 48.1, 11.6),
    ZoneCity("München", "Europe/Berlin", 48.1, 11.6), ZoneCity("Hamburg", "Europe/Berlin", 53.6, 10),
    ZoneCity("Frankfurt", "Europe/Berlin", 50.1, 8.7), ZoneCity("Cologne", "Europe/Berlin", 50.9, 7),
    ZoneCity("Köln", "Europe/Berlin", 50.9, 7), ZoneCity("Stuttgart", "Europe/Berlin", 48.8, 9.2),
    ZoneCity("Leipzig", "Europe/Berlin", 51.3, 12.4), ZoneCity("Freiburg", "Europe/Berlin", 48, 7.9),
    ZoneCity("Konstanz", "Europe/Berlin", 47.7, 9.2), ZoneCity("Germany", "Europe/Berlin", 51, 10),
    ZoneCity("Vienna", "Europe/Vienna", 48.2, 16.4), ZoneCity("Wien", "Europe/Vienna", 48.2, 16.4),
    ZoneCity("Graz", "Europe/Vienna", 47.1, 15.4), ZoneCity("Innsbruck", "Europe/Vienna", 47.3, 11.4),
    ZoneCity("Zurich", "Europe/Zurich", 47.4, 8.5), ZoneCity("Bern", "Europe/Zurich", 46.9, 7.4),
    ZoneCity("Geneva", "Europe/Zurich", 46.2, 6.1), ZoneCity("Paris", "Europe/Paris", 48.9, 2.4),
    ZoneCity("Lyon", "Europe/Paris", 45.8, 4.8), ZoneCity("Marseille", "Europe/Paris", 43.3, 5.4),
    ZoneCity("Bordeaux", "Europe/Paris", 44.8, -0.6), ZoneCity("London", "Europe/London", 51.5, -0.1),
    ZoneCity("Edinburgh", "Europe/London", 55.9, -3.2), ZoneCity("Dublin", "Europe/Dublin", 53.3, -6.3),
    ZoneCity("Amsterdam", "Europe/Amsterdam", 52.4, 4.9), ZoneCity("Brussels", "Europe/Brussels", 50.9, 4.4),
    ZoneCity("Copenhagen", "Europe/Copenhagen", 55.7, 12.6), ZoneCity("Oslo", "Europe/Oslo", 59.9, 10.8),
    ZoneCity("Stockholm", "Europe/Stockholm", 59.3, 18.1), ZoneCity("Gothenburg", "Europe/Stockholm", 57.7, 12),
    ZoneCity("Helsinki", "Europe/Helsinki", 60.2, 24.9), ZoneCity("Tallinn", "Europe/Tallinn", 59.4, 24.8),
    ZoneCity("Riga", "Europe/Riga", 56.9, 24.1), ZoneCity("Vilnius", "Europe/Vilnius", 54.7, 25.3),
    ZoneCity("Warsaw", "Europe/Warsaw", 52.2, 21), ZoneCity("Krakow", "Europe/Warsaw", 50.1, 19.9),
    ZoneCity("Prague", "Europe/Prague", 50.1, 14.4), ZoneCity("Bratislava", "Europe/Bratislava", 48.2, 17.1),
    ZoneCity("Budapest", "Europe/Budapest", 47.5, 19), ZoneCity("Ljubljana", "Europe/Ljubljana", 46.1, 14.5),
    ZoneCity("Zagreb", "Europe/Zagreb", 45.8, 16), ZoneCity("Belgrade", "Europe/Belgrade", 44.8, 20.5),
    ZoneCity("Rome", "Europe/Rome", 41.9, 12.5), ZoneCity("Milan", "Europe/Rome", 45.5, 9.2),
    ZoneCity("Palermo", "Europe/Rome", 38.1, 13.4), ZoneCity("Madrid", "Europe/Madrid", 40.4, -3.7),
    ZoneCity("Barcelona", "Europe/Madrid", 41.4, 2.2), ZoneCity("Seville", "Europe/Madrid", 37.4, -6),
    ZoneCity("Lisbon", "Europe/Lisbon", 38.7, -9.1), ZoneCity("Porto", "Europe/Lisbon", 41.2, -8.6),
    ZoneCity("Athens", "Europe/Athens", 38, 23.7), ZoneCity("Sofia", "Europe/Sofia", 42.7, 23.3),
    ZoneCity("Bucharest", "Europe/Bucharest", 44.4, 26.1), ZoneCity("Kyiv", "Europe/Kyiv", 50.5, 30.5),
    ZoneCity("Istanbul", "Europe/Istanbul", 41, 29), ZoneCity("Moscow", "Europe/Moscow", 55.8, 37.6),
    ZoneCity("Cairo", "Africa/Cairo", 30, 31.2), ZoneCity("Lagos", "Africa/Lagos", 6.5, 3.4),
    ZoneCity("Nairobi", "Africa/Nairobi", -1.3, 36.8), ZoneCity("Johannesburg", "Africa/Johannesburg", -26.2, 28),
    ZoneCity("Casablanca", "Africa/Casablanca", 33.6, -7.6), ZoneCity("Tel Aviv", "Asia/Jerusalem", 32.1, 34.8),
    ZoneCity("Riyadh", "Asia/Riyadh", 24.7, 46.7), ZoneCity("Dubai", "Asia/Dubai", 25.2, 55.3),
    ZoneCity("Karachi", "Asia/Karachi", 24.9, 67), ZoneCity("Mumbai", "Asia/Kolkata", 19.1, 72.9),
    ZoneCity("Delhi", "Asia/Kolkata", 28.6, 77.2), ZoneCity("Bangalore", "Asia/Kolkata", 13, 77.6),
    ZoneCity("Dhaka", "Asia/Dhaka", 23.8, 90.4), ZoneCity("Bangkok", "Asia/Bangkok", 13.8, 100.5),
    ZoneCity("Hanoi", "Asia/Ho_Chi_Minh", 21, 105.8), ZoneCity("Jakarta", "Asia/Jakarta", -6.2, 106.8),
    ZoneCity("Singapore", "Asia/Singapore", 1.4, 103.8), ZoneCity("Manila", "Asia/Manila", 14.6, 121),
    ZoneCity("Hong Kong", "Asia/Hong_Kong", 22.3, 114.2), ZoneCity("Beijing", "Asia/Shanghai", 39.9, 116.4),
    ZoneCity("Shanghai", "Asia/Shanghai", 31.2, 121.5), ZoneCity("Chengdu", "Asia/Shanghai", 30.7, 104.1),
    ZoneCity("Taipei", "Asia/Taipei", 25, 121.6), ZoneCity("Seoul", "Asia/Seoul", 37.6, 127),
    ZoneCity("Tokyo", "Asia/Tokyo", 35.7, 139.7), ZoneCity("Osaka", "Asia/Tokyo", 34.7, 135.5),
    ZoneCity("Perth", "Australia/Perth", -32, 115.9), ZoneCity("Adelaide", "Australia/Adelaide", -34.9, 138.6),
    ZoneCity("Brisbane", "Australia/Brisbane", -27.5, 153), ZoneCity("Sydney", "Australia/Sydney", -33.9, 151.2),
    ZoneCity("Melbourne", "Australia/Melbourne", -37.8, 145), ZoneCity("Auckland", "Pacific/Auckland", -36.8, 174.8),
    ZoneCity("New York", "America/New_York", 40.7, -74), ZoneCity("Boston", "America/New_York", 42.4, -71.1),
    ZoneCity("Washington", "America/New_York", 38.9, -77), ZoneCity("Atlanta", "America/New_York", 33.7, -84.4),
    ZoneCity("Miami", "America/New_York", 25.8, -80.2), ZoneCity("Toronto", "America/Toronto", 43.7, -79.4),
    ZoneCity("Montreal", "America/Toronto", 45.5, -73.6), ZoneCity("Detroit", "America/Detroit", 42.3, -83),
    ZoneCity("Chicago", "America/Chicago", 41.9, -87.6), ZoneCity("Dallas", "America/Chicago", 32.8, -96.8),
    ZoneCity("Houston", "America/Chicago", 29.8, -95.4), ZoneCity("Minneapolis", "America/Chicago", 45, -93.3),
    ZoneCity("Denver", "America/Denver", 39.7, -105), ZoneCity("Salt Lake City", "America/Denver", 40.8, -111.9),
    ZoneCity("Phoenix", "America/Phoenix", 33.4, -112.1), ZoneCity("Calgary", "America/Edmonton", 51, -114.1),
    ZoneCity("Los Angeles", "America/Los_Angeles", 34.1, -118.2),
    ZoneCity("San Francisco", "America/Los_Angeles", 37.8, -122.4),
    ZoneCity("Seattle", "America/Los_Angeles", 47.6, -122.3), ZoneCity("Vancouver", "America/Vancouver", 49.3, -123.1),
    ZoneCity("Honolulu", "Pacific/Honolulu", 21.3, -157.9), ZoneCity("Anchorage", "America/Anchorage", 61.2, -149.9),
    ZoneCity("Mexico City", "America/Mexico_City", 19.4, -99.1), ZoneCity("Bogota", "America/Bogota", 4.7, -74.1),
    ZoneCity("Lima", "America/Lima", -12, -77), ZoneCity("Santiago", "America/Santiago", -33.4, -70.7),
    ZoneCity("Buenos Aires", "America/Argentina/Buenos_Aires", -34.6, -58.4),
    ZoneCity("Sao Paulo", "America/Sao_Paulo", -23.6, -46.6), ZoneCity("Reykjavik", "Atlantic/Reykjavik", 64.1, -21.9),
  ]
}

/// Windows' names of time zones.
enum WindowsZones {
  /// IANA zones by Windows' names in lower case (CLDR, windowsZones.xml, territory 001).
  static let iana: [String: String] = [
    "w. europe standard time": "Europe/Berlin", "central europe standard time": "Europe/Budapest",
    "central european standard time": "Europe/Warsaw", "romance standard time": "Europe/Paris",
    "gmt standard time": "Europe/London", "greenwich standard time": "Atlantic/Reykjavik",
    "e. europe standard time": "Europe/Chisinau", "fle standard time": "Europe/Kyiv",
    "gtb standard time": "Europe/Bucharest", "turkey standard time": "Europe/Istanbul",
    "russian standard time": "Europe/Moscow", "egypt standard time": "Africa/Cairo",
    "south africa standard time": "Africa/Johannesburg", "w. central africa standard time": "Africa/Lagos",
    "e. africa standard time": "Africa/Nairobi", "morocco standard time": "Africa/Casablanca",
    "israel standard time": "Asia/Jerusalem", "arab standard time": "Asia/Riyadh",
    "arabian standard time": "Asia/Dubai", "iran standard time": "Asia/Tehran",
    "pakistan standard time": "Asia/Karachi", "india standard time": "Asia/Kolkata",
    "bangladesh standard time": "Asia/Dhaka", "se asia standard time": "Asia/Bangkok",
    "china standard time": "Asia/Shanghai", "singapore standard time": "Asia/Singapore",
    "taipei standard time": "Asia/Taipei", "korea standard time": "Asia/Seoul", "tokyo standard time": "Asia/Tokyo",
    "w. australia standard time": "Australia/Perth", "cen. australia standard time": "Australia/Adelaide",
    "aus central standard time": "Australia/Darwin", "e. australia standard time": "Australia/Brisbane",
    "aus eastern standard time": "Australia/Sydney", "tasmania standard time": "Australia/Hobart",
    "new zealand standard time": "Pacific/Auckland", "eastern standard time": "America/New_York",
    "us eastern standard time": "America/Indiana/Indianapolis", "central standard time": "America/Chicago",
    "canada central standard time": "America/Regina", "central standard time (mexico)": "America/Mexico_City",
    "mountain standard time": "America/Denver", "us mountain standard time": "America/Phoenix",
    "pacific standard time": "America/Los_Angeles", "alaskan standard time": "America/Anchorage",
    "hawaiian standard time": "Pacific/Honolulu", "atlantic standard time": "America/Halifax",
    "newfoundland standard time": "America/St_Johns", "e. south america standard time": "America/Sao_Paulo",
    "argentina standard time": "America/Argentina/Buenos_Aires", "pacific sa standard time": "America/Santiago",
    "sa pacific standard time": "America/Bogota", "sa western standard time": "America/La_Paz",
    "sa eastern standard time": "America/Cayenne", "utc standard time": "UTC",
    "pacific time": "America/Los_Angeles", "mountain time": "America/Denver", "central time": "America/Chicago",
    "eastern time": "America/New_York",
  ]
}
