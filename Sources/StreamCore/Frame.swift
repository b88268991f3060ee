import PlantModel

/// What happens to a plant in one step. A step has readings, or it moves a clock; never both, so that what was known
/// at a moment does not depend on how readings were batched.
public enum Cause: Sendable, Equatable {
  /// Messages came; ``Frame/readings`` holds their readings, ``Frame/availability`` who came and went, or
  /// ``Frame/instructions`` what they ask for.
  case readings
  /// The plant's event-time clock passed one minute mark, which is now ``Frame/clock``. Every reading before the mark,
  /// by more than the lateness behind the latest one, has been stepped.
  case minute
  /// The receive clock ticked (once a second); ``Frame/received`` is the tick. For rules about silence.
  case tick
}

/// That an asset is there or gone, as it says itself or as its gateway or the broker says for it.
public struct AssetAvailability: Sendable, Hashable {
  /// Of whom it is said.
  public var asset: AssetIndex
  /// Whether it is there.
  public var isOnline: Bool

  /// A statement about an asset.
  public init(asset: AssetIndex, isOnline: Bool) {
    self.asset = asset
    self.isOnline = isOnline
  }
}

/// The unit of work that passes through the stages of one plant: each reads what those before it added, and adds.
public struct Frame: Sendable {
  /// Why this step is made.
  public var cause: Cause
  /// Receive time of what caused the step, from the journal.
  public var received: Timestamp
  /// The plant's event-time clock: latest event time that is not in the future, less the lateness; in multiples of a
  /// minute at ``Cause/minute``.
  public var clock: Timestamp
  /// Decoded readings; `Cleaning` settles their quality and value.
  public var readings = ReadingBatch()
  /// Assets that came and went in this step, in their order.
  public var availability: [AssetAvailability] = []
  /// What is asked of the plant, in the order in which it came; the stage whose subject it is sets the outcome.
  public var instructions: [Instruction] = []
  /// Windows closed in this step, in the order in which they closed.
  public var windows: [FeatureWindow] = []
  /// Quarters of an hour of the energy account that were settled in this step, or anew, in the order of time.
  public var quarters: [EnergyQuarter] = []
  /// Series whose values hold until the next, by their position; what is behind the end holds nothing.
  public var holding: [Bool] = []
  /// Forecasts issued in this step.
  public var forecasts: [ForecastIssue] = []
  /// Assets judged in this step.
  public var health: [AssetHealth] = []
  /// Alerts that changed in this step.
  public var alerts: [AlertTransition] = []
  /// What people are to be told in this step.
  public var notices: [AlertNotice] = []
  /// Recommendations made in this step.
  public var dispatch: [DispatchDecision] = []
  /// Greatest power of assets that were commanded to give or take no more, in their own direction [kW]: who judges them
  /// by what they could do has to know. As of the step before.
  public var limits: [AssetIndex: Double] = [:]
  /// The gravest fault of an asset that an alert tells of, for its health. As of the step before, at ``Cause/minute``.
  public var faults: [AssetIndex: StandingFault] = [:]
  /// Commands that were given or changed their state in this step.
  public var commands: [Command] = []
  /// Points to write, other than `raw` and `clean`.
  public var points = PointBatch()

  /// An empty frame.
  public init(cause: Cause = .readings, received: Timestamp = .distantPast, clock: Timestamp = .distantPast) {
    self.cause = cause
    self.received = received
    self.clock = clock
  }

  /// Whether a value of a series holds until the next.
  public func holds(_ position: Int) -> Bool { holding.indices.contains(position) && holding[position] }

  /// Whether the plant is catching up: its clock is more than an hour behind the receive time, so that only what
  /// survives being overwritten needs to be written.
  public var isCatchingUp: Bool { received - clock > .hour }

  /// Empties the frame for the next step and keeps its memory.
  public mutating func reset(cause: Cause, received: Timestamp, clock: Timestamp) {
    self.cause = cause
    self.received = received
    self.clock = clock
    readings.removeAll()
    availability.removeAll(keepingCapacity: true)
    instructions.removeAll(keepingCapacity: true)
    windows.removeAll(keepingCapacity: true)
    quarters.removeAll(keepingCapacity: true)
    forecasts.removeAll(keepingCapacity: true)
    health.removeAll(keepingCapacity: true)
    alerts.removeAll(keepingCapacity: true)
    notices.removeAll(keepingCapacity: true)
    dispatch.removeAll(keepingCapacity: true)
    commands.removeAll(keepingCapacity: true)
    points.removeAll()
  }
}
