/// A quantity that a simulation of a community draws for each run.
public enum UncertainInput: String, Sendable, CaseIterable {
  /// Factor on the yield of PV in the run's years.
  case weather
  /// Factor on load.
  case load
  /// Growth of load in a year, as a share.
  case loadGrowth = "load_growth"
  /// Factor on the price of import.
  case price
  /// Growth of the price of import in a year, as a share.
  case priceGrowth = "price_growth"
  /// Factor on the payment for export.
  case exportPrice = "export_price"
  /// PV that is added until the last year, as a share of what there is.
  case pv
  /// Storage that is added until the last year, as a share of what there is.
  case storage
  /// Cars that are added until the last year, a member.
  case cars
  /// Heat pumps that are added until the last year, a member.
  case heatPumps = "heat_pumps"
  /// Outages of the grid in a year.
  case outages
  /// Mean length of an outage [h].
  case outageHours = "outage_hours"

  /// The range from which it is drawn unless another is given.
  public var range: ClosedRange<Double> {
    switch self {
    case .weather: 0.9...1.1
    case .load: 0.95...1.05
    case .loadGrowth: 0...0.02
    case .price: 0.8...1.2
    case .priceGrowth: 0...0.04
    case .exportPrice: 0.7...1.1
    case .pv, .storage: 0...0.5
    case .cars: 0...0.3
    case .heatPumps: 0...0.2
    case .outages: 0...3
    case .outageHours: 0.5...4
    }
  }

  /// Values that make sense.
  var limits: ClosedRange<Double> {
    switch self {
    case .loadGrowth, .priceGrowth: -0.5...0.5
    case .outages: 0...365
    case .outageHours: 0.01...1000
    default: 0...100
    }
  }

  /// Reads a range in words: `price=0.9..1.4`, or `outages=2` for one value.
  ///
  /// - Parameter text: The words.
  /// - Returns: The input, and its range.
  /// - Throws: ``CommunityError`` with what would be right.
  public static func range(_ text: String) throws(CommunityError) -> (UncertainInput, ClosedRange<Double>) {
    let pair = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard let input = pair.first.flatMap(UncertainInput.init(rawValue:)) else {
      let names = allCases.map(\.rawValue).joined(separator: ", ")
      throw CommunityError(description: "'\(text)' names no input; there are \(names)")
    }
    let ends = pair.count == 2 ? pair[1].split(separator: "..").map { Double($0) } : []
    guard let low = ends.first ?? nil, let high = ends.last ?? nil, ends.count <= 2, low <= high,
      input.limits.contains(low), input.limits.contains(high)
    else {
      let limits = input.limits
      throw CommunityError(
        description: "'\(text)' is no range; expected \(input.rawValue)=LOW..HIGH from \(limits.lowerBound) to "
          + "\(limits.upperBound), such as \(input.rawValue)=\(input.range.lowerBound)..\(input.range.upperBound)")
    }
    return (input, low...high)
  }
}

/// The draws of a run of a simulation: a value of each ``UncertainInput``.
public struct CommunityFuture: Sendable, Equatable {
  private var values: [Double]

  /// Places each input in its range.
  ///
  /// - Parameters:
  ///   - ranges: The ranges of inputs; others have their own.
  ///   - place: Returns the place of an input in its range, 0...1.
  init(_ ranges: [UncertainInput: ClosedRange<Double>], place: (UncertainInput) -> Double) {
    values = UncertainInput.allCases.map { input in
      let range = ranges[input] ?? input.range
      return range.lowerBound + (range.upperBound - range.lowerBound) * place(input)
    }
  }

  /// The value of an input.
  public subscript(input: UncertainInput) -> Double {
    values[UncertainInput.allCases.firstIndex(of: input) ?? 0]
  }
}

/// A mix of technology, and what it costs, beside what a community has.
public struct CommunityVariant: Sendable, Equatable {
  /// Name in tables.
  public var name: String
  /// PV that is added [kW].
  public var pvPower = 0.0
  /// PV that is added, as a share of what there is.
  public var pvShare = 0.0
  /// Storage that is added [kWh].
  public var storageEnergy = 0.0
  /// Storage that is added, as a share of what there is.
  public var storageShare = 0.0
  /// Cars that are added.
  public var cars = 0.0
  /// Heat pumps that are added.
  public var heatPumps = 0.0
  /// Change of the limits of the connection, as a share.
  public var limitShare = 0.0
  /// Money that is spent before the first year.
  public var investment = 0.0

  /// The community as it is.
  public static let base = CommunityVariant(name: "base")

  private init(name: String) { self.name = name }

  /// Reads a variant in words: `more PV:pv=+200,storage=+50%,invest=180000`.
  ///
  /// - Parameter text: The words.
  /// - Throws: ``CommunityError`` with what would be right.
  public init(_ text: String) throws(CommunityError) {
    let pair = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard pair.count == 2, !pair[0].contains(","), !pair[0].contains("\""), pair[0] != CommunityVariant.base.name
    else {
      throw CommunityError(
        description: "'\(text)' is no variant; expected a name other than base, and what is added, such as "
          + "sun:pv=+200,invest=180000")
    }
    name = pair[0]
    for part in pair[1].split(separator: ",", omittingEmptySubsequences: false) { try read(String(part)) }
  }

  private mutating func read(_ part: String) throws(CommunityError) {
    let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
    let isShare = part.hasSuffix("%")
    guard pair.count == 2, let number = Double(isShare ? String(pair[1].dropLast()) : pair[1]), number.isFinite,
      number.magnitude <= 1e12
    else { throw CommunityVariant.unclear(part) }
    let share = number / 100
    switch (pair[0], isShare) {
    case ("pv", true) where share >= -1: pvShare = share
    case ("pv", false) where number >= 0: pvPower = number
    case ("storage", true) where share >= -1: storageShare = share
    case ("storage", false) where number >= 0: storageEnergy = number
    case ("cars", false) where number >= 0: cars = number
    case ("heat_pumps", false) where number >= 0: heatPumps = number
    case ("limit", true) where share >= -1: limitShare = share
    case ("invest", false) where number >= 0: investment = number
    default: throw CommunityVariant.unclear(part)
    }
  }

  private static func unclear(_ part: String) -> CommunityError {
    CommunityError(
      description: "'\(part)' is no part of a variant; expected pv=+KW or pv=+SHARE%, storage=+KWH or "
        + "storage=+SHARE%, cars=+N, heat_pumps=+N, limit=+SHARE% or invest=MONEY")
  }
}
