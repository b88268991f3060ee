#if HTTP
  import SystemCore

  /// The threads that run a server's handler, so that one request that takes long keeps no other waiting.
  ///
  /// They are threads of their own, because a handler may read files, and Swift's shared ones must not block.
  final class RequestWorkers: Sendable {
    /// Number of threads.
    static let count = 4

    private struct State {
      var jobs: [@Sendable () -> Void] = []
      var isStopped = false
    }

    private let monitor = Monitor()
    private let state = Locked(State())
    private let threads = Locked<[BlockingThread]>([])

    /// Starts the threads.
    ///
    /// - Throws: `SystemError` if a thread cannot be created.
    init() throws(SystemError) {
      for number in 0..<Self.count {
        let thread = try BlockingThread(name: "http-\(number)") { [self] in run() }
        threads.with { $0.append(thread) }
      }
    }

    /// Adds a job. The number of connections bounds those that wait.
    func submit(_ job: @escaping @Sendable () -> Void) {
      monitor.locked {
        state.with { $0.jobs.append(job) }
        monitor.broadcast()
      }
    }

    /// Ends the threads once their current jobs are done. Jobs that wait are dropped.
    func stop() {
      monitor.locked {
        state.with { $0.isStopped = true }
        monitor.broadcast()
      }
      for thread in threads.value { thread.join() }
    }

    private func run() {
      while let job = next() { job() }
    }

    private func next() -> (@Sendable () -> Void)? {
      monitor.locked {
        while true {
          let (job, isStopped) = state.with { state -> ((@Sendable () -> Void)?, Bool) in
            if state.isStopped { return (nil, true) }
            return (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), false)
          }
          if job != nil || isStopped { return job }
          _ = monitor.wait()
        }
      }
    }
  }
#endif
