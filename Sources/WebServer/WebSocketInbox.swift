#if HTTP
  import SystemCore

  /// The received texts of one session on their way to the program, in their order, one at a time.
  final class WebSocketInbox: Sendable {
    private enum Item: Sendable {
      case text([UInt8])
      case end
    }

    private struct State {
      var items: [Item] = []
      var bytes = 0
      /// Whether a thread is at work on the items.
      var isRunning = false
      var isPaused = false
      var hasEnded = false
    }

    /// Length of the waiting texts above which no more is read from the client [bytes].
    private static let mostBytes = 64 << 10
    /// Number of texts after which other sessions have their turn.
    private static let turn = 16
    /// Number of waiting texts above which no more is read from the client.
    private static let mostTexts = 64

    private let session: WebSocketSession
    private let handler: WebSocketHandler
    private let workers: RequestWorkers
    /// Tells the loop that reading may go on.
    private let resume: @Sendable () -> Void
    private let state = Locked(State())

    /// Creates an empty inbox.
    ///
    /// - Parameters:
    ///   - session: The session.
    ///   - handler: Receives the texts.
    ///   - workers: Threads on which the handler runs.
    ///   - resume: Tells the loop that reading may go on.
    init(
      of session: WebSocketSession, handler: WebSocketHandler, workers: RequestWorkers,
      resume: @escaping @Sendable () -> Void
    ) {
      (self.session, self.handler, self.workers, self.resume) = (session, handler, workers, resume)
    }

    /// Adds a text.
    ///
    /// - Returns: Whether more may be read from the client.
    func add(_ text: [UInt8]) -> Bool {
      let (starts, goesOn) = state.with { state -> (Bool, Bool) in
        state.items.append(.text(text))
        state.bytes += text.count
        state.isPaused = state.bytes > Self.mostBytes || state.items.count > Self.mostTexts
        defer { state.isRunning = true }
        return (!state.isRunning, !state.isPaused)
      }
      if starts { workers.submit { [self] in work() } }
      return goesOn
    }

    /// Tells the program, after the last text, that the session has ended.
    func end() {
      let starts = state.with { state -> Bool in
        if state.hasEnded { return false }
        state.hasEnded = true
        state.items.append(.end)
        defer { state.isRunning = true }
        return !state.isRunning
      }
      if starts { workers.submit { [self] in work() } }
    }

    private func work() {
      for _ in 0..<Self.turn {
        switch next() {
        case .text(let text): handler.received(session, text)
        case .end: handler.closed(session)
        case nil: return
        }
      }
      workers.submit { [self] in work() }
    }

    private func next() -> Item? {
      let (item, resumes) = state.with { state -> (Item?, Bool) in
        guard !state.items.isEmpty else {
          state.isRunning = false
          defer { state.isPaused = false }
          return (nil, state.isPaused)
        }
        let item = state.items.removeFirst()
        if case .text(let text) = item { state.bytes -= text.count }
        return (item, false)
      }
      if resumes { resume() }
      return item
    }
  }
#endif
