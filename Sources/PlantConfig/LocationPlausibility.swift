import Foundation
import PlantModel
import WattlineTime

/// Plausibility of a plant's position and time zone against each other. Everything here can be intended, so each
/// finding is a warning.
struct LocationPlausibility {
  private let place: Location
  private let section: Section

  init(_ place: Location, in section: Section) { (self.place, self.section) = (place, section) }

  /// Warns about a zone that is an offset or an abbreviation, and about a position that is elsewhere than the zone.
  func check() {
    // A refused value has been told already.
    let isNumber = ["latitude", "longitude"].allSatisfy { section.node($0)?.text.flatMap(Double.init) != nil }
    guard isNumber, let written = section.node("timezone")?.text else { return }
    if ZoneHint.isOffset(written) {
      warn("timezone", "'\(written)' is an offset without summer time; \(ZoneHint(place, writtenAs: written).words)")
    } else if let zone = ZoneHint.zone(ofAbbreviation: written), LocalCalendar(identifier: written) != nil {
      warn("timezone", "'\(written)' is an abbreviation of several clocks, some without summer time; write \(zone)")
    }
    if place.latitude == 0, place.longitude == 0 {
      warn("latitude", "0 north and 0 east is in the sea; write the plant's position")
    } else {
      checkPosition()
    }
  }

  private func checkPosition() {
    guard let zone = TimeZone(identifier: place.timezone), place.timezone.contains("/"),
      !place.timezone.hasPrefix("Etc/")
    else { return }
    var other = place
    (other.latitude, other.longitude) = (place.longitude, place.latitude)
    if !fits(place, zone: zone), (-90...90).contains(other.latitude), fits(other, zone: zone) {
      warn(
        "latitude",
        "\(place.latitude) north and \(place.longitude) east is not in \(place.timezone); they are perhaps exchanged: "
          + "latitude: \(place.longitude), longitude: \(place.latitude)")
      return
    }
    for key in ["latitude", "longitude"] where !fits(place, zone: zone) {
      other = place
      if key == "latitude" { other.latitude.negate() } else { other.longitude.negate() }
      guard fits(other, zone: zone) else { continue }
      let value = key == "latitude" ? other.latitude : other.longitude
      warn(
        key,
        "\(place.latitude) north and \(place.longitude) east is not in \(place.timezone); a sign is perhaps missing or "
          + "too many: \(key): \(value)")
      return
    }
    if !fits(place, zone: zone) {
      warn(
        "timezone",
        "\(place.latitude) north and \(place.longitude) east is not in \(place.timezone); look at both, latitude is "
          + "north and longitude is east")
    }
  }

  /// Returns whether a position may have the clock of a zone: within 3.5 hours of solar time, and on its continent's
  /// side of the equator.
  private func fits(_ place: Location, zone: TimeZone) -> Bool {
    // The offset of January or July that is smaller is the one without summer time.
    let offsets = [1_736_510_400.0, 1_752_148_800].map { zone.secondsFromGMT(for: Date(timeIntervalSince1970: $0)) }
    let standard = Double(offsets.min() ?? 0) / 3600
    let difference = (place.longitude / 15 - standard).remainder(dividingBy: 24)
    guard difference.magnitude <= 3.5 else { return false }
    let north = place.latitude
    if place.timezone.hasPrefix("Europe/") { return (34...72).contains(north) && (-32...70).contains(place.longitude) }
    if place.timezone.hasPrefix("Australia/") { return (-56 ... -9).contains(north) }
    if place.timezone == "Pacific/Auckland" { return (-53 ... -28).contains(north) }
    if LocationPlausibility.northAmerica.contains(place.timezone) { return (18...75).contains(north) }
    if LocationPlausibility.eastAsia.contains(place.timezone) { return (17...54).contains(north) }
    return true
  }

  private static let northAmerica: Set<String> = [
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "America/Toronto", "America/Vancouver", "America/Detroit", "America/Edmonton",
  ]
  private static let eastAsia: Set<String> = ["Asia/Tokyo", "Asia/Seoul", "Asia/Shanghai", "Asia/Taipei"]

  private func warn(_ key: String, _ message: String) {
    section.reading.warning(section.place(of: key), message)
  }
}
