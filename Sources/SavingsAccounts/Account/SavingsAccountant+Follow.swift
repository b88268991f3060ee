import Foundation
public import PlantModel
import Savings
public import WattlineTime

/// Consequences of an account, day by day: events and investigations in the logbook, recalibrations, and news.
extension SavingsAccountant {
  /// Growth of an event's length from which its entry is written again [1].
  private static let growth = 1.5

  /// Enters what an account shows into the logbook, recalibrates the operational model where the rule says so, and
  /// returns news for the alerts of the plant.
  ///
  /// The logbook remembers which deviation is known, so that a restart neither repeats nor forgets one.
  ///
  /// - Parameters:
  ///   - account: The account of the closed days.
  ///   - now: Time up to which they are closed.
  /// - Throws: ``SavingsTrouble`` if the logbook cannot be written.
  /// - Returns: News for the alerts, and the logbook with the new entries.
  public func follow(
    _ account: SavingsAccount, at now: Timestamp
  ) throws(SavingsTrouble) -> (news: [SavingsNews], logbook: LogbookRecord) {
    try logEvents(account, at: now)
    let yesterday = date(of: now) - 1
    let floor = max(
      account.logbook.clearing(of: plan.meter)?.last ?? .min,
      SavingsRequest.date(account.operational.model.lastDay) ?? .min)
    let watch = DeviationWatch(account.outlook, yesterday: yesterday)
    let known = account.logbook.standing(of: plan.meter)
    let raising = account.logbook.entries.last { $0.kind == .raised && $0.meter == plan.meter }
    let verdict = watch.verdict(
      standing: known.flatMap { _ in
        raising.map { ($0.first, $0.detected, $0.model != account.operational.model.version) }
      },
      cleared: floor)
    var news = [silence(account, yesterday: yesterday)]
    switch verdict {
    case .tracks: news.append(over("\(plan.meter) follows its model."))
    case .tracksAgain(let deviation):
      let words = Self.words(again: deviation, model: account.operational.model.version, meter: plan.meter)
      try enter(.cleared, about: known?.id ?? "", at: now) { entry in
        (entry.words, entry.last) = (words, yesterday)
        entry.model = account.operational.model.version
      }
      news.append(over(words))
    case .deviates(let deviation, let detected, let state):
      news.append(
        try raise(deviation, detected: detected, state: state, known: known, account: account, at: now))
    }
    let record = try logged()
    try recalibrate(account, record: record, months: watch.months, at: now)
    return (news, record)
  }

  private func over(_ words: String) -> SavingsNews {
    SavingsNews(.deviation, of: plan, plant: plant.name, isStanding: false, title: "", text: words)
  }

  private func silence(_ account: SavingsAccount, yesterday: Int) -> SavingsNews {
    let last = account.days.last?.date ?? 0
    let text = "The last day of \(plan.meter) with use and temperature is \(MeterDay.text(ofDate: last))."
    return SavingsNews(
      .silence, of: plan, plant: plant.name, isStanding: yesterday - last >= DeviationWatch.longestSilence,
      title: "Nothing is known of the savings of \(plan.meter)",
      text: yesterday - last >= DeviationWatch.longestSilence
        ? text + " Look at the meter, the weather station and the database." : text)
  }

  /// Returns the news of trouble that people must end; `nil` for one that passes.
  public func news(of trouble: SavingsTrouble) -> SavingsNews? {
    guard trouble.isLasting else { return nil }
    return SavingsNews(
      .silence, of: plan, plant: plant.name, isStanding: true,
      title: "Nothing is known of the savings of \(plan.meter)",
      text: "There is no account of \(plan.meter): \(trouble.words).")
  }

  // MARK: Logbook

  private func enter(
    _ kind: LogbookEntry.Kind, about subject: String, at now: Timestamp,
    details: (inout LogbookEntry) -> Void
  ) throws(SavingsTrouble) {
    try append { record in
      var entry = LogbookEntry(
        kind, subject: subject, plant: plant.name, meter: plan.meter, milliseconds: now.milliseconds,
        author: author.user)
      details(&entry)
      return entry
    }
  }

  @discardableResult
  private func append(_ entry: (LogbookRecord) -> LogbookEntry?) throws(SavingsTrouble) -> LogbookRecord {
    do throws(RegistryDefect) { return try logbook.append(of: plant.name, entry) } catch {
      throw SavingsTrouble(meter: plan.meter, isLasting: true, words: error.description)
    }
  }

  /// Enters events that were found for the first time, and those that have grown.
  ///
  /// - Throws: ``SavingsTrouble`` if the logbook cannot be written.
  public func logEvents(_ account: SavingsAccount, at now: Timestamp) throws(SavingsTrouble) {
    for event in account.unloggedEvents {
      try append { record in
        let isKnown = record.events.contains {
          $0.meter == plan.meter && $0.event.start <= event.end && event.start <= $0.event.end
            && $0.event.isIncrease == event.isIncrease
        }
        return isKnown ? nil : entry(of: event, subject: record.next("E"), at: now)
      }
    }
    for logged in account.events {
      guard let stored = account.logbook.events.first(where: { $0.id == logged.id })?.event else { continue }
      let (old, new) = (stored.end - stored.start + 1, logged.event.end - logged.event.start + 1)
      let isOver = logged.event.end < date(of: now) - DeviationWatch.longestSilence
      guard Double(new) >= Self.growth * Double(old) || isOver && stored.end < logged.event.end else { continue }
      try append { _ in entry(of: logged.event, subject: logged.id, at: now) }
    }
  }

  private func entry(of event: SavingsAssessment.Event, subject: String, at now: Timestamp) -> LogbookEntry {
    var entry = LogbookEntry(
      .found, subject: subject, plant: plant.name, meter: plan.meter, milliseconds: now.milliseconds,
      author: author.user)
    (entry.first, entry.last, entry.energy) = (event.start, event.end, event.effect)
    return entry
  }

  // MARK: Deviations

  /// Enters a new deviation or a more severe one, and returns its news.
  private func raise(
    _ deviation: Deviation, detected: Int, state: SavingsAssessment.State, known: Investigation?,
    account: SavingsAccount, at now: Timestamp
  ) throws(SavingsTrouble) -> SavingsNews {
    let before = known.flatMap { Severity(rawValue: $0.severity) }
    let severity = max(before ?? .warning, state == .alert ? .critical : .warning)
    let candidates =
      known == nil
      ? InvestigationCandidates(account, plant: plant, reader: reader).words(since: deviation.first, to: deviation.last)
      : []
    var (id, reason) = (known?.id ?? "", known?.candidates.first)
    if known == nil || severity > before ?? .info {
      let record = try append { record in
        if known == nil {
          // A deviation that comes back while its investigation is not closed belongs to it.
          let open = record.investigations.last { $0.meter == plan.meter && $0.state != .closed }
          id = open?.id ?? record.next("I")
        }
        var entry = LogbookEntry(
          .raised, subject: id, plant: plant.name, meter: plan.meter, milliseconds: now.milliseconds,
          author: author.user)
        (entry.first, entry.last, entry.detected) = (deviation.first, deviation.last, detected)
        (entry.energy, entry.half, entry.percent) = (deviation.excess, deviation.half, deviation.percent)
        (entry.severity, entry.model) = (severity.rawValue, account.operational.model.version)
        entry.candidates = candidates
        return entry
      }
      reason = record.investigations.first { $0.id == id }?.candidates.first
    }
    let size = String(format: "%.1f %%", abs(deviation.percent))
    let more = deviation.excess > 0 ? "more" : "less"
    let span = "\(MeterDay.text(ofDate: deviation.first)) to \(MeterDay.text(ofDate: deviation.last))"
    return SavingsNews(
      .deviation, of: plan, plant: plant.name, isStanding: true, severity: severity,
      title: "\(plan.meter) uses \(size) \(more) than expected",
      text: "\(plan.meter) used \(size) \(more) than its model \(account.operational.model.version) expects, ± "
        + String(format: "%.1f %%, from ", deviation.halfPercent) + span
        + String(format: ": %.0f ± %.0f kWh \(more). ", abs(deviation.excess), deviation.half)
        + "The change was noticed on \(MeterDay.text(ofDate: detected)). Investigation \(id)"
        + (reason.map { ": \($0)." } ?? "."), value: deviation.percent)
  }

  private static func words(again deviation: Deviation?, model: String, meter: String) -> String {
    guard let deviation else { return "Confirmed events explain the deviation of \(meter)." }
    return
      "\(meter) follows its model \(model) again. From \(MeterDay.text(ofDate: deviation.first)) on it differed by "
      + String(format: "%+.0f ± %.0f kWh.", deviation.excess, deviation.half)
  }

  // MARK: Recalibration

  /// Recalibrates the operational model after three deviating months of one direction, or two beyond 10 %.
  ///
  /// It is never done while an investigation of the meter is open: a fault must be mended, not learnt. The frozen
  /// baseline, by which savings are measured, stays.
  private func recalibrate(
    _ account: SavingsAccount, record: LogbookRecord, months: [Deviation], at now: Timestamp
  ) throws(SavingsTrouble) {
    let months = months.filter { $0.first > (SavingsRequest.date(account.operational.model.lastDay) ?? .min) }
    guard let last = months.last else { return }
    func run(_ count: Int, least: SavingsAssessment.State) -> Bool {
      let own = months.suffix(count)
      return own.count == count && own.allSatisfy { $0.state >= least && ($0.excess > 0) == (last.excess > 0) }
    }
    let count = run(3, least: .warning) ? 3 : run(2, least: .alert) ? 2 : 0
    let own = record.investigations.filter { $0.meter == plan.meter }
    guard count > 0, last.last + 31 >= date(of: now) - 1, own.allSatisfy({ $0.state == .closed }) else { return }
    let since = min(
      own.last.map(\.opening.first) ?? .max, months.suffix(count)[months.count - count].first)
    let present = account.operational.model
    guard
      let adjustment = ModelAdjustment(
        of: present.verifier, replacing: present.adjustment, days: account.allDays, since: since), adjustment.isAccepted
    else { return }
    let chain = try models()
    let version = ModelVersion(
      account.operational.version.major, account.operational.version.minor, account.operational.version.patch + 1)
    guard chain.allSatisfy({ $0.version < version }) else { return }
    var settings = settings
    settings["recalibration"] =
      "\(adjustment.name) by \(adjustment.dayCount) days since \(MeterDay.text(ofDate: since)), after \(count) months, "
      + String(format: "CV(RMSE) of 30 days %.1f to %.1f %%", 100 * adjustment.judged[0], 100 * adjustment.judged[1])
    _ = try freeze(
      present.verifier, adjustment: adjustment,
      days: account.allDays.filter { $0.date >= since && $0.date <= adjustment.lastDay && $0.isComplete }, as: version,
      role: "recalibration since \(MeterDay.text(ofDate: since))", settings: settings,
      previous: chain.last?.checksum ?? "", at: now)
  }
}
