import Glibc
import PlantModel
import StreamCore

extension AlertStage {
  /// Judges one reading by what its asset is: the grid's voltage, a battery's temperature, a charger's car.
  mutating func judgeAsset(
    _ series: SeriesIndex, _ quality: Quality, _ value: Double, _ time: Timestamp, _ frame: inout Frame,
    _ register: PlantRegister
  ) {
    guard value.isFinite else { return }
    switch register.kind(of: series) {
    case .grid, .meter:
      if register.series[series.position].sensor == "voltage" { judgeVoltage(series, value, time, &frame, register) }
    case .pv, .wind:
      let source = register.kind(of: series) == .pv ? "irradiance" : "wind_speed"
      guard register.series[series.position].sensor == source else { return }
      let asset = register.series[series.position].asset.position
      (assetWatches[asset].light, assetWatches[asset].lightTime) = (value, time)
    case .battery:
      guard register.series[series.position].sensor == "temperature" else { return }
      judgeHeat(series, quality, value, time, &frame, register)
    case .evCharger: judgeCharger(series, value, time, &frame, register)
    default: break
    }
  }

  private mutating func judgeVoltage(
    _ series: SeriesIndex, _ value: Double, _ time: Timestamp, _ frame: inout Frame, _ register: PlantRegister
  ) {
    let index = register.series[series.position].asset
    var watch = assetWatches[index.position]
    defer { assetWatches[index.position] = watch }
    if watch.voltageCount < AssetWatch.learned {
      guard value > 1 else { return }
      watch.voltageCount += 1
      watch.usualVoltage += (value - watch.usualVoltage) / Double(watch.voltageCount)
      return
    }
    let deviation = value / watch.usualVoltage - 1
    let name = register.assets[index.position].name
    SeriesWatch.count(&watch.dead, value < thresholds.outageVoltage * watch.usualVoltage)
    if deviation.magnitude > thresholds.voltageBand.raises {
      SeriesWatch.count(&watch.deviating, true)
    } else if deviation.magnitude < thresholds.voltageBand.clears {
      SeriesWatch.count(&watch.deviating, false)
      watch.lastSound = time
      watch.usualVoltage += 1e-4 * (value - watch.usualVoltage)
    }
    let outage = AlertKey(rule: .outage, asset: index)
    let voltage = AlertKey(rule: .voltage, asset: index)
    let text = "at \(time) it is \(AlertBook.rounded(value)) V, usual are \(AlertBook.rounded(watch.usualVoltage)) V."
    if Int(watch.dead) >= thresholds.fastReadings {
      let message = AlertMessage(
        title: "The grid at \(name) is gone",
        text: "The voltage at \(name) has collapsed: \(text) Look at the main breaker, then ask the network operator.",
        value: value)
      book.raise(outage, .critical, at: time, begunAfter: watch.lastSound, message, &frame, register)
      book.clear(voltage, at: time, "It is now an outage.", value: value, &frame)
      return
    }
    if Int(watch.dead) <= -thresholds.fastReadings { book.clear(outage, at: time, "The grid is back.", &frame) }
    if Int(watch.deviating) >= thresholds.fastReadings, Int(watch.dead) <= 0 {
      let message = AlertMessage(
        title: "The voltage at \(name) is off",
        text: "The voltage at \(name) is outside ±10 % of what is usual: \(text) Look at the transformer's tap and at "
          + "what feeds in.", value: value)
      book.raise(voltage, .warning, at: time, message, &frame, register)
    } else if Int(watch.deviating) <= -thresholds.fastReadings {
      book.clear(voltage, at: time, "The voltage is as usual.", value: value, &frame)
    }
  }

  private mutating func judgeCharger(
    _ series: SeriesIndex, _ value: Double, _ time: Timestamp, _ frame: inout Frame, _ register: PlantRegister
  ) {
    let index = register.series[series.position].asset
    var watch = assetWatches[index.position]
    defer { assetWatches[index.position] = watch }
    let key = AlertKey(rule: .charger, asset: index)
    let asset = register.assets[index.position]
    if register.series[series.position].sensor == "connected" {
      if value < 0.5 {
        (watch.connected, watch.unserved, watch.lastPower) = (.distantPast, .distantPast, 0)
        book.clear(key, at: time, "The car has left.", &frame)
      } else if watch.connected == .distantPast {
        watch.connected = time
      }
      return
    }
    if let limit = frame.limits[index], limit <= 0.02 * (asset.powerKilowatts ?? asset.capacityKilowatts ?? 0) {
      watch.unserved = .distantPast
      return book.clear(key, at: time, "A command holds it back.", value: value, &frame)
    }
    guard isPower[series.position], watch.connected != .distantPast,
      let size = asset.powerKilowatts ?? asset.capacityKilowatts, size > 0
    else { return }
    if value > 0.02 * size {
      (watch.unserved, watch.lastPower) = (.distantPast, value)
      book.clear(key, at: time, "It charges again, with \(AlertBook.rounded(value)) kW.", value: value, &frame)
      return
    }
    if watch.unserved == .distantPast { watch.unserved = time }
    // A car that is nearly full takes less and less before it stops; only one that breaks off is unserved.
    let wait: TimeSpan? =
      watch.lastPower == 0
      ? thresholds.chargerWait.unserved : watch.lastPower > 0.3 * size ? thresholds.chargerWait.served : nil
    guard let wait, time - watch.unserved >= wait else { return }
    let message = AlertMessage(
      title: "\(asset.name) does not charge",
      text: "A car has been connected to \(asset.name) since \(watch.connected) and gets nothing since "
        + "\(watch.unserved). Look at its contactor, and at whether a schedule holds it back.", value: value)
    book.raise(key, .warning, at: time, message, &frame, register)
  }

  /// Judges a reading's time against its receipt, beside the same of the plant's other assets.
  mutating func judgeClock(_ row: Int, _ frame: inout Frame, _ register: PlantRegister) {
    guard frame.readings.hasSourceTime[row], !frame.isCatchingUp else { return }
    let index = register.series[frame.readings.series[row].position].asset
    let lag = frame.received - frame.readings.time[row]
    assetWatches[index.position].lag = lag
    assetWatches[index.position].lagTime = frame.received
    let key = AlertKey(rule: .clock, asset: index)
    // The usual case costs a comparison: nothing is off, and nothing was.
    if lag.nanoseconds.magnitude <= thresholds.clockSkew.nanoseconds.magnitude,
      assetWatches[index.position].skewed <= 0, !book.isActive(key)
    {
      return
    }
    let others = assetWatches.indices.filter {
      $0 != index.position && frame.received - assetWatches[$0].lagTime < .minutes(10)
    }
    // The asset that is nearest to its receipt tells what the way takes.
    guard
      let least = others.map({ assetWatches[$0].lag }).min(by: { $0.nanoseconds.magnitude < $1.nanoseconds.magnitude })
    else { return }
    let skew = Timestamp(nanoseconds: lag.nanoseconds) - Timestamp(nanoseconds: least.nanoseconds)
    SeriesWatch.count(
      &assetWatches[index.position].skewed, skew.nanoseconds.magnitude > thresholds.clockSkew.nanoseconds.magnitude)
    let run = Int(assetWatches[index.position].skewed)
    let name = register.assets[index.position].name
    if run >= thresholds.qualityReadings {
      let side = skew > .zero ? "behind" : "ahead"
      let span = skew > .zero ? skew : Timestamp(nanoseconds: 0) - Timestamp(nanoseconds: skew.nanoseconds)
      let message = AlertMessage(
        title: "The clock of \(name) is wrong",
        text: "Readings of \(name) are \(AlertBook.duration(span)) \(side) those of the plant's other assets, seen at "
          + "\(frame.received). Look at the time server of its gateway.", value: skew.inSeconds)
      book.raise(key, .warning, at: frame.received, message, &frame, register)
    } else if run <= -thresholds.qualityReadings {
      book.clear(key, at: frame.received, "Its times are right again.", &frame)
    }
  }

  /// Counts odd values that come one at a time.
  mutating func judgeSpikes(
    _ series: SeriesIndex, _ quality: Quality, _ value: Double, _ time: Timestamp, _ frame: inout Frame,
    _ register: PlantRegister
  ) {
    let isOdd = quality == .spike || quality == .outOfRange || quality == .rate
    let watch = watches[series.position]
    if !isOdd && watch.oddCount == 0 { return }
    // Of several in a row only the first is one that came alone.
    let isNew = isOdd && !watch.wasOdd
    let halves = min(100, max(0, (time - watch.oddTime).inSeconds / 1800))
    let count = watch.oddCount * exp2(-halves) + (isNew ? 1 : 0)
    watches[series.position].oddCount = count < 0.01 && !isOdd ? 0 : count
    watches[series.position].oddTime = time
    watches[series.position].wasOdd = isOdd
    let asset = register.series[series.position].asset
    let key = AlertKey(rule: .spikes, asset: asset, series: series)
    if isNew, count >= thresholds.oddValues {
      let name = "\(register.asset(of: series).name) \(register.series[series.position].sensor)"
      let message = AlertMessage(
        title: "\(name) is erratic",
        text: "\(name) has said \(Int(count)) values within the last hour that do not fit its others, the last at "
          + "\(time). Look at its wiring and at what disturbs it.", value: value)
      book.raise(key, .warning, at: time, message, &frame, register)
    } else if count < 0.5 {
      book.clear(key, at: time, "It has been quiet.", value: value, &frame)
    }
  }
}
