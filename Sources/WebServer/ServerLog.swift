#if HTTP
  import CWebSockets
  import SystemCore

  /// The latest messages of libwebsockets, for the error of a server that cannot start.
  enum ServerLog {
    fileprivate static let messages = Locked<[String]>([])

    /// Starts collecting.
    static func begin() {
      messages.set([])
      lws_set_log_level(Int32(LLL_ERR | LLL_WARN)) { _, line in
        guard let line else { return }
        let text = String(cString: line).trimmed
        ServerLog.messages.with { kept in
          if kept.count < 8 { kept.append(text) }
        }
      }
    }

    /// Returns the collected messages in one line.
    static func lines() -> String {
      let text = messages.value.joined(separator: "; ")
      return text.isEmpty ? "the system gave no reason" : text
    }
  }

  extension String {
    fileprivate var trimmed: String { String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()) }
  }
#endif
