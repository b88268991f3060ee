public import PlantModel
public import PointSchema
public import WattlineTime

/// Trigger of a plant's step. A step either has readings or advances a clock, never both. The state at a given time
/// therefore does not depend on the batching of readings.
public enum Trigger: Sendable, Equatable {
  /// Messages arrived, or a wait for them ended. Depending on that, ``Frame/readings``, ``Frame/availability``,
  /// ``Frame/instructions`` or ``Frame/waitEnd`` is filled.
  case readings
  /// The plant's event-time clock passed one minute mark, which is now ``Frame/clock``. The latest event time is then
  /// at least the lateness ahead of the mark. Readings before the mark that arrive from now on are late.
  case minute
  /// The receive clock ticked (once a second); ``Frame/received`` is the tick. Used by rules about missing data.
  case tick
  /// The process reported ``Frame/news`` about itself. Only stages with ``Stage/heedsProcess`` receive it.
  case process
}

/// The end of the wait of values that further readings may complete.
public enum WaitEnd: Sendable, Equatable {
  /// Values that have waited long enough at a tick of the receive clock are due.
  case tick(Timestamp)
  /// Values with a time at or before a minute mark are due.
  case minute(Timestamp)
}

/// News of the process for the operators of each plant.
public enum ProcessNews: Sendable, Equatable {
  /// The database accepts points.
  case databaseAccepts
  /// The database accepts no points until a person removes the reason, with the database's own words.
  case databaseRefuses(reason: String, words: String)
  /// A fault of the process, or its end.
  case fault(ProcessFault)
  /// A meter deviates from its model or nothing is known of it, or the end of that.
  case savings(SavingsNews)
  /// The plant's stages end, because its configuration has changed.
  case retirement
}

/// Availability of an asset, as reported by itself, its gateway or the broker.
public struct AssetAvailability: Sendable, Hashable {
  /// The asset.
  public var asset: AssetIndex
  /// Whether the asset is online.
  public var isOnline: Bool

  /// Creates an availability report.
  public init(asset: AssetIndex, isOnline: Bool) {
    self.asset = asset
    self.isOnline = isOnline
  }
}

/// The unit of work that passes through the stages of one plant. Each stage reads the output of earlier ones and adds
/// its own.
public struct Frame: Sendable {
  /// Trigger of this step.
  public var cause: Trigger
  /// Receive time of the record that caused the step, from the journal.
  public var received: Timestamp
  /// The plant's event-time clock: the latest event time not in the future, minus the lateness. At ``Trigger/minute``
  /// it is a multiple of one minute.
  public var clock: Timestamp
  /// Decoded readings. `Cleaning` sets their quality and value.
  public var readings = ReadingBatch()
  /// Assets that came online or went offline in this step, in order.
  public var availability: [AssetAvailability] = []
  /// Operator requests in order of arrival. The stage that handles a request sets its outcome.
  public var instructions: [Instruction] = []
  /// The wait that ends in this step. The stage whose values waited sets it to `nil`.
  public var waitEnd: WaitEnd?
  /// News of the process, at ``Trigger/process``.
  public var news: ProcessNews?
  /// Windows closed in this step, in order of closing.
  public var windows: [FeatureWindow] = []
  /// Quarter-hours of the energy account that were settled or revised in this step, in order of time.
  public var quarters: [EnergyQuarter] = []
  /// Whether each series holds its value until the next one, by position. Positions beyond the end count as `false`.
  public var holding: [Bool] = []
  /// Forecasts issued in this step.
  public var forecasts: [ForecastIssue] = []
  /// Health of the assets evaluated in this step.
  public var health: [AssetHealth] = []
  /// Alerts that changed in this step.
  public var alerts: [AlertTransition] = []
  /// Notifications to send in this step.
  public var notices: [AlertNotice] = []
  /// Recommendations made in this step.
  public var dispatch: [DispatchDecision] = []
  /// State of the plant for its community, at a quarter-hour mark of a plant that is live.
  public var member: MemberState?
  /// Maximum power of curtailed assets, in their own direction [kW], as of the previous step; from
  /// ``Stage/prepare(_:in:)``. Stages that compare an asset with its potential need it.
  public var limits: [AssetIndex: Double] = [:]
  /// The most severe fault of each asset with an active alert, for its health. As of the previous step, at
  /// ``Trigger/minute``; from ``Stage/prepare(_:in:)``.
  public var faults: [AssetIndex: StandingFault] = [:]
  /// Commands that were issued or changed state in this step.
  public var commands: [Command] = []
  /// Points to write, other than `raw` and `clean`.
  public var points = PointBatch()

  /// Creates an empty frame.
  ///
  /// - Parameters:
  ///   - cause: trigger of the step.
  ///   - received: receive time of its cause.
  ///   - clock: event-time clock of the plant.
  public init(cause: Trigger = .readings, received: Timestamp = .distantPast, clock: Timestamp = .distantPast) {
    self.cause = cause
    self.received = received
    self.clock = clock
  }

  /// Returns whether a series holds its value until the next one.
  public func holds(_ position: Int) -> Bool { holding.indices.contains(position) && holding[position] }

  /// Whether there is nothing to process: no reading, change of availability, instruction, end of a wait or clock.
  public var isIdle: Bool {
    cause == .readings && readings.isEmpty && waitEnd == nil && availability.isEmpty && instructions.isEmpty
  }

  /// Whether the plant is catching up: its clock is more than an hour behind the receive time. Points that later ones
  /// will overwrite can then be omitted.
  public var isCatchingUp: Bool { received - clock > .hour }

  /// Empties the frame for the next step and keeps its memory.
  ///
  /// - Parameters:
  ///   - cause: trigger of the step.
  ///   - received: receive time of its cause.
  ///   - clock: event-time clock of the plant.
  public mutating func reset(cause: Trigger, received: Timestamp, clock: Timestamp) {
    self.cause = cause
    self.received = received
    self.clock = clock
    readings.removeAll()
    availability.removeAll(keepingCapacity: true)
    instructions.removeAll(keepingCapacity: true)
    (waitEnd, news) = (nil, nil)
    windows.removeAll(keepingCapacity: true)
    quarters.removeAll(keepingCapacity: true)
    forecasts.removeAll(keepingCapacity: true)
    health.removeAll(keepingCapacity: true)
    alerts.removeAll(keepingCapacity: true)
    notices.removeAll(keepingCapacity: true)
    dispatch.removeAll(keepingCapacity: true)
    member = nil
    commands.removeAll(keepingCapacity: true)
    points.removeAll()
  }
}
