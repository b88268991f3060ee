import PlantModel
import StreamCore

extension AlertStage {
  /// Judges one reading by the rules that need no window.
  ///
  /// What is wrong with the inputs of a derived sensor is told of them: of itself neither silence nor quality is judged.
  mutating func judge(_ row: Int, _ frame: inout Frame, _ register: PlantRegister) {
    let series = frame.readings.series[row]
    guard register.series.indices.contains(series.position) else { return }
    let isDerived = register.series[series.position].profile.isDerived
    let quality = frame.readings.quality[row]
    // A glitch of a counter, given again once it is known to be one: all else was judged when it came.
    if !isDerived, quality == .spike, !frame.readings.raw[row].isFinite {
      return judgeSpikes(series, quality, frame.readings.value[row], frame.readings.time[row], &frame, register)
    }
    if !isDerived { silence.note(series, received: frame.received, isCatchingUp: frame.isCatchingUp) }
    judgeClock(row, &frame, register)
    // Out of order: what it says is no longer so, or not yet.
    if quality == .late || quality == .future || quality == .duplicate { return }
    let time = frame.readings.time[row]
    let raw = frame.readings.raw[row]
    let value =
      isDerived ? frame.readings.value[row] : register.series[series.position].profile.unit?.canonical(raw) ?? raw
    judgeQuality(series, isDerived ? .good : quality, value, time, &frame, register)
    if !isDerived {
      judgeThousandths(series, value, time, &frame, register)
      judgeSpikes(series, quality, value, time, &frame, register)
    }
    judgeAsset(series, quality, value, time, &frame, register)
    signs.take(value, at: time, of: series, register)
    // A fall or a breach is sudden by nature, so that `rate` and `spike` do not speak against it.
    guard isPower[series.position], quality != .outOfRange, value.isFinite else { return }
    let place = powerWatches.place(of: series.position) ?? powerWatches.add(PowerWatch(), to: series.position)
    var watch = powerWatches[place]
    switch register.kind(of: series) {
    case .grid, .meter: judgeLimits(series, &watch, value, time, &frame, register)
    case .pv, .wind, .load: judgeTrip(series, &watch, value, time, &frame, register)
    default: break
    }
    powerWatches[place] = watch
  }

  private mutating func judgeQuality(
    _ series: SeriesIndex, _ quality: Quality, _ value: Double, _ time: Timestamp, _ frame: inout Frame,
    _ register: PlantRegister
  ) {
    SeriesWatch.count(&watches[series.position].range, quality == .outOfRange)
    SeriesWatch.count(&watches[series.position].stuck, quality == .stuck)
    if quality == .good && value != 0 { watches[series.position].lastGood = value }
    let isGenerator = isPower[series.position] && [.pv, .wind].contains(register.kind(of: series))
    if isGenerator { judgeStandstill(series, value, time, &frame, register) }
    let watch = watches[series.position]
    let enough = Int16(clamping: thresholds.qualityReadings)
    // A run passes its threshold once, so that nothing is looked up for the readings before and after.
    if watch.range.magnitude != enough && watch.stuck.magnitude != enough { return }
    let asset = register.series[series.position].asset
    let range = AlertKey(rule: .range, asset: asset, series: series)
    let unit = AlertKey(rule: .unit, asset: asset, series: series)
    let stuck = AlertKey(rule: .stuck, asset: asset, series: series)
    if watch.range == enough {
      let plausible = register.series[series.position].profile.range
      let isMixup = UnitMixup.isOne(value, range: plausible, lastGood: watch.lastGood)
      let before = watches[series.position].lastGood
      let message =
        isMixup ? unitMessage(series, value, before, time, register) : rangeMessage(series, value, time, register)
      book.raise(isMixup ? unit : range, .warning, at: time, message, &frame, register)
    } else if watch.range == -enough {
      for key in [range, unit] {
        book.clear(key, at: time, "Readings are plausible again.", value: value, &frame)
      }
    }
    // What has no size to compare with is taken for stuck at once.
    if watch.stuck == enough, !isGenerator || register.assets[asset.position].capacityKilowatts == nil {
      raiseStuck(series, value, time, &frame, register)
    } else if watch.stuck == -enough {
      book.clear(stuck, at: time, "It moves again.", value: value, &frame)
    }
  }

  /// Judges whether values have become thousandths of what they were, each of which may be plausible by itself.
  private mutating func judgeThousandths(
    _ series: SeriesIndex, _ value: Double, _ time: Timestamp, _ frame: inout Frame, _ register: PlantRegister
  ) {
    guard register.series[series.position].profile.sampling != .counter else { return }
    watches[series.position].thousandths.take(value, at: time)
    let watch = watches[series.position].thousandths
    let enough = Int16(clamping: thresholds.qualityReadings)
    if watch.run.magnitude != enough { return }
    let key = AlertKey(rule: .unit, asset: register.series[series.position].asset, series: series)
    if watch.run > 0 {
      let message = unitMessage(series, value, watch.level, time, register)
      book.raise(key, .warning, at: time, message, &frame, register)
    } else {
      book.clear(key, at: time, "Readings are plausible again.", value: value, &frame)
    }
  }

  private func unitMessage(
    _ series: SeriesIndex, _ value: Double, _ before: Double, _ time: Timestamp, _ register: PlantRegister
  ) -> AlertMessage {
    let name = name(of: series, register)
    let unit = register.series[series.position].profile.unit
    let isLarge = value.magnitude > before.magnitude
    let number = isLarge ? AlertBook.rounded(value) : "\(value)"
    return AlertMessage(
      title: "\(name) is in the wrong unit",
      text:
        "\(name) says \(number) at \(time), a \(isLarge ? "thousand times" : "thousandth of") the "
        + "\(AlertBook.rounded(before)) \(unit?.canonicalUnit.symbol ?? "") of before: it sends "
        + "\(isLarge ? UnitMixup.smaller(than: unit) : UnitMixup.larger(than: unit)). Look at its gateway, and at unit "
        + "and scale in the plant file.", value: value)
  }

  private func rangeMessage(
    _ series: SeriesIndex, _ value: Double, _ time: Timestamp, _ register: PlantRegister
  ) -> AlertMessage {
    let name = name(of: series, register)
    let plausible = register.series[series.position].profile.range
    let bounds =
      plausible.contains(value)
      ? "far beyond what it usually says"
      : "outside \(plausible.lowerBound) to \(amount(plausible.upperBound, of: series, register))"
    return AlertMessage(
      title: "\(name) is out of range",
      text:
        "\(thresholds.qualityReadings) readings in a row are \(bounds), the last "
        + "\(amount(AlertBook.rounded(value), of: series, register)) at \(time). Look at the sensor's wiring, "
        + "and at range, unit and scale in the plant file.", value: value)
  }

  /// A value of `clean` with its unit.
  private func amount(_ value: some CustomStringConvertible, of series: SeriesIndex, _ register: PlantRegister)
    -> String
  {
    let unit = register.series[series.position].profile.unit?.canonicalUnit.symbol
    return unit.map { "\(value) \($0)" } ?? "\(value)"
  }

  mutating func raiseStuck(
    _ series: SeriesIndex, _ value: Double, _ time: Timestamp, _ frame: inout Frame, _ register: PlantRegister
  ) {
    let key = AlertKey(rule: .stuck, asset: register.series[series.position].asset, series: series)
    guard book.wouldChange(key, .warning) else { return }
    let name = name(of: series, register)
    let message = AlertMessage(
      title: "\(name) does not move",
      text: "\(name) has stood at \(amount(AlertBook.rounded(value), of: series, register)) for longer than it can, "
        + "seen at \(time). Look at the sensor and at whether its gateway repeats an old value.", value: value)
    book.raise(key, .warning, at: time, message, &frame, register)
  }

  private mutating func judgeLimits(
    _ series: SeriesIndex, _ watch: inout PowerWatch, _ value: Double, _ time: Timestamp, _ frame: inout Frame,
    _ register: PlantRegister
  ) {
    let index = register.series[series.position].asset
    let asset = register.assets[index.position]
    guard asset.importLimitKilowatts != nil || asset.exportLimitKilowatts != nil else { return }
    let isImport = value >= 0
    // Without a limit in this direction nothing is breached, and a breach of the other is over.
    let limit = (isImport ? asset.importLimitKilowatts : asset.exportLimitKilowatts) ?? .infinity
    let key = AlertKey(rule: .limit, asset: index, series: series)
    if value.magnitude > limit {
      SeriesWatch.count(&watch.limit, true)
    } else if value.magnitude < thresholds.limitClears * limit {
      SeriesWatch.count(&watch.limit, false)
    }
    let run = Int(watch.limit)
    if run <= -thresholds.fastReadings {
      book.clear(key, at: time, "Power is back at \(AlertBook.rounded(value)) kW.", value: value, &frame)
    } else if run >= thresholds.fastReadings && value.magnitude > limit {
      let direction = isImport ? "import" : "export"
      book.raise(
        key, value.magnitude > thresholds.limitCritical * limit ? .critical : .warning, at: time,
        AlertMessage(
          title: "\(asset.name) is above its \(direction) limit",
          text:
            "\(asset.name) carries \(AlertBook.rounded(value.magnitude)) kW of \(direction) at \(time); its limit is "
            + "\(AlertBook.rounded(limit)) kW. " + (isImport ? "Shed flexible load" : "Curtail generation or charge")
            + ", and look at what changed on the power panel.", value: value), &frame, register)
    }
  }

  private mutating func judgeTrip(
    _ series: SeriesIndex, _ watch: inout PowerWatch, _ value: Double, _ time: Timestamp, _ frame: inout Frame,
    _ register: PlantRegister
  ) {
    let index = register.series[series.position].asset
    let asset = register.assets[index.position]
    if watch.first == .distantPast { watch.first = time }
    let key = AlertKey(rule: .trip, asset: index, series: series)
    let size = asset.capacityKilowatts ?? watch.recentMaximum
    let isStanding = value.magnitude < thresholds.standing * size
    if isStanding, frame.limits[index] == 0 {
      // What was shut down shows no more whether it could run; after a trip a person says that it was looked at.
      watch.earlier = (0, 0)
      watch.lastStood = time
      if book.isActive(key), book.alerts[key]?.isAcknowledged != true { return }
      watch.trip = 0
      return book.clear(key, at: time, "It was shut down, and the trip is acknowledged.", value: value, &frame)
    }
    if book.isActive(key) {
      SeriesWatch.count(&watch.trip, value < thresholds.restarted * size)
      if Int(watch.trip) <= -thresholds.fastReadings {
        book.clear(key, at: time, "It runs again, with \(AlertBook.rounded(value)) kW.", value: value, &frame)
        watch.trip = 0
      }
    } else if watch.trip > 0 {
      watch.trip = isStanding ? watch.trip + 1 : 0
    } else if isStanding, hasFallen(watch, size, time) || hasFallenInLight(watch, size, time, index),
      !mayStand(asset.kind, watch, time)
    {
      watch.trip = 1
    }
    if !book.isActive(key), Int(watch.trip) >= thresholds.fastReadings {
      let message = tripMessage(asset.name, watch, value, time)
      book.raise(key, .critical, at: time, message, &frame, register)
    }
    if isStanding && watch.trip == 0 { watch.lastStood = time }
    if watch.trip == 0 {
      // Forgets half of it in a day.
      let days = min(max((time - watch.earlierTime.0).inHours / 24, 0), 1)
      watch.recentMaximum = max(value, (1 - 0.5 * days) * watch.recentMaximum)
      watch.earlier = (value, watch.earlier.0)
      watch.earlierTime = (time, watch.earlierTime.0)
    }
  }

  private func hasFallen(_ watch: PowerWatch, _ size: Double, _ time: Timestamp) -> Bool {
    let running = thresholds.running * size
    return size > 0
      && ((watch.earlier.0 > running && time - watch.earlierTime.0 <= thresholds.fall)
        || (watch.earlier.1 > running && time - watch.earlierTime.1 <= thresholds.fall))
  }

  /// A generator in the light that gave something a moment ago, however little.
  private func hasFallenInLight(
    _ watch: PowerWatch, _ size: Double, _ time: Timestamp, _ asset: AssetIndex
  ) -> Bool {
    let sun = assetWatches[asset.position]
    return size > 0 && sun.light > thresholds.light && time - sun.lightTime <= .minutes(2)
      && watch.earlier.0 > thresholds.standing * size && time - watch.earlierTime.0 <= thresholds.fall
  }

  /// A load that stood within the last day, or is known for less than a day, may switch off in the ordinary way.
  private func mayStand(_ kind: AssetKind, _ watch: PowerWatch, _ time: Timestamp) -> Bool {
    kind == .load && time - max(watch.lastStood, watch.first) < thresholds.neverStood
  }

  private func tripMessage(_ name: String, _ watch: PowerWatch, _ value: Double, _ time: Timestamp) -> AlertMessage {
    let before = AlertBook.rounded(watch.earlier.0 > watch.earlier.1 ? watch.earlier.0 : max(watch.earlier.0, 0))
    return AlertMessage(
      title: "\(name) has tripped",
      text:
        "The power of \(name) fell from \(before) kW at \(watch.earlierTime.0) to \(AlertBook.rounded(value)) kW and "
        + "stays there at \(time). Look at its breaker and inverter, and at the codes they show, before restarting.",
      value: value)
  }

  private func name(of series: SeriesIndex, _ register: PlantRegister) -> String {
    "\(register.asset(of: series).name) \(register.series[series.position].sensor)"
  }
}
