import PlantModel
import StreamCore
import WattlineTime

extension AlertRuleID {
  /// A sensor, an asset or the plant sends no data.
  static let noData = AlertRuleID("no_data", concernsData: true)
}

/// Rule that detects missing data: of the whole plant, else of whole assets, else of single series.
struct SilenceRule: AlertRule {
  static let ids = [AlertRuleID.noData]
  static let guide = [
    AlertGuide(
      "nothing is received for 5 usual intervals and at least 30 s; critical after ten times as long; cleared when "
        + "readings come",
      remedy: "Of a plant, look at its gateway, its network and the broker; of an asset, at the device, its power "
        + "supply and its gateway; of a sensor, at its wiring and at whether its topic has changed.")
  ]
  static let causes = [
    AlertCause(.outage, scope: .plant), AlertCause(.noData, scope: .around), AlertCause(.offline, scope: .asset),
  ]
  static let admits: ReadingStandings = [.inOrder, .outOfOrder]

  /// Multiple of the warning's threshold above which silence is critical.
  static let critical = 10.0

  private var tracker = SilenceTracker()
  private var schedule = ScanSchedule()

  mutating func follow(_ register: PlantRegister) { tracker.follow(register) }

  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool {
    !register.series[series.position].profile.isDerived
  }

  mutating func begin(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister) {
    tracker.holding = frame.holding
  }

  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    tracker.observe(reading.series, received: frame.received, isCatchingUp: frame.isCatchingUp)
  }

  mutating func finish(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister) {
    guard frame.cause == .tick else { return }
    tracker.tick(frame.received)
    if !context.isCatchingUp { judge(&context, into: &frame, in: register) }
  }

  func snapshot(into writer: inout SnapshotWriter) { tracker.snapshot(into: &writer) }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    schedule = ScanSchedule()
    try tracker.restore(from: &reader)
  }

  /// Evaluates silence on a tick: of the whole plant, else of whole assets, else of single series.
  ///
  /// Scans all series, but rarely: each scan determines the earliest time at which another series can become silent.
  private mutating func judge(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister) {
    let isTold = context.book.alerts.contains { $0.key.rule == .noData && $0.value.isActive }
    guard isTold || schedule.isDue(at: frame.received) else { return }
    // Every threshold is at least the shortest, so a series that sends now cannot become silent earlier.
    var next = frame.received + SilenceTracker.shortest
    defer { schedule.looked(at: frame.received, next: next) }
    let census = census(context, at: frame.received, next: &next, in: register)
    // Nothing is silent and no alert is active.
    if census.silentSensors == 0 && !isTold { return }
    for position in register.assets.indices {
      judge(AssetIndex(position), within: census.plantIsSilent, context: &context, into: &frame, in: register)
    }
    let key = AlertKey(rule: .noData)
    guard census.plantIsSilent || context.book.isActive(key) else { return }
    settle(
      key, isSilent: census.plantIsSilent, isCovered: false, members: register.series.indices.map(SeriesIndex.init),
      context: &context, into: &frame,
      in: register)
  }

  /// Counts of the silent parts of a plant.
  private struct Census {
    var judgedAssets = 0
    var silentAssets = 0
    var silentSensors = 0
    /// Last receipt of silent assets, and of the others.
    var last = (silent: Timestamp.distantPast, others: Timestamp.distantPast)

    /// Whether the whole plant is silent.
    ///
    /// Assets with long intervals are detected late. It suffices that half of the assets are silent, if no other was
    /// received more than 5 s after them.
    var plantIsSilent: Bool {
      silentAssets > 1 && 2 * silentAssets >= judgedAssets && last.others - last.silent <= .seconds(5)
    }
  }

  /// Counts silent assets and sensors.
  ///
  /// - Parameters:
  ///   - context: State shared by all rules.
  ///   - received: The tick.
  ///   - next: Lowered to the earliest time at which another series can become silent.
  ///   - register: The plant's register.
  private func census(
    _ context: AlertContext, at received: Timestamp, next: inout Timestamp, in register: PlantRegister
  ) -> Census {
    var census = Census()
    for position in register.assets.indices {
      let (judged, silent, earliest) = count(AssetIndex(position), at: received, in: register)
      next = min(next, earliest)
      // The silence of an asset that is reported offline is no evidence about the plant.
      if context.book.isOffline(AssetIndex(position)) {
        census.silentSensors += silent
        continue
      }
      let isSilent = judged > 0 && judged == silent
      if judged > 0 { census.judgedAssets += 1 }
      if isSilent { census.silentAssets += 1 }
      census.silentSensors += silent
      for series in register.seriesOfAsset[position] {
        let heard = tracker.states[series.position].last
        if isSilent {
          census.last.silent = max(census.last.silent, heard)
        } else {
          census.last.others = max(census.last.others, heard)
        }
      }
    }
    return census
  }

  private mutating func judge(
    _ asset: AssetIndex, within plantIsSilent: Bool, context: inout AlertContext, into frame: inout Frame,
    in register: PlantRegister
  ) {
    let members = register.seriesOfAsset[asset.position]
    let (judged, silent, _) = count(asset, at: frame.received, in: register)
    let assetIsSilent = judged > 1 && judged == silent
    for series in members {
      let key = AlertKey(rule: .noData, asset: asset, series: series)
      let isSilent = isSilent(series, at: frame.received)
      guard isSilent || context.book.isActive(key) else { continue }
      settle(
        key, isSilent: isSilent, isCovered: assetIsSilent || plantIsSilent, members: [series], context: &context,
        into: &frame, in: register)
    }
    let key = AlertKey(rule: .noData, asset: asset)
    settle(
      key, isSilent: assetIsSilent, isCovered: plantIsSilent, members: members, context: &context, into: &frame,
      in: register)
  }

  private func isSilent(_ series: SeriesIndex, at now: Timestamp) -> Bool {
    guard let threshold = tracker.threshold(of: series) else { return false }
    return tracker.silence(of: series, at: now) > threshold
  }

  /// Returns the number of series of an asset with a known threshold, and the number of silent ones. `next` is the
  /// earliest time at which another becomes silent.
  private func count(
    _ asset: AssetIndex, at now: Timestamp, in register: PlantRegister
  ) -> (judged: Int, silent: Int, next: Timestamp) {
    var counts = (judged: 0, silent: 0, next: Timestamp(nanoseconds: .max))
    for series in register.seriesOfAsset[asset.position] {
      guard let threshold = tracker.threshold(of: series) else { continue }
      let left = threshold - tracker.silence(of: series, at: now)
      counts.judged += 1
      if left < .zero { counts.silent += 1 }
      counts.next = min(counts.next, now + left)
    }
    return counts
  }

  private mutating func settle(
    _ key: AlertKey, isSilent: Bool, isCovered: Bool, members: [SeriesIndex], context: inout AlertContext,
    into frame: inout Frame, in register: PlantRegister
  ) {
    guard isSilent || context.book.isActive(key) else { return }
    let now = frame.received
    if isCovered || !isSilent {
      let text =
        isCovered ? "It is now part of a wider silence, which has an alert of its own." : "Readings come again."
      context.book.clear(key, at: now, text: text, into: &frame)
      return
    }
    // The most recently received member determines the silence of a group.
    var shortest = TimeSpan(nanoseconds: .max)
    var threshold = SilenceTracker.shortest
    for series in members {
      guard let own = tracker.threshold(of: series) else { continue }
      shortest = min(shortest, tracker.silence(of: series, at: now))
      threshold = max(threshold, own)
    }
    let isCritical = shortest.inSeconds > Self.critical * threshold.inSeconds
    let severity: Severity = isCritical ? .critical : .warning
    guard context.book.wouldChange(key, severity: severity) else { return }
    let message = silenceMessage(key, span: shortest, at: now, in: register)
    context.book.raise(key, severity: severity, at: now, message: message, into: &frame, in: register)
  }

  private func silenceMessage(
    _ key: AlertKey, span: TimeSpan, at now: Timestamp, in register: PlantRegister
  ) -> AlertMessage {
    let asset = key.asset.map { register.assets[$0.position].name }
    let lasted = "for \(AlertRegistry.duration(span)), since \((now - span).floored(to: .second))"
    guard let asset else {
      return AlertMessage(
        title: "No data from \(register.plant.name)",
        text:
          "No sensor of \(register.plant.name) has sent anything \(lasted). Look at the plant's gateway, its network "
          + "and the broker first.", value: span.inSeconds)
    }
    guard let series = key.series else {
      return AlertMessage(
        title: "No data from \(asset)",
        text:
          "No sensor of \(asset) has sent anything \(lasted), while others of the plant do. Look at the device, its "
          + "power supply and its gateway.", value: span.inSeconds)
    }
    let name = "\(asset) \(register.series[series.position].sensor)"
    let interval = tracker.states[series.position].interval
    let usual = interval < 0.5 ? "several times a second" : "every \(AlertRegistry.rounded(interval)) s"
    return AlertMessage(
      title: "No data from \(name)",
      text: "\(name) has sent nothing \(lasted); it usually does \(usual). Look at the sensor, its wiring and "
        + "whether its topic has changed.", value: span.inSeconds)
  }
}
