import PlantModel

/// A stage's states of a plant's series, stored densely. A series without readings, or without recent ones, has no
/// state.
///
/// A state's position is valid until the next call that adds or removes one.
public struct SeriesStates<State: Sendable>: Sendable {
  @usableFromInline var places: [Int32] = []
  @usableFromInline var states: [State] = []

  /// Creates an instance without series.
  public init() {}

  /// Number of series.
  @inlinable public var count: Int { places.count }
  /// Number of series with a state.
  @inlinable public var liveCount: Int { states.count }

  /// Extends the number of series to `count`; new ones have no state.
  public mutating func grow(to count: Int) {
    places.grow(to: count, element: -1)
  }

  /// Returns the position of a series' state, `nil` if it has none.
  @inlinable
  public func place(of series: Int) -> Int? {
    guard series >= 0, series < places.count, places[series] >= 0 else { return nil }
    return Int(places[series])
  }

  /// Accesses the state at a position.
  @inlinable
  public subscript(place: Int) -> State {
    _read { yield states[place] }
    _modify { yield &states[place] }
  }

  /// Adds a state to an existing series without one and returns its position.
  public mutating func add(_ state: State, to series: Int) -> Int {
    if states.count == states.capacity {
      // Reserves no more than needed: most plants get all series at once, large ones in steps of a sixteenth.
      let waiting = places.count - states.count
      states.reserveCapacity(states.count + min(waiting, max(states.count / 16, 128)))
    }
    states.append(state)
    places[series] = Int32(truncatingIfNeeded: states.count - 1)
    return states.count - 1
  }

  /// Removes the state of a series. Memory is released once a quarter is unused.
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

  /// Writes which series have a state, and each state with `body`.
  @inlinable
  public func snapshot(into writer: inout SnapshotWriter, body: (inout SnapshotWriter, State) -> Void) {
    writer.write(UInt32(truncatingIfNeeded: places.count))
    for place in places {
      writer.write(place >= 0)
      if place >= 0 { body(&writer, states[Int(place)]) }
    }
  }

  /// Reads the states written by ``snapshot(into:body:)``, each with `body`.
  public init(
    from reader: inout SnapshotReader, body: (inout SnapshotReader) throws(SnapshotError) -> State
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
