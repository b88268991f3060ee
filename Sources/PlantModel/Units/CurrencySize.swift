/// Orders of magnitude of the price of a kWh in the world's currencies, used to detect prices in a wrong unit.
public enum CurrencySize {
  /// Multiple of the usual price that no list's median reaches: seven times the most expensive European household
  /// price.
  static let far = 15.0
  /// Share of the usual price that at least one price of every list exceeds.
  static let small = 0.02

  /// Returns the household price of a kWh, to about a factor of two [currency/kWh]; `nil` for an unknown currency.
  public static func usualPrice(in currency: String) -> Double? { usual[currency.uppercased()] }

  /// Returns the range in which a live price sensor is plausible [currency/kWh]; unlimited for an unknown currency.
  ///
  /// The range is −5 to 20 in EUR. It is scaled up in proportion for currencies whose usual price exceeds 0.3.
  ///
  /// Worked value: JPY, with a usual price of 31: −517 to 2,067.
  public static func plausiblePrices(in currency: String) -> ClosedRange<Double> {
    guard let price = usualPrice(in: currency) else { return -.infinity ... .infinity }
    let scale = max(1, price / 0.3)
    return -5 * scale...20 * scale
  }

  /// Conspicuous magnitude of a whole list of prices.
  public enum Oddity: Hashable, Sendable {
    /// The median, here attached, is far above any price.
    case large(Double)
    /// All prices, the attached greatest one included, are far below any price.
    case small(Double)
  }

  /// Returns the deviation of prices from the usual ones of a currency; `nil` if there is none or the currency is
  /// unknown.
  ///
  /// - Parameters:
  ///   - prices: Prices [currency/kWh]; zeros and values that are not finite are ignored.
  ///   - currency: ISO 4217 code.
  public static func oddity(of prices: [Double], in currency: String) -> Oddity? {
    guard let usual = usualPrice(in: currency) else { return nil }
    let sizes = prices.filter { $0 != 0 && $0.isFinite }.map(\.magnitude).sorted()
    guard let greatest = sizes.last else { return nil }
    let median = sizes[sizes.count / 2]
    if median > far * usual { return .large(median) }
    return greatest < small * usual ? .small(greatest) : nil
  }

  private static let usual: [String: Double] = [
    "EUR": 0.3, "USD": 0.2, "GBP": 0.3, "CHF": 0.3, "AUD": 0.3, "NZD": 0.3, "CAD": 0.15, "SGD": 0.3, "HKD": 1.3,
    "JPY": 31, "CNY": 0.6, "KRW": 150, "TWD": 3, "INR": 7, "PKR": 45, "BDT": 8, "LKR": 40, "NPR": 10, "IDR": 1_500,
    "MYR": 0.5, "THB": 4.5, "PHP": 11, "VND": 2_500, "KHR": 600, "MMK": 150, "LAK": 1_000, "MNT": 250,
    "SEK": 1.5, "NOK": 1.3, "DKK": 2.5, "ISK": 20, "PLN": 1, "CZK": 6, "HUF": 40, "RON": 1.3, "BGN": 0.25, "HRK": 1,
    "RSD": 12, "BAM": 0.2, "MKD": 8, "ALL": 11, "MDL": 3, "UAH": 4, "BYN": 0.25, "RUB": 6, "TRY": 3, "GEL": 0.3,
    "AMD": 45, "AZN": 0.1, "KZT": 27, "UZS": 600, "KGS": 2, "ILS": 0.6, "JOD": 0.1, "LBP": 20_000, "IRR": 3_000,
    "IQD": 50, "SAR": 0.2, "AED": 0.3, "QAR": 0.12, "KWD": 0.02, "BHD": 0.03, "OMR": 0.03, "EGP": 1.5, "MAD": 1.2,
    "TND": 0.3, "DZD": 5, "ZAR": 3, "NGN": 150, "GHS": 2, "KES": 25, "TZS": 250, "UGX": 750, "RWF": 200, "ETB": 2,
    "ZMW": 2, "MUR": 6, "XOF": 120, "XAF": 100, "BRL": 0.8, "MXN": 2, "ARS": 90, "CLP": 170, "COP": 850, "PEN": 0.8,
    "UYU": 9, "PYG": 400, "BOB": 1, "CRC": 90, "GTQ": 2, "HNL": 5, "NIO": 8, "DOP": 8, "JMD": 45,
  ]
}
