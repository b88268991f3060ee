import PlantModel
import StreamCore

extension AlertStage {
  /// Judges on a tick who is silent: the plant as a whole, else assets as a whole, else single series.
  ///
  /// It looks at all series, and seldom: each look tells when the next of them can fall silent.
  mutating func judgeSilence(_ frame: inout Frame, _ register: PlantRegister) {
    let isTold = book.alerts.contains { $0.key.rule == .noData && $0.value.isActive }
    guard isTold || silenceLook.isDue(at: frame.received) else { return }
    // A reading gives its series at least the shortest threshold of any.
    var next = frame.received + thresholds.silence
    defer { silenceLook.looked(at: frame.received, next: next) }
    var judgedAssets = 0
    var silentAssets = 0
    var silentSensors = 0
    // When the silent ones and the others were last heard.
    var last = (silent: Timestamp.distantPast, others: Timestamp.distantPast)
    for position in register.assets.indices {
      let (judged, silent, earliest) = count(AssetIndex(position), frame.received, register)
      next = min(next, earliest)
      // That an asset which is gone says nothing tells nothing of the plant.
      if isOffline(AssetIndex(position)) {
        silentSensors += silent
        continue
      }
      let isSilent = judged > 0 && judged == silent
      if judged > 0 { judgedAssets += 1 }
      if isSilent { silentAssets += 1 }
      silentSensors += silent
      for series in register.seriesOfAsset[position] {
        let heard = silence.states[series.position].last
        if isSilent { last.silent = max(last.silent, heard) } else { last.others = max(last.others, heard) }
      }
    }
    // Without anything silent or alarmed there is nothing to tell or to clear.
    if silentSensors == 0 && !isTold { return }
    // Assets that speak seldom do not speak for the plant: of those that are silent with it, most suffice, as long as
    // no other has been heard since.
    let plantIsSilent =
      silentAssets > 1 && 2 * silentAssets >= judgedAssets && last.others - last.silent <= .seconds(5)
    for position in register.assets.indices { judge(AssetIndex(position), within: plantIsSilent, &frame, register) }
    let key = AlertKey(rule: .noData)
    guard plantIsSilent || book.isActive(key) else { return }
    settle(
      key, isSilent: plantIsSilent, isCovered: false, register.series.indices.map(SeriesIndex.init), &frame, register)
  }

  private mutating func judge(
    _ asset: AssetIndex, within plantIsSilent: Bool, _ frame: inout Frame, _ register: PlantRegister
  ) {
    let members = register.seriesOfAsset[asset.position]
    let (judged, silent, _) = count(asset, frame.received, register)
    let assetIsSilent = judged > 1 && judged == silent
    for series in members {
      let key = AlertKey(rule: .noData, asset: asset, series: series)
      let isSilent = isSilent(series, frame.received)
      guard isSilent || book.isActive(key) else { continue }
      settle(key, isSilent: isSilent, isCovered: assetIsSilent || plantIsSilent, [series], &frame, register)
    }
    let key = AlertKey(rule: .noData, asset: asset)
    settle(key, isSilent: assetIsSilent, isCovered: plantIsSilent, members, &frame, register)
  }

  private func isSilent(_ series: SeriesIndex, _ now: Timestamp) -> Bool {
    guard let threshold = silence.threshold(of: series, thresholds) else { return false }
    return silence.silence(of: series, at: now) > threshold
  }

  /// How many series of an asset can be judged and how many of them are silent, and when the next of them will be.
  private func count(
    _ asset: AssetIndex, _ now: Timestamp, _ register: PlantRegister
  ) -> (judged: Int, silent: Int, next: Timestamp) {
    var counts = (judged: 0, silent: 0, next: Timestamp(nanoseconds: .max))
    for series in register.seriesOfAsset[asset.position] {
      guard let threshold = silence.threshold(of: series, thresholds) else { continue }
      let left = threshold - silence.silence(of: series, at: now)
      counts.judged += 1
      if left < .zero { counts.silent += 1 }
      counts.next = min(counts.next, now + left)
    }
    return counts
  }

  private mutating func settle(
    _ key: AlertKey, isSilent: Bool, isCovered: Bool, _ members: [SeriesIndex], _ frame: inout Frame,
    _ register: PlantRegister
  ) {
    guard isSilent || book.isActive(key) else { return }
    let now = frame.received
    if isCovered || !isSilent {
      let text =
        isCovered ? "It is now part of a wider silence, which has an alert of its own." : "Readings come again."
      book.clear(key, at: now, text, &frame)
      return
    }
    // Of a group, the member that spoke last says how long it has been silent.
    var shortest = TimeSpan(nanoseconds: .max)
    var threshold = thresholds.silence
    for series in members {
      guard let own = silence.threshold(of: series, thresholds) else { continue }
      shortest = min(shortest, silence.silence(of: series, at: now))
      threshold = max(threshold, own)
    }
    let isCritical = shortest.inSeconds > thresholds.criticalSilence * threshold.inSeconds
    let severity: Severity = isCritical ? .critical : .warning
    guard book.wouldChange(key, severity) else { return }
    let message = silenceMessage(key, shortest, now, register)
    book.raise(key, severity, at: now, message, &frame, register)
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
    let usual = AlertBook.rounded(silence.states[series.position].interval)
    return AlertMessage(
      title: "No data from \(name)",
      text: "\(name) has sent nothing \(lasted); it usually does every \(usual) s. Look at the sensor, its wiring and "
        + "whether its topic has changed.", value: span.inSeconds)
  }
}
