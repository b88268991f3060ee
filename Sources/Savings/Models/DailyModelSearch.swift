import Glibc
import WattlineTime

/// Choice of a daily model's terms by cross-validation over the months of the baseline.
///
/// Terms are added one step after another, in a fixed order. Each stays if it lowers the error of months that were
/// not fitted by at least 1 %.
struct DailyModelSearch {
  /// Least improvement of the held-out error by which a term stays [1].
  private static let leastGain = 0.01
  /// Rounds over all terms at most.
  private static let passes = 4

  private let days: [MeterDay]
  private let use: [Double]
  private let months: [Int]
  private var holidays = HolidayInference()
  private var best: Candidate?

  /// A fitted specification.
  private struct Candidate {
    var specification: DailySpecification
    var fit: CurveFit
    var heldOut: [Double]
    /// Root mean square of the held-out error, each clipped at four deviations [kWh].
    var error: Double
  }

  /// Creates a search over complete days of a baseline.
  private init(_ days: [MeterDay]) {
    self.days = days
    use = days.map(\.use)
    months = days.map(\.month)
  }

  /// Returns the model of a baseline.
  ///
  /// - Parameters:
  ///   - days: Complete days in order.
  ///   - years: Years in which holidays are needed.
  ///   - countries: Countries whose holidays may be kept; an empty list for none.
  static func model(_ days: [MeterDay], years: ClosedRange<Int>, countries: [String]) -> DailyModel? {
    var search = DailyModelSearch(days)
    search.chooseTypes()
    search.chooseHolidays(years: years, countries: countries)
    search.improve()
    search.improveFromFull()
    search.removeTerms()
    guard let best = search.best, let inverse = best.fit.inverse else { return nil }
    let curve = best.fit.balancedCurve
    let residuals = zip(search.use, curve.parts(best.fit.design)).map { $0 - $1.total }
    let used = residuals.map { _ in true }
    // Residuals of a fit are too small by the parameters that it has.
    let freedom = Double(days.count) / Double(max(1, days.count - curve.layout.count))
    return DailyModel(
      specification: best.specification, holidays: search.holidays, curve: curve,
      scale: ResidualScale(
        predicted: curve.parts(best.fit.design), residuals: residuals.map { $0 * freedom.squareRoot() }, isUsed: used),
      inverse: inverse, days: days, residuals: residuals, heldOut: best.heldOut,
      statistics: FitStatistics(
        days: days, residuals: residuals, heldOut: best.heldOut, parameters: curve.layout.count))
  }

  // MARK: Steps

  /// Goes over all terms until none improves the model.
  private mutating func improve() {
    for _ in 0..<DailyModelSearch.passes {
      let before = best?.specification
      chooseBranches()
      chooseVariables()
      chooseQuietWeeks()
      chooseTerms()
      if best?.specification == before { return }
    }
  }

  /// Searches again from a model with most terms, as some terms help only together.
  private mutating func improveFromFull() {
    guard let found = best else { return }
    var full = found.specification
    full.hasHeating = full.hasHeating || !full.hasCooling
    full.types = .afterRest
    full.hasOwnSlopes = true
    (full.lags, full.harmonics, full.baseHarmonics) = (1, 2, 1)
    full.usesSun = days.contains(where: \.irradiation.isFinite)
    guard full != found.specification, let candidate = candidate(full) else { return }
    best = candidate
    improve()
    if let best, best.error > found.error * (1 - DailyModelSearch.leastGain) { self.best = found }
  }

  /// Removes terms without which the held-out error is no greater.
  private mutating func removeTerms() {
    let removals: [(inout DailySpecification) -> Void] = [
      { $0.usesNight = false }, { $0.harmonics = max(0, $0.harmonics - 1) }, { $0.lags = max(0, $0.lags - 1) },
      { $0.usesSun = false }, { $0.baseHarmonics = 0 }, { $0.hasWeekdays = false }, { $0.quiet = nil },
      { $0.hasOwnSlopes = false }, { $0.hasCooling = $0.hasCooling && !$0.hasHeating },
    ]
    for removal in removals { remove(removal) }
    for term in best?.specification.variables ?? [] {
      remove { specification in
        let left = specification.variables?.filter { $0 != term } ?? []
        specification.variables = left.isEmpty ? nil : left
      }
    }
  }

  private mutating func remove(_ removal: (inout DailySpecification) -> Void) {
    guard let best else { return }
    var specification = best.specification
    removal(&specification)
    guard specification != best.specification, let candidate = candidate(specification) else { return }
    if candidate.error <= best.error { self.best = candidate }
  }

  private mutating func chooseTypes() {
    for types in DayTypes.allCases {
      var specification = DailySpecification(types: types)
      if let best { specification.hasCooling = best.specification.hasCooling }
      consider(specification)
    }
  }

  private mutating func chooseHolidays(years: ClosedRange<Int>, countries: [String]) {
    guard let best, best.specification.types != .one, !countries.isEmpty else { return }
    holidays = HolidayInference(
      days: days, residuals: best.fit.residuals, years: years, countries: countries)
    refit()
  }

  private mutating func chooseBranches() {
    for (heating, cooling) in [(true, false), (false, true), (true, true)] {
      consider { specification in
        specification.hasHeating = heating
        specification.hasCooling = cooling
      }
    }
    for types in DayTypes.allCases {
      for hasOwnSlopes in [false, true] {
        consider { specification in
          specification.types = types
          specification.hasOwnSlopes = hasOwnSlopes && types != .one
        }
      }
    }
  }

  private mutating func chooseTerms() {
    if days.contains(where: \.irradiation.isFinite) { consider { $0.usesSun = true } }
    for harmonics in 1...2 { consider { $0.harmonics = harmonics } }
    consider { $0.baseHarmonics = 1 }
    for lags in 1...2 { consider { $0.lags = lags } }
    if days.contains(where: \.nightTemperature.isFinite) { consider { $0.usesNight = true } }
    if best?.specification.types != .weekdays { consider { $0.hasWeekdays = true } }
  }

  private mutating func chooseVariables() {
    for place in days.first?.variables.indices ?? 0..<0 {
      guard let term = VariableTerm(place, days: days) else { continue }
      consider { specification in
        let known = specification.variables ?? []
        if !known.contains(term) { specification.variables = known + [term] }
      }
    }
  }

  /// Searches the first and last day of quiet weeks about New Year for the least squares of working days.
  private mutating func chooseQuietWeeks() {
    guard let best else { return }
    var found: (weeks: QuietWeeks, gain: Double)?
    let residuals = best.fit.residuals
    let work = days.indices.filter { days[$0].weekday < 5 && !holidays.dates.contains(days[$0].date) }
    for first in 18...30 {
      for last in 1...14 {
        let weeks = QuietWeeks(first: first, last: last)
        let inside = work.filter { weeks.contains(days[$0].date) }
        guard inside.count >= 4 else { continue }
        let sum = inside.reduce(0) { $0 + residuals[$1] }
        let gain = sum * sum / Double(inside.count)
        if gain > found?.gain ?? 0 { found = (weeks, gain) }
      }
    }
    if let found { consider { $0.quiet = found.weeks } }
  }

  // MARK: Candidates

  private mutating func consider(_ change: (inout DailySpecification) -> Void) {
    guard var specification = best?.specification else { return }
    change(&specification)
    if specification != best?.specification { consider(specification) }
  }

  private mutating func consider(_ specification: DailySpecification) {
    guard let candidate = candidate(specification) else { return }
    if let best, !isBetter(candidate, than: best) { return }
    best = candidate
  }

  /// Returns whether a candidate's error is smaller by more than 1 %, and by more than one standard error of the
  /// months' gains, as chance and noise with memory make single months better.
  private func isBetter(_ candidate: Candidate, than other: Candidate) -> Bool {
    guard candidate.error < other.error * (1 - DailyModelSearch.leastGain) else { return false }
    var gains = [Double](repeating: 0, count: 12)
    let limit = 6 * max(1e-9, HolidayInference.spread(other.heldOut))
    func square(_ value: Double) -> Double { min(limit, abs(value)) * min(limit, abs(value)) }
    for (row, month) in months.enumerated() {
      gains[month % 12] += square(other.heldOut[row]) - square(candidate.heldOut[row])
    }
    let mean = gains.reduce(0, +) / 12
    let variance = gains.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 11
    return mean > sqrt(variance / 12)
  }

  private mutating func refit() {
    guard let specification = best?.specification else { return }
    best = candidate(specification) ?? best
  }

  private func candidate(_ specification: DailySpecification) -> Candidate? {
    let design = DailyDesign(days, specification: specification, holidays: holidays.dates)
    let used = days.map { _ in true }
    guard days.count > 2 * layout(specification, design: design, slopes: 1).count else { return nil }
    var fit = CurveFit(
      design: design, use: use, isUsed: used, start: start(specification, design: design), isRobust: true)
    if specification.hasOwnSlopes, specification.types != .one {
      fit = CurveFit(
        design: design, use: use, isUsed: used, start: spread(fit.curve, specification: specification, design: design))
    }
    return candidate(specification, fit: fit)
  }

  /// Predicts each month by a fit without it.
  private func candidate(_ specification: DailySpecification, fit: CurveFit) -> Candidate {
    var heldOut = [Double](repeating: 0, count: days.count)
    for fold in Set(months.map { $0 % 12 }).sorted() {
      let isUsed = months.map { $0 % 12 != fold }
      let partial = CurveFit(fit, isUsed: isUsed)
      for row in days.indices where !isUsed[row] {
        heldOut[row] = use[row] - partial.curve.parts(row, design: fit.design, derivatives: nil).total
      }
    }
    let limit = 6 * max(1e-9, HolidayInference.spread(heldOut))
    let squares = heldOut.reduce(0) { $0 + min(limit, abs($1)) * min(limit, abs($1)) }
    return Candidate(
      specification: specification, fit: fit, heldOut: heldOut, error: sqrt(squares / Double(days.count)))
  }

  private func layout(
    _ specification: DailySpecification, design: DailyDesign, slopes: Int
  ) -> EffectiveTemperatureCurve.Layout {
    EffectiveTemperatureCurve.Layout(
      types: specification.types.count, linear: design.linearCount, shifts: design.shiftCount, slopes: slopes,
      hasHeating: specification.hasHeating, hasCooling: specification.hasCooling)
  }

  /// First parameters: bases of the cool or warm quarter of each type, slopes and balance points by their usual sizes.
  private func start(_ specification: DailySpecification, design: DailyDesign) -> EffectiveTemperatureCurve {
    let layout = layout(specification, design: design, slopes: 1)
    let hasBranch = layout.hasHeating || layout.hasCooling
    var parameters = (0..<layout.types).map { type -> Double in
      let values = days.indices.filter { design.types[$0] == type }.map { use[$0] }.sorted()
      if values.isEmpty { return use.reduce(0, +) / Double(use.count) }
      return values[(values.count - 1) / (hasBranch ? 4 : 2)]
    }
    parameters += Array(repeating: 0, count: layout.linear + layout.shifts)
    let mean = use.reduce(0, +) / Double(use.count)
    let deviation = sqrt(use.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(use.count))
    let temperatures = days.map(\.temperature).sorted()
    func quantile(_ part: Double) -> Double { temperatures[Int(part * Double(temperatures.count - 1))] }
    let slope = log(max(1e-6, 0.2 * deviation / max(0.5, (quantile(0.84) - quantile(0.16)) / 2)))
    if layout.hasHeating { parameters += [slope, min(16, max(8, quantile(0.5))), log(1.5)] }
    if layout.hasCooling { parameters += [slope, max(16, min(22, quantile(0.6))), log(1.5)] }
    return EffectiveTemperatureCurve(layout: layout, parameters: parameters)
  }

  /// Gives each type the common slopes and balance points.
  private func spread(
    _ curve: EffectiveTemperatureCurve, specification: DailySpecification, design: DailyDesign
  ) -> EffectiveTemperatureCurve {
    let old = curve.layout
    let layout = layout(specification, design: design, slopes: specification.types.count)
    var parameters = Array(curve.parameters[..<old.firstHeating])
    func append(_ first: Int) {
      for place in 0..<2 {
        parameters += Array(repeating: curve.parameters[first + place], count: layout.slopes)
      }
      parameters.append(curve.parameters[first + 2])
    }
    if layout.hasHeating { append(old.firstHeating) }
    if layout.hasCooling { append(old.firstCooling) }
    return EffectiveTemperatureCurve(layout: layout, parameters: parameters)
  }
}
