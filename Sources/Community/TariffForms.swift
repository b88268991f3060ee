/// A tariff in words: `flat=0.30`, `dynamic=+0.02`, `tou=0.22/17-21:0.40`, each perhaps with
/// `,export=0.06`, `,fee=0.40`.
public struct TariffForm: Sendable {
  private let text: String
  private var flat: Double?
  private var surcharge: Double?
  private var bands: [(hours: ClosedRange<Double>, price: Double)] = []
  private var export: Double?
  private var fee = 0.0

  /// Reads a tariff.
  ///
  /// - Parameter text: The words.
  /// - Throws: ``CommunityError`` with what would be right.
  public init(_ text: String) throws(CommunityError) {
    self.text = text
    for (place, part) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
      let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard pair.count == 2 else { throw TariffForm.unclear(String(part)) }
      switch (pair[0], place) {
      case ("flat", 0): flat = try TariffForm.number(pair[1])
      case ("dynamic", 0): surcharge = try TariffForm.number(pair[1])
      case ("tou", 0): try readBands(pair[1])
      case ("export", 1...): export = try TariffForm.number(pair[1])
      case ("fee", 1...): fee = try TariffForm.number(pair[1])
      default: throw TariffForm.unclear(String(part))
      }
    }
  }

  private mutating func readBands(_ text: String) throws(CommunityError) {
    let parts = text.split(separator: "/").map(String.init)
    flat = try TariffForm.number(parts.first ?? "")
    for part in parts.dropFirst() {
      let pair = part.split(separator: ":").map(String.init)
      let hours = pair[0].split(separator: "-").compactMap { Double(String($0)) }
      guard pair.count == 2, hours.count == 2, hours[0] >= 0, hours[0] < hours[1], hours[1] <= 24
      else {
        throw CommunityError(
          description: "'\(part)' is no band; expected hours and a price, such as 17-21:0.40")
      }
      bands.append((hours[0]...hours[1], try TariffForm.number(pair[1])))
    }
  }

  private static func number(_ text: String) throws(CommunityError) -> Double {
    guard let number = Double(text), number.isFinite else {
      throw CommunityError(description: "'\(text)' is no price; expected a number such as 0.30")
    }
    return number
  }

  private static func unclear(_ part: String) -> CommunityError {
    CommunityError(
      description:
        "'\(part)' is no part of a tariff; expected flat=P, dynamic=+P or tou=P/17-21:P first, "
        + "then export=P and fee=P")
  }

  /// Returns the tariff over the steps of an instance.
  ///
  /// - Parameters:
  ///   - instance: The instance.
  ///   - firstHour: Local hour of the day at which its first step begins.
  public func tariff(for instance: CommunityInstance, firstHour: Double) -> CommunityTariff {
    let prices = (0..<instance.steps).map { step in
      let hour = (firstHour + (Double(step) + 1e-9) * instance.stepHours).truncatingRemainder(
        dividingBy: 24)
      if let band = bands.last(where: { $0.hours.lowerBound <= hour && hour < $0.hours.upperBound }) {
        return band.price
      }
      return flat ?? instance.series.importPrice[step] + (surcharge ?? 0)
    }
    return CommunityTariff(
      name: text, importPrice: prices,
      exportPrice: export.map { Array(repeating: $0, count: instance.steps) }
        ?? instance.series.exportPrice,
      dailyFee: fee)
  }
}
