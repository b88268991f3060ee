public import Community
public import StreamCore
public import WattlineTime

/// The closing of a quarter-hour mark: who belongs to the community, on which terms, and the prices of the day ahead.
///
/// Summaries that come later for the mark are not decided with. The record has all that a decision needs beside them.
/// So a log needs no configuration to be read.
public struct CommunityQuarter: Sendable, Equatable {
  /// The mark.
  public var time: Timestamp
  /// Names of the members.
  public var members: [String]
  /// Objective.
  public var objective: CommunityObjective
  /// Limit of import [kW]; infinite without one.
  public var importLimit: Double
  /// Limit of export [kW]; infinite without one.
  public var exportLimit: Double
  /// Price of a kWh above a limit.
  public var overloadPrice: Double
  /// Price of a kilogram of carbon dioxide in the objective.
  public var carbonPrice: Double
  /// Money that the operator may add in a day.
  public var incentiveBudget: Double
  /// Price of a kWh imported, by step; NaN if it is unknown.
  public var importPrice: [Float]
  /// Payment for a kWh exported, by step; NaN if it is unknown.
  public var exportPrice: [Float]
  /// Emissions of a kWh imported [kg], by step.
  public var carbon: [Float]

  /// Creates a closing of a community without limits, carbon and budget.
  ///
  /// - Parameters:
  ///   - time: The mark.
  ///   - members: Names of the members.
  ///   - objective: What is sought.
  ///   - importPrice: Price of a kWh imported, by step; NaN if it is unknown.
  ///   - exportPrice: Payment for a kWh exported, by step; NaN if it is unknown.
  public init(
    time: Timestamp, members: [String], objective: CommunityObjective, importPrice: [Float], exportPrice: [Float]
  ) {
    self.time = time
    self.members = members
    self.objective = objective
    importLimit = .infinity
    exportLimit = .infinity
    overloadPrice = 1
    carbonPrice = 0
    incentiveBudget = 0
    self.importPrice = importPrice
    self.exportPrice = exportPrice
    carbon = importPrice.map { _ in 0 }
  }

  /// Number of steps.
  public var steps: Int { importPrice.count }
}

extension CommunityQuarter {
  private static let version: UInt16 = 1

  /// Writes the closing.
  public func write(to writer: inout SnapshotWriter) {
    writer.write(Self.version)
    writer.write(time)
    writer.write(members) { $0.write($1) }
    writer.write(objective.rawValue)
    for value in [importLimit, exportLimit, overloadPrice, carbonPrice, incentiveBudget] { writer.write(value) }
    for values in [importPrice, exportPrice, carbon] { writer.write(floats: values) }
  }

  /// Reads the closing that ``write(to:)`` wrote.
  public init(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: Self.version, of: "a community's mark")
    time = try reader.readTimestamp()
    members = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in try reader.readString() }
    guard let objective = CommunityObjective(rawValue: try reader.readString()) else {
      throw .invalid("an objective that is none")
    }
    self.objective = objective
    importLimit = try reader.readDouble()
    exportLimit = try reader.readDouble()
    overloadPrice = try reader.readDouble()
    carbonPrice = try reader.readDouble()
    incentiveBudget = try reader.readDouble()
    importPrice = try reader.readFloats()
    exportPrice = try reader.readFloats()
    carbon = try reader.readFloats()
    guard exportPrice.count == importPrice.count, carbon.count == importPrice.count else {
      throw .invalid("prices of different lengths")
    }
  }
}
