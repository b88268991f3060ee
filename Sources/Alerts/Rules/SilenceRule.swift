import PlantModel
import StreamCore

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
    AlertCause(.outage, .plant), AlertCause(.noData, .around), AlertCause(.offline, .asset),
  ]
  static let admits: ReadingStandings = [.inOrder, .outOfOrder]

  /// Multiple of the warning's threshold above which silence is critical.
  static let critical = 10.0

  private var tracker = SilenceTracker()
  private var schedule = ScanSchedule()

  mutating func follow(_ register: PlantRegister) { tracker.follow(register) }

  func concerns(_ series: SeriesIndex, _ register: PlantRegister) -> Bool {
    !register.series[series.position].profile.isDerived
  }

  mutating func begin(_ context: inout AlertContext, _ frame: inout Frame, _ register: PlantRegister) {
    tracker.holding = frame.holding
  }

  mutating func observe(
    _ reading: AlertReading, _ context: inout AlertContext, _ frame: inout Frame, _ register: PlantRegister
  ) {
    tracker.note(reading.series, received: frame.received, isCatchingUp: frame.isCatchingUp)
  }

  mutating func finish(_ context: inout AlertContext, _ frame: inout Frame, _ register: PlantRegister) {
    guard frame.cause == .tick else { return }
    tracker.tick(frame.received)
    if !context.isCatchingUp { judge(&context, &frame, register) }
  }

  func snapshot(into writer: inout SnapshotWriter) { tracker.snapshot(into: &writer) }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    schedule = ScanSchedule()
    try tracker.restore(from: &reader)
  }

  /// Evaluates silence on a tick: of the whole plant, else of whole assets, else of single series.
  ///
  /// Scans all series, but rarely: each scan determines the earliest time at which another series can become silent.
  private mutating func judge(_ context: inout AlertContext, _ frame: inout Frame, _ register: PlantRegister) {
    let isTold = context.book.alerts.contains { $0.key.rule == .noData && $0.value.isActive }
    guard isTold || schedule.isDue(at: frame.received) else { return }
    // Every threshold is at least the shortest, so a series that sends now cannot become silent earlier.
    var next = frame.received + SilenceTracker.shortest
    defer { schedule.looked(at: frame.received, next: next) }
    var judgedAssets = 0
    var silentAssets = 0
    var silentSensors = 0
    // Last receipt of silent assets, and of the others.
    var last = (silent: Timestamp.distantPast, others: Timestamp.distantPast)
    for position in register.assets.indices {
      let (judged, silent, earliest) = count(AssetIndex(position), frame.received, register)
      next = min(next, earliest)
      // The silence of an asset that is reported offline is no evidence about the plant.
      if context.book.isOffline(AssetIndex(position)) {
        silentSensors += silent
        continue
      }
      let isSilent = judged > 0 && judged == silent
      if judged > 0 { judgedAssets += 1 }
      if isSilent { silentAssets += 1 }
      silentSensors += silent
      for series in register.seriesOfAsset[position] {
        let heard = tracker.states[series.position].last
        if isSilent { last.silent = max(last.silent, heard) } else { last.others = max(last.others, heard) }
      }
    }
    // Nothing is silent and no alert is active.
    if silentSensors == 0 && !isTold { return }
    // Assets with long intervals are detected late. It suffices that half of the assets are silent, if no other was
    // received more than 5 s after them.
    let plantIsSilent =
      silentAssets > 1 && 2 * silentAssets >= judgedAssets && last.others - last.silent <= .seconds(5)
    for position in register.assets.indices {
      judge(AssetIndex(position), within: plantIsSilent, &context, &frame, register)
    }
    let key = AlertKey(rule: .noData)
    guard plantIsSilent || context.book.isActive(key) else { return }
    settle(
      key, isSilent: plantIsSilent, isCovered: false, register.series.indices.map(SeriesIndex.init), &context, &frame,
      register)
  }

  private mutating func judge(
    _ asset: AssetIndex, within plantIsSilent: Bool, _ context: inout AlertContext, _ frame: inout Frame,
    _ register: PlantRegister
  ) {
    let members = register.seriesOfAsset[asset.position]
    let (judged, silent, _) = count(asset, frame.received, register)
    let assetIsSilent = judged > 1 && judged == silent
    for series in members {
      let key = AlertKey(rule: .noData, asset: asset, series: series)
      let isSilent = isSilent(series, frame.received)
      guard isSilent || context.book.isActive(key) else { continue }
      settle(key, isSilent: isSilent, isCovered: assetIsSilent || plantIsSilent, [series], &context, &frame, register)
    }
    let key = AlertKey(rule: .noData, asset: asset)
    settle(key, isSilent: assetIsSilent, isCovered: plantIsSilent, members, &context, &frame, register)
  }

  private func isSilent(_ series: SeriesIndex, _ now: Timestamp) -> Bool {
    guard let threshold = tracker.threshold(of: series) else { return false }
    return tracker.silence(of: series, at: now) > threshold
  }

  /// Returns the number of series of an asset with a known threshold, and the number of silent ones. `next` is the
  /// earliest time at which another becomes silent.
  private func count(
    _ asset: AssetIndex, _ now: Timestamp, _ register: PlantRegister
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
    _ key: AlertKey, isSilent: Bool, isCovered: Bool, _ members: [SeriesIndex], _ context: inout AlertContext,
    _ frame: inout Frame, _ register: PlantRegister
  ) {
    guard isSilent || context.book.isActive(key) else { return }
    let now = frame.received
    if isCovered || !isSilent {
      let text =
        isCovered ? "It is now part of a wider silence, which has an alert of its own." : "Readings come again."
      context.book.clear(key, at: now, text, &frame)
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
    guard context.book.wouldChange(key, severity) else { return }
    let message = silenceMessage(key, shortest, now, register)
    context.book.raise(key, severity, at: now, message, &frame, register)
  }

  private func silenceMessage(
    _ key: AlertKey, _ span: TimeSpan, _ now: Timestamp, _ register: PlantRegister
  ) -> AlertMessage {
    let asset = key.asset.map { register.assets[$0.position].name }
    let lasted = "for \(AlertBook.duration(span)), since \((now - span).floored(to: .second))"
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
    let usual = AlertBook.rounded(tracker.states[series.position].interval)
    return AlertMessage(
      title: "No data from \(name)",
      text: "\(name) has sent nothing \(lasted); it usually does every \(usual) s. Look at the sensor, its wiring and "
        + "whether its topic has changed.", value: span.inSeconds)
  }
}
