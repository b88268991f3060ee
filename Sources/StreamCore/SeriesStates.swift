import PlantModel

/// What a stage knows of each series of a plant, packed: a series that has not spoken yet, or not for long, has no state.
///
/// States are addressed by their place, which holds until the next call that makes or drops one.
public struct SeriesStates<State: Sendable>: Sendable {
  @usableFromInline var places: [Int32] = []
  @usableFromInline var states: [State] = []

  /// No series at all.
  public init() {}

  /// How many series there are.
  @inlinable public var count: Int { places.count }
  /// How many of them have a state.
  @inlinable public var liveCount: Int { states.count }

  /// Takes in series without a state, up to `count`.
  public mutating func grow(to count: Int) {
    places.grow(to: count, -1)
  }

  /// The place of a series' state, `nil` where it has none.
  @inlinable
  public func place(of series: Int) -> Int? {
    guard series >= 0, series < places.count, places[series] >= 0 else { return nil }
    return Int(places[series])
  }

  /// The state at a place.
  @inlinable
  public subscript(place: Int) -> State {
    _read { yield states[place] }
    _modify { yield &states[place] }
  }

  /// Gives a series a state and returns its place; the series is one that there is, and has none.
  public mutating func add(_ state: State, to series: Int) -> Int {
    if states.count == states.capacity {
      // No more room than is needed: most plants get all their series at once, large ones in steps of a sixteenth.
      let waiting = places.count - states.count
      states.reserveCapacity(states.count + min(waiting, max(states.count / 16, 128)))
    }
    states.append(state)
    places[series] = Int32(truncatingIfNeeded: states.count - 1)
    return states.count - 1
  }

  /// Takes a series' state away; the room is given back once a quarter is empty.
  public mutating func drop(_ series: Int) {
    guard let place = place(of: series), let last = states.popLast() else { return }
    places[series] = -1
    if place < states.count {
      if let owner = places.firstIndex(of: Int32(truncatingIfNeeded: states.count)) {
        places[owner] = Int32(truncatingIfNeeded: place)
      }
      states[place] = last
    }
    if states.count < states.capacity / 4 * 3 {
      var packed: [State] = []
      packed.reserveCapacity(states.count)
      packed.append(contentsOf: states)
      states = packed
    }
  }

  /// Writes which series have a state, and each by `body`.
  @inlinable
  public func snapshot(into writer: inout SnapshotWriter, _ body: (inout SnapshotWriter, State) -> Void) {
    writer.write(UInt32(truncatingIfNeeded: places.count))
    for place in places {
      writer.write(place >= 0)
      if place >= 0 { body(&writer, states[Int(place)]) }
    }
  }

  /// Reads what ``snapshot(into:_:)`` wrote.
  public init(
    from reader: inout SnapshotReader, _ body: (inout SnapshotReader) throws(SnapshotError) -> State
  ) throws(SnapshotError) {
    let all = try reader.readArray { (reader) throws(SnapshotError) in
      try reader.readBool() ? Optional(body(&reader)) : nil
    }
    grow(to: all.count)
    states.reserveCapacity(all.count { $0 != nil })
    for (series, state) in all.enumerated() {
      if let state { _ = add(state, to: series) }
    }
  }
}
