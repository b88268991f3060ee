import Foundation
import SystemCore
import WattlineTime

/// Long work of the interface: a few threads, a bounded queue, progress, cancellation and results for an hour.
final class Jobs: Sendable {
  /// Number of jobs that run at once.
  static let threads = 2
  /// Number of jobs that may wait.
  static let mostWaiting = 50
  /// Number of one owner's jobs that may wait.
  static let mostOfOwner = 10
  /// Number of jobs that are kept.
  static let mostKept = 200
  /// Time for which an ended job is kept.
  static let kept = TimeSpan.hour
  /// State of a job.
  enum State: String, Sendable, CaseIterable { case waiting, running, done, failed, cancelled }

  /// A job as people see it.
  struct Job: Sendable {
    let id: String
    let kind: String
    /// Its plant; the name of the community of a job with ``members``.
    let plant: String
    /// The community's members, whose rights the job needs; `nil` for a job of a plant.
    var members: [String]?
    let owner: String
    let created: Timestamp
    var state = State.waiting
    /// Share that is done, 0...1.
    var progress = 0.0
    var started: Timestamp?
    var ended: Timestamp?
    /// The error of a failed job.
    var error: String?
    /// The result as JSON.
    var result: [UInt8]?
  }

  /// The connection of a running job to its record.
  struct Control: Sendable {
    fileprivate let isCancelled: @Sendable () -> Bool
    fileprivate let report: @Sendable (Double) -> Void

    /// Reports the share that is done.
    ///
    /// - Throws: ``JobError/cancelled`` if somebody has cancelled the job.
    func update(_ share: Double) throws(JobError) {
      if isCancelled() { throw .cancelled }
      report(min(1, max(0, share)))
    }

    /// A control without a job, for tests.
    static let none = Control(isCancelled: { false }, report: { _ in })
  }

  /// Work that gives JSON.
  typealias Work = @Sendable (Control) throws -> [UInt8]

  private struct Books {
    var jobs: [Job] = []
    var waiting: [(id: String, work: Work)] = []
    var cancelled: Set<String> = []
    var isStopped = false
  }

  /// Duration above which a job is late; `nil` for none.
  private let late: TimeSpan?
  private let monitor = Monitor()
  private let books = Locked(Books())
  private let pool = Locked<[BlockingThread]>([])

  /// Starts the threads.
  ///
  /// - Parameter late: Duration above which a job is late; `nil` for none.
  /// - Throws: `SystemError` if a thread cannot be created.
  init(late: TimeSpan? = .minutes(10)) throws(SystemError) {
    self.late = late
    for number in 0..<Self.threads {
      let thread = try BlockingThread(name: "job-\(number)") { [self] in run() }
      pool.with { $0.append(thread) }
    }
  }

  /// Adds a job.
  ///
  /// - Parameters:
  ///   - kind: What it does.
  ///   - plant: Its plant, or its community.
  ///   - members: The community's members; `nil` for a job of a plant.
  ///   - owner: Who asked for it.
  ///   - work: The work.
  /// - Returns: The job; `nil` if too many wait.
  func submit(
    _ kind: String, plant: String, members: [String]? = nil, owner: String, work: @escaping Work
  ) -> Job? {
    let now = SystemClock.now()
    let job = Job(
      id: UUID().uuidString.lowercased(), kind: kind, plant: plant, members: members, owner: owner, created: now)
    return monitor.locked {
      books.with { books in
        guard books.waiting.count < Self.mostWaiting, !books.isStopped else { return nil }
        let own = books.jobs.count { $0.owner == owner && $0.state == .waiting }
        guard own < Self.mostOfOwner else { return nil }
        books.jobs.removeAll { $0.ended.map { now - $0 > Self.kept } ?? false }
        if books.jobs.count >= Self.mostKept, let oldest = books.jobs.firstIndex(where: { $0.ended != nil }) {
          books.jobs.remove(at: oldest)
        }
        books.jobs.append(job)
        books.waiting.append((job.id, work))
        monitor.broadcast()
        return job
      }
    }
  }

  /// All jobs, oldest first.
  var all: [Job] { books.with { $0.jobs } }

  /// Number of jobs that run for longer than is usual.
  var lateCount: Int {
    guard let late else { return 0 }
    let now = SystemClock.now()
    return all.count { $0.state == .running && now - ($0.started ?? now) > late }
  }

  /// Cancels a job that has not ended.
  ///
  /// - Returns: Whether it had not ended.
  func cancel(_ id: String) -> Bool {
    books.with { books in
      guard let place = books.jobs.firstIndex(where: { $0.id == id }), books.jobs[place].ended == nil else {
        return false
      }
      if books.jobs[place].state == .waiting {
        books.waiting.removeAll { $0.id == id }
        books.jobs[place].state = .cancelled
        books.jobs[place].ended = SystemClock.now()
      } else {
        books.cancelled.insert(id)
      }
      return true
    }
  }

  /// Cancels everything, and waits for the threads.
  func stop() {
    monitor.locked {
      books.with { books in
        books.isStopped = true
        books.waiting.removeAll()
        books.cancelled.formUnion(books.jobs.filter { $0.ended == nil }.map(\.id))
      }
      monitor.broadcast()
    }
    for thread in pool.value { thread.join() }
  }

  private func run() {
    while let (id, work) = next() {
      let control = Control(
        isCancelled: { [books] in books.with { $0.cancelled.contains(id) } },
        report: { [self] share in change(id) { $0.progress = share } })
      do {
        let result = try work(control)
        end(id, state: .done) { ($0.result, $0.progress) = (result, 1) }
      } catch JobError.cancelled {
        end(id, state: .cancelled) { _ in }
      } catch {
        end(id, state: .failed) { $0.error = "\(error)" }
      }
    }
  }

  private func next() -> (id: String, work: Work)? {
    monitor.locked {
      while true {
        let (job, isStopped) = books.with { books -> ((id: String, work: Work)?, Bool) in
          if books.isStopped { return (nil, true) }
          guard !books.waiting.isEmpty else { return (nil, false) }
          let next = books.waiting.removeFirst()
          if let place = books.jobs.firstIndex(where: { $0.id == next.id }) {
            (books.jobs[place].state, books.jobs[place].started) = (.running, SystemClock.now())
          }
          return (next, false)
        }
        if job != nil || isStopped { return job }
        _ = monitor.wait()
      }
    }
  }

  private func change(_ id: String, _ body: (inout Job) -> Void) {
    books.with { books in
      if let place = books.jobs.firstIndex(where: { $0.id == id }) { body(&books.jobs[place]) }
    }
  }

  private func end(_ id: String, state: State, _ body: (inout Job) -> Void) {
    change(id) { job in
      (job.state, job.ended) = (state, SystemClock.now())
      body(&job)
    }
    books.with { _ = $0.cancelled.remove(id) }
  }
}

/// Reason why a job does not go on.
enum JobError: Error { case cancelled }
