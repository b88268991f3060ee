#if HTTP
  import Foundation
  import PlantTesting
  import SystemCore

  /// An identity provider on this machine that serves what a test puts there.
  final class LocalIssuer: Sendable {
    /// Documents by path, and the paths that were asked for.
    struct State: Sendable {
      var documents: [String: String] = [:]
      var asked: [String] = []
    }

    let state: Locked<State>
    private let server: ScriptedServer
    var url: String { "http://127.0.0.1:\(server.port)" }

    init() throws {
      let state = Locked(State())
      self.state = state
      server = try ScriptedServer { connection in
        guard let line = connection.line() else { return }
        let path = line.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        while let header = connection.line(), !header.isEmpty {}
        let document = state.with { state in
          state.asked.append(path)
          return state.documents[path]
        }
        let status = document == nil ? "404 Not Found" : "200 OK"
        connection.say(
          "HTTP/1.1 \(status)\r\nContent-Length: \(document?.utf8.count ?? 0)\r\nConnection: close\r\n\r\n"
            + (document ?? ""))
      }
    }

    deinit { server.stop() }

    /// Serves a set of keys.
    func serve(_ keys: [[String: String]]) throws { try serve(set: ["keys": keys]) }

    /// Serves a document as the set of keys.
    func serve(set: [String: Any]) throws {
      let data = try JSONSerialization.data(withJSONObject: set)
      serve(text: String(decoding: data, as: UTF8.self))
    }

    /// Serves a text as the set of keys.
    func serve(text: String, issuer: String? = nil, keys: String? = nil) {
      let (issuer, keys) = (issuer ?? url, keys ?? url + "/jwks")
      state.with { state in
        state.documents["/.well-known/openid-configuration"] = "{\"issuer\":\"\(issuer)\",\"jwks_uri\":\"\(keys)\"}"
        state.documents["/jwks"] = text
      }
    }

    /// Number of times that the set of keys was asked for.
    var fetches: Int { state.value.asked.count { $0 == "/jwks" } }
  }
#endif
