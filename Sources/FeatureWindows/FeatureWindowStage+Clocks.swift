import EnergyAccounting
import PlantModel
import PointSchema
import StreamCore
import WattlineTime

extension FeatureWindowStage {
  /// Closes windows that the plant's clock has passed, at a minute mark.
  mutating func closeByClock(_ frame: inout Frame, in register: PlantRegister) {
    let limit = frame.clock - Self.minuteSlack
    closeMetered(&frame.points) { meter, own in
      guard meter.nextDue <= limit else { return nil }
      return (limit, nil)
    }
    if frame.clock == frame.clock.floored(to: .hour) { settleMetered(frame.clock, in: register, into: &frame.points) }
    let quarter = limit.floored(to: .minutes(15))
    for position in 0..<store.kinds.count {
      guard let place = store.states.place(of: position) else { continue }
      if store.states[place].isHeld, store.states[place].baseTime < quarter {
        extend(position, place: place, quarter: quarter, into: &frame.points)
      }
      guard store.states[place].nextDue <= limit else { continue }
      close(position, place: place, into: &frame.points) { _, end, _ in end <= limit }
    }
    if frame.clock == frame.clock.floored(to: .hour) { dropQuiet(&frame) }
  }

  /// Extends a held value up to a time.
  ///
  /// - Parameters:
  ///   - position: Position of the series in the register.
  ///   - place: Place of its state.
  ///   - quarter: Time up to which the value holds.
  ///   - points: Receives the points of changed windows.
  private mutating func extend(_ position: Int, place: Int, quarter: Timestamp, into points: inout PointBatch) {
    output.series = SeriesIndex(position)
    let first = output.windows.count
    store.states[place].extendHold(to: quarter, traits: store.traits(of: position), output: &output)
    if output.windows.count > first || !output.settled.isEmpty { write(from: first, into: &points) }
  }

  /// Settles all windows of series that have been silent for more than 25 hours, and drops their states.
  private mutating func dropQuiet(_ frame: inout Frame) {
    for position in 0..<store.kinds.count {
      guard let place = store.states.place(of: position),
        frame.clock - store.states[place].highest > WindowStore.quietAfter
      else { continue }
      output.series = SeriesIndex(position)
      store.states[place].windows.settleAll(store.traits(of: position), into: &output)
      write(from: output.windows.count, into: &frame.points)
      store.drop(position)
    }
  }

  /// Closes windows of series that have become silent, at a tick.
  mutating func closeSilent(_ frame: inout Frame, in register: PlantRegister) {
    let isBehind = frame.isCatchingUp
    let received = frame.received
    closeMetered(&frame.points) { [lateness] meter, own in
      guard meter.nextDue + lateness <= received, meter.lastReceived + Self.silence <= received else { return nil }
      if !isBehind { return (received - lateness, nil) }
      // Completely covered windows need not wait, even while catching up.
      return own.isInterval ? (.distantPast, received - lateness) : nil
    }
    guard store.look.isDue(at: frame.received) else { return }
    let limit = frame.received - lateness
    let isCatchingUp = frame.isCatchingUp
    // A series cannot become silent earlier than this after any reading.
    var next = frame.received + Self.silence
    defer { store.look.looked(at: frame.received, next: next) }
    for position in 0..<store.kinds.count {
      guard let place = store.states.place(of: position) else { continue }
      let due = max(store.states[place].nextDue + lateness, store.states[place].lastReceived + Self.silence)
      next = min(next, due)
      if due > frame.received { continue }
      if isCatchingUp && !store.kinds[position].isInterval { continue }
      close(position, place: place, into: &frame.points) { slot, end, length in
        end <= limit && (!isCatchingUp || slot.coveredHours >= 0.999 * length.inHours)
      }
    }
  }

  private mutating func close(
    _ position: Int, place: Int, into points: inout PointBatch,
    isDue: (borrowing WindowAccumulator, _ end: Timestamp, _ length: TimeSpan) -> Bool
  ) {
    output.series = SeriesIndex(position)
    let first = output.windows.count
    store.states[place].windows.emitOpen(store.traits(of: position), into: &output, isDue: isDue)
    write(from: first, into: &points)
  }
}

// MARK: - Series that carry energy

extension FeatureWindowStage {
  /// Closes windows of series that carry energy, up to a limit for each, and emits changed windows again.
  private mutating func closeMetered(
    _ points: inout PointBatch, limit: (MeteredSeries, SeriesTraits) -> (Timestamp, whole: Timestamp?)?
  ) {
    if store.meters.liveCount == 0 { return }
    for position in 0..<store.kinds.count {
      guard let place = store.meters.place(of: position) else { continue }
      let own = store.kinds[position]
      let limit = limit(store.meters[place], own)
      guard limit != nil || store.meters[place].dirty != nil else { continue }
      output.series = SeriesIndex(position)
      let first = output.windows.count
      if let limit {
        store.meters[place].close(through: limit.0, wholeThrough: limit.whole, traits: own, into: &output)
      }
      store.meters[place].emitChanged(own, into: &output)
      if output.windows.count > first { write(from: first, into: &points) }
    }
  }

  /// Settles readings and windows that no late reading can change any more.
  ///
  /// - Parameters:
  ///   - clock: The plant's clock.
  ///   - register: Assets and series of the plant.
  ///   - points: Receives the points of changed windows.
  private mutating func settleMetered(_ clock: Timestamp, in register: PlantRegister, into points: inout PointBatch) {
    let late = register.plant.late
    let horizon = account.horizon(at: clock, late: late)
    var clockOfPlant = rollups.calendar ?? .utc
    for position in 0..<store.kinds.count {
      guard let place = store.meters.place(of: position) else { continue }
      let own = store.kinds[position]
      output.series = SeriesIndex(position)
      let first = output.windows.count
      store.meters[place].settle(before: clock, horizon: horizon, late: late, traits: own, into: &output) {
        clockOfPlant.utcOffset(at: $0)
      }
      if output.windows.count > first || !output.settled.isEmpty { write(from: first, into: &points) }
    }
  }
}
