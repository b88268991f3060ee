#if HTTP
  import SystemCore

  /// The threads that run a server's handler, so that one request that takes long keeps no other waiting.
  ///
  /// They are threads of their own, because a handler may read files, and Swift's shared ones must not block.
  final class RequestWorkers: Sendable {
    private struct State {
      var jobs: [@Sendable () -> Void] = []
      var isStopped = false
      var isFinishing = false
    }

    private let monitor = Monitor()
    private let state = Locked(State())
    private let threads = Locked<[BlockingThread]>([])

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - count: Number of threads.
    ///   - name: Name of the threads, before their number.
    /// - Throws: `SystemError` if a thread cannot be created.
    init(_ count: Int = 4, name: String = "http") throws(SystemError) {
      for number in 0..<count {
        let thread = try BlockingThread(name: "\(name)-\(number)") { [self] in run() }
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

    /// Ends the threads once all jobs are done.
    func finish() {
      monitor.locked {
        state.with { $0.isFinishing = true }
        monitor.broadcast()
      }
      for thread in threads.value { thread.join() }
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
            return (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isFinishing)
          }
          if job != nil || isStopped { return job }
          _ = monitor.wait()
        }
      }
    }
  }
#endif
