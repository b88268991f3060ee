import Foundation
import Journal
import PayloadDecoding
public import PlantModel
public import SystemCore
public import WattlineTime

/// All sources of a process that do not come over MQTT.
public final class SourceRunners: Sendable {
  private struct State {
    var runners: [SourceRunner] = []
    var orders = SourceControl.Orders()
    var isOver = false
    var isRunning = false
  }

  private let directory: String
  private let control: SourceControl
  private let log: any FetchLog
  private let note: @Sendable (LogEntry) -> Void
  private let state = Locked(State())
  private let stopSignal = StopSignal()
  private let thread = Locked<BlockingThread?>(nil)

  /// Creates sources that do not run yet.
  ///
  /// - Parameters:
  ///   - directory: Folder of the configuration, from which relative paths start.
  ///   - control: Files beside the journal.
  ///   - log: Receives the readings.
  ///   - note: Receives log lines.
  public init(
    directory: String, control: SourceControl, log: any FetchLog, note: @escaping @Sendable (LogEntry) -> Void
  ) {
    (self.directory, self.control, self.log, self.note) = (directory, control, log, note)
  }

  /// State of every source, by plant and name.
  public var statuses: [SourceStatus] {
    state.with { $0.runners }.map(\.status).sorted { ($0.plant, $0.name) < ($1.plant, $1.name) }
  }

  /// Returns what people should know: sources with refused credentials, and such that fail for long.
  public func troubles(at now: Timestamp) -> [String] {
    state.with { $0.runners }.compactMap { $0.trouble(at: now) }.sorted()
  }

  /// Starts the sources of some plants. To be called before the log is trimmed.
  ///
  /// - Throws: `SystemError` if a thread cannot be started.
  public func start(_ plants: [Plant]) throws(SystemError) {
    state.with {
      $0.orders = control.orders() ?? SourceControl.Orders()
      $0.isRunning = true
    }
    update(plants)
    let signal = stopSignal
    thread.set(
      try BlockingThread(name: "sources") { [weak self] in
        while !signal.wait(milliseconds: 500), let self { self.watch() }
      })
  }

  /// Takes up changed plants. A source that has not changed goes on.
  public func update(_ plants: [Plant]) {
    let wanted = plants.flatMap { plant in plant.sources.map { (plant: plant, source: $0) } }
    let (kept, ended, orders) = state.with { state -> ([SourceRunner], [SourceRunner], SourceControl.Orders) in
      guard state.isRunning, !state.isOver else { return ([], [], state.orders) }
      let kept = state.runners.filter { runner in
        wanted.contains { $0.plant == runner.plant && $0.source == runner.source }
      }
      let keys = Set(kept.map(\.key))
      return (kept, state.runners.filter { !keys.contains($0.key) }, state.orders)
    }
    // The state of a changed source is saved before another takes it up.
    for runner in ended { runner.end() }
    for runner in ended { runner.join() }
    let keys = Set(kept.map(\.key))
    let new = wanted.filter { !keys.contains(SourceControl.key(plant: $0.plant.name, source: $0.source.name)) }
      .map {
        SourceRunner(
          $0.source, plant: $0.plant, directory: directory, control: control, orders: orders, log: log, note: note)
      }
    let started = begin(new)
    state.with { $0.runners = kept + started }
  }

  /// Starts sources with what the log has beyond their saved states, which is read once for all.
  private func begin(_ runners: [SourceRunner]) -> [SourceRunner] {
    var prepared: [String: (runner: SourceRunner, state: SourceRunner.Prepared)] = [:]
    for runner in runners {
      do throws(JournalError) { prepared[topic(of: runner)] = (runner, try runner.prepared()) } catch {
        note(.error("source \(runner.key): its state cannot be opened: \(error)"))
      }
    }
    if let offset = prepared.values.map(\.state.offset).min() {
      log.forEachFetched(from: offset) { topic, payload, end in
        guard let found = prepared[topic], end > found.state.offset else { return }
        found.state.intake.recover(payload)
      }
    }
    return prepared.values.compactMap { runner, state in
      do throws(SystemError) {
        try runner.start(state)
        return runner
      } catch {
        note(.error("source \(runner.key): \(error)"))
        return nil
      }
    }
  }

  private func topic(of runner: SourceRunner) -> String {
    PostedTopic.topic(plant: runner.plant.name, source: runner.source.name)
  }

  /// Stops every source and waits for the threads.
  public func stop() {
    let runners = state.with { state in
      state.isOver = true
      return state.runners
    }
    stopSignal.set()
    for runner in runners { runner.end() }
    for runner in runners { runner.join() }
    thread.value?.join()
    write()
  }

  /// Stops or starts a source, as a person orders; the order outlives the process.
  ///
  /// - Parameters:
  ///   - plant: Name of the plant.
  ///   - source: Name of the source.
  ///   - isStopped: Whether it is stopped.
  /// - Throws: An error of the file of orders.
  public func order(plant: String, source: String, isStopped: Bool) throws {
    try control.order(SourceControl.key(plant: plant, source: source), isStopped: isStopped)
    watch()
  }

  private func watch() {
    let orders = control.orders() ?? SourceControl.Orders()
    let runners = state.with { state in
      state.orders = orders
      return state.runners
    }
    for runner in runners { runner.take(orders) }
    write()
  }

  private let written = Locked<[SourceStatus]?>(nil)

  /// Writes the states for commands, if they have changed.
  private func write() {
    let statuses = statuses
    if statuses.isEmpty, written.value == nil { return }
    guard written.value != statuses else { return }
    do { try control.write(statuses) } catch { return }
    written.set(statuses)
  }
}
