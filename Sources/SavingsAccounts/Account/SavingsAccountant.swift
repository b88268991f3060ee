public import InfluxSink
public import PlantModel
import Savings
public import WattlineTime

/// Accounts of a plan's savings from the database, against a baseline that is frozen when it is first needed.
public struct SavingsAccountant {
  /// Days before a span whose weather its first days depend on.
  private static let weatherDays = 3

  let plan: SavingsPlan
  let plant: Plant
  let reader: DatabaseReader
  private let registry: ModelRegistry
  let author: Author

  /// Program and user that freeze models.
  public struct Author: Sendable {
    /// Program with its version and commit.
    public var program: String
    /// Name of the user.
    public var user: String

    /// Creates an author.
    ///
    /// - Parameters:
    ///   - program: Program with its version and commit.
    ///   - user: Name of the user.
    public init(program: String, user: String) { (self.program, self.user) = (program, user) }
  }

  /// Creates the accountant of a meter.
  ///
  /// - Parameters:
  ///   - plan: The meter and its settings.
  ///   - plant: Its plant.
  ///   - reader: Connection to the database.
  ///   - registry: Frozen models.
  ///   - author: Program and user that freeze models.
  public init(
    _ plan: SavingsPlan, of plant: Plant, from reader: DatabaseReader, registry: ModelRegistry, author: Author
  ) {
    (self.plan, self.plant, self.reader, self.registry, self.author) = (plan, plant, reader, registry, author)
  }

  /// Returns the account of the closed days up to a time.
  ///
  /// The baseline is frozen first if none is. A model of the time since the last measure is frozen once its days carry
  /// one.
  ///
  /// - Throws: ``SavingsTrouble`` with the reason why there is none.
  public func account(until now: Timestamp) throws(SavingsTrouble) -> SavingsAccount {
    let today = date(of: now)
    let baseline = try self.baseline(at: now, today: today)
    guard plan.reportingStart < today else {
      throw SavingsTrouble(
        meter: plan.meter,
        words: "the reporting period starts on \(MeterDay.text(ofDate: plan.reportingStart)), and no day of it is over")
    }
    let dates = plan.reportingStart...(today - 1)
    let record = try read((dates.lowerBound - Self.weatherDays)...dates.upperBound)
    let account = SavingsAccount(
      baseline, plan: plan, plant: plant, record: record, dates: dates,
      operational: try models().last { $0.version.major == baseline.version.major }, logbook: try logged())
    guard !account.days.isEmpty else {
      throw SavingsTrouble(
        meter: plan.meter, isLasting: true,
        words: "no day from \(MeterDay.text(ofDate: dates.lowerBound)) on has both use and temperature; "
          + Self.series(of: plan))
    }
    try freezeAfterMeasure(baseline, record: record, at: now)
    return account
  }

  // MARK: Models

  /// Returns the frozen baseline of the plan; freezes it if there is none.
  private func baseline(at now: Timestamp, today: Int) throws(SavingsTrouble) -> SealedModel {
    let known = try models()
    let settings = settings
    if let frozen = known.last(where: { $0.version.isBaseline && $0.model.settings == settings }) { return frozen }
    // Late readings may still change the last days.
    guard date(of: now - plant.late) > plan.baseline.upperBound else {
      throw SavingsTrouble(
        meter: plan.meter,
        words:
          "the baseline ends on \(MeterDay.text(ofDate: plan.baseline.upperBound)); it is frozen once late readings "
          + "of \(plant.late.text) are over")
    }
    let record = try read(plan.baseline)
    let version = ModelVersion((known.last?.version.major ?? 0) + 1)
    return try freeze(
      record.days, hours: record.hours, as: version, role: "baseline", settings: settings,
      previous: known.last?.checksum ?? "", at: now)
  }

  /// Freezes the model of the time since the last measure, if its days carry one and none is frozen.
  private func freezeAfterMeasure(
    _ baseline: SealedModel, record: MeterRecord, at now: Timestamp
  ) throws(SavingsTrouble) {
    let last = date(of: now - plant.late) - 1
    for (place, measure) in plan.measures.enumerated() where measure.date <= last {
      let next = place + 1 < plan.measures.count ? plan.measures[place + 1].date - 1 : last
      let days = record.days.filter { $0.date >= measure.date && $0.date <= min(next, measure.date + 364, last) }
      let version = ModelVersion(baseline.version.major, place + 1)
      let known = try models()
      // Versions are a chain, so that an earlier measure cannot follow a later one.
      guard days.count >= 365, known.allSatisfy({ $0.version < version }) else { continue }
      var own = settings
      own["measure"] = "\(MeterDay.text(ofDate: measure.date)) \(measure.name)"
      do {
        let dates = Set(days.map(\.date))
        _ = try freeze(
          days, hours: record.hours.filter { dates.contains($0.date) }, as: version, role: "measure \(measure.name)",
          settings: own, previous: known.last?.checksum ?? "",
          at: now)
      } catch  where error.isRefusal {
        continue
      }
    }
  }

  /// Returns what the plant's logbook says.
  func logged() throws(SavingsTrouble) -> LogbookRecord {
    do throws(RegistryDefect) { return try registry.logbook.record(of: plant.name) } catch {
      throw SavingsTrouble(meter: plan.meter, isLasting: true, words: error.description)
    }
  }

  /// Logbook of the plant.
  var logbook: SavingsLogbook { registry.logbook }

  func models() throws(SavingsTrouble) -> [SealedModel] {
    do throws(RegistryDefect) { return try registry.models(plant: plant.name, meter: plan.meter) } catch {
      throw SavingsTrouble(meter: plan.meter, isLasting: true, words: error.description)
    }
  }

  private func freeze(
    _ days: [MeterDay], hours: [MeterHour], as version: ModelVersion, role: String, settings: [String: String],
    previous: String, at now: Timestamp
  ) throws(SavingsTrouble) -> SealedModel {
    let first = days.first?.date ?? plan.baseline.lowerBound
    let year = CivilTime.date(daysSinceEpoch: first).year
    let verifier: SavingsVerifier
    do throws(SavingsRefusal) {
      let countries = plant.location.country.map { [$0] } ?? HolidayCalendar.countries
      verifier = try SavingsVerifier(
        baseline: days, years: (year - 1)...(year + 30), countries: countries, hours: hours)
    } catch {
      throw SavingsTrouble(
        meter: plan.meter, isRefusal: true, isLasting: true, words: "no model: \(error); " + Self.series(of: plan))
    }
    return try freeze(
      verifier, adjustment: nil, days: days, as: version, role: role, settings: settings, previous: previous, at: now)
  }

  /// Keeps a model with its provenance.
  func freeze(
    _ verifier: SavingsVerifier, adjustment: ModelAdjustment?, days: [MeterDay], as version: ModelVersion,
    role: String, settings: [String: String], previous: String, at now: Timestamp
  ) throws(SavingsTrouble) -> SealedModel {
    let first = days.first?.date ?? plan.baseline.lowerBound
    let model = FrozenModel(
      plant: plant.name, meter: plan.meter, version: version.description, role: role,
      firstDay: MeterDay.text(ofDate: first),
      lastDay: MeterDay.text(ofDate: days.last?.date ?? first), settings: settings,
      dataDigest: DataDigest.hex(days), program: author.program, author: author.user, created: now.description,
      previous: previous, witness: verifier.witness(adjustment), verifier: verifier, adjustment: adjustment)
    do throws(RegistryDefect) { return try registry.add(model) } catch {
      throw SavingsTrouble(meter: plan.meter, words: error.description)
    }
  }

  /// Settings on which a fit depends.
  var settings: [String: String] {
    var settings = [
      "meter": plan.meter, "temperature": plan.temperature.description,
      "baseline": MeterDay.text(ofDate: plan.baseline.lowerBound) + " to "
        + MeterDay.text(ofDate: plan.baseline.upperBound),
      "timezone": plant.location.timezone, "holidays": plant.location.country ?? "found",
    ]
    // A plan without variables has the settings of models that were frozen before there were any.
    if !plan.variables.isEmpty {
      settings["variables"] = plan.variables.map(\.description).joined(separator: " ")
    }
    return settings
  }

  // MARK: Data

  private func read(_ dates: ClosedRange<Int>) throws(SavingsTrouble) -> MeterRecord {
    do throws(ReadError) { return try MeterRecord(dates, of: plan, plant: plant, from: reader) } catch {
      throw SavingsTrouble(meter: plan.meter, words: error.description)
    }
  }

  func date(of timestamp: Timestamp) -> Int { Self.date(of: timestamp, at: plant) }

  /// Returns the local date of a time [days since 1970-01-01].
  static func date(of timestamp: Timestamp, at plant: Plant) -> Int {
    var calendar = LocalCalendar(identifier: plant.location.timezone) ?? .utc
    let local = calendar.civil(at: timestamp)
    return CivilTime.daysSinceEpoch(year: local.year, month: local.month, day: local.day)
  }

  /// Returns the names of the series that a plan reads.
  private static func series(of plan: SavingsPlan) -> String {
    let use =
      plan.sensor.map { "clean_1h of \(plan.asset).\($0), field energy_kwh" } ?? "energy of \(plan.asset)"
    let further = plan.variables.map { ", clean_1h of \($0)" }.joined()
    return "use is read from \(use), temperature from clean_1h of \(plan.temperature)\(further)"
  }
}

/// Reason why a meter has no account, in words with the remedy.
public struct SavingsTrouble: Error, Equatable, Sendable, CustomStringConvertible {
  /// Name of the meter.
  public let meter: String
  /// The reason.
  public let words: String
  /// Whether the data carry no model.
  let isRefusal: Bool
  /// Whether people must do something: there are no data or no model. Time or a database that is back ends others.
  public let isLasting: Bool

  init(meter: String, isRefusal: Bool = false, isLasting: Bool = false, words: String) {
    (self.meter, self.words, self.isRefusal, self.isLasting) = (meter, words, isRefusal, isLasting)
  }

  /// The meter and the reason.
  public var description: String { "meter '\(meter)': \(words)" }
}
