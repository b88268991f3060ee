import Foundation
import InfluxSink
import PlantConfig
import PlantModel
import Savings
import SavingsAccounts
import WattlineTime

/// Twin of a building, calibrated to its meters.
struct TwinStudy {
  /// A measure and what it should save.
  struct Prediction {
    let measure: BuildingFile.Measure
    let prediction: TwinPrediction
  }

  /// Data that a twin is made from.
  struct Source {
    /// Name of the building for reports: path of the baseline, or plant and meter.
    var name: String
    var building: BuildingDescription
    var place: (latitude: Double, longitude: Double)
    var clock: DayClock
    /// Dates of the baseline.
    var dates: ClosedRange<Int>
    var holidays: Set<Int>
    var weather: WeatherRecord
    var electricity: MeterReadings
    var gas: MeterReadings?
    /// Dates and weather for which savings are asked, if they are not those of the baseline.
    var reporting: (dates: ClosedRange<Int>, weather: WeatherRecord)?
  }

  /// Name of the building.
  let name: String
  let calibration: TwinCalibration
  /// Hours for which savings are asked.
  let period: TwinPeriod
  /// Name of the clock of the days.
  let clockName: String
  /// Whether irradiance was measured in the baseline.
  let hasMeasuredSun: Bool
  /// Model outside, which takes the place of the network; `nil` for none.
  private let outside: OutsideModel?

  /// Energies of which the twin tells nothing.
  var refused: [TwinCalibration.Fit] { calibration.fits.filter { !$0.isAccepted } }

  /// Calibrates the twin of a building.
  ///
  /// - Throws: ``Failure`` if the data carry none, or a model outside failed.
  init(_ source: Source) throws {
    name = source.name
    clockName = source.clock.name
    func period(_ dates: ClosedRange<Int>, _ record: WeatherRecord) throws -> TwinPeriod {
      try TwinPeriod(
        dates: dates, record: record, clock: source.clock, holidays: source.holidays, place: source.place)
    }
    do {
      let base = try period(source.dates, source.weather)
      hasMeasuredSun = base.hasMeasuredSun
      let meters = (
        TwinMeter(source.electricity, in: base), source.gas.map { TwinMeter($0, in: base) }
      )
      if source.building.program.isEmpty {
        outside = nil
        calibration = try TwinCalibration(source.building, period: base, electricity: meters.0, fuel: meters.1)
      } else {
        let model = OutsideModel(source.building)
        outside = model
        calibration = try TwinCalibration(
          outside: source.building, use: model.use(in: base, changes: TwinChanges()), period: base,
          electricity: meters.0, fuel: meters.1)
      }
      self.period = try source.reporting.map { try period($0.dates, $0.weather) } ?? base
    } catch let refusal as SavingsRefusal {
      throw Failure(description: "\(source.name): no twin: \(refusal)")
    }
  }

  /// Predicts what a measure should save.
  func prediction(_ measure: BuildingFile.Measure, confidence: Double) throws -> Prediction {
    let changes = TwinChanges(
      BuildingQuantity.allCases.compactMap { quantity in measure.changes[quantity].map { (quantity, $0) } },
      isResized: measure.isResized)
    if let outside {
      let (before, after) = (
        try outside.use(in: period, changes: TwinChanges()), try outside.use(in: period, changes: changes)
      )
      return Prediction(measure: measure, prediction: TwinPrediction(before: before, after: after, period: period))
    }
    return Prediction(
      measure: measure,
      prediction: TwinPrediction(calibration, changes: changes, period: period, confidence: confidence))
  }
}

extension TwinStudy.Source {
  /// Reads the files of a study.
  ///
  /// - Parameters:
  ///   - file: The building.
  ///   - baseline: Path of the baseline.
  ///   - arguments: Arguments of the command.
  init(_ file: BuildingFile, baseline: String, arguments: Arguments) throws {
    let options = try SavingsOptions(twin: arguments)
    let zone = options.zoneName
    let use = try MeterFile(baseline, fuel: "elec", zone: zone)
    (name, building, place) = (baseline, file.building, (file.latitude, file.longitude))
    electricity = use.readings
    if let path = arguments.text("--gas") {
      gas = try MeterFile(path, fuel: "gas", zone: zone).readings
    } else if try MeterFile.has("gas", in: baseline, zone: zone) {
      gas = try MeterFile(baseline, fuel: "gas", zone: zone).readings
    }
    weather = try SavingsStudy.weather(use, options: options)
    clock = SavingsStudy.clock(use.readings, options: options)
    holidays = TwinPeriod.holidays(of: electricity, clock: clock, weather: weather, countries: options.countries)
    dates = try Self.dates(of: electricity, clock: clock, path: baseline)
    if let path = arguments.text("--reporting") {
      let after = try MeterFile(path, fuel: "elec", zone: zone)
      reporting = (
        try Self.dates(of: after.readings, clock: clock, path: path), try SavingsStudy.weather(after, options: options)
      )
    }
  }

  private static func dates(of readings: MeterReadings, clock: DayClock, path: String) throws -> ClosedRange<Int> {
    guard let dates = TwinPeriod.dates(of: readings, clock: clock), dates.count <= 1100 else {
      throw Failure(description: "\(path): a twin needs readings of one to three years")
    }
    return dates
  }

  /// Reads a plant's meter of electricity, and the meter of gas under `savings` if there is one, from the database.
  ///
  /// - Parameters:
  ///   - plan: The meter, with what is known of its building.
  ///   - building: What is known of the building.
  ///   - plant: The plant.
  ///   - reader: Connection to the database.
  init(_ plan: SavingsPlan, building: BuildingDescription, plant: Plant, reader: DatabaseReader) throws {
    let record = try MeterRecord(plan.baseline, of: plan, plant: plant, from: reader)
    (name, self.building) = ("\(plant.name) \(plan.meter)", building)
    place = (plant.location.latitude, plant.location.longitude)
    clock = DayClock(LocalCalendar(identifier: plant.location.timezone) ?? .utc)
    (dates, weather, electricity) = (plan.baseline, record.weather, record.readings)
    if let other = plant.savings.first(where: { $0.fuel == .gas }) {
      gas = try MeterRecord(plan.baseline, of: other, plant: plant, from: reader).readings
    }
    let countries = plant.location.country.map { [$0] } ?? HolidayCalendar.countries
    holidays = TwinPeriod.holidays(of: electricity, clock: clock, weather: weather, countries: countries)
  }
}
