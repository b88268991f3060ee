#if HTTP
  import Foundation
  import PlantTesting
  import Testing

  @testable import WebServer

  @Suite("Damaged frames and handshakes of WebSockets")
  struct WebSocketFuzzTests {
    /// Number of streams and handshakes; more by environment variable.
    private static let rounds =
      (ProcessInfo.processInfo.environment["WATTLINE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 100_000) / 20

    /// What a reader made of a stream.
    private struct Outcome: Equatable {
      var events: [WebSocketReader.Event] = []
      var violation: WebSocketReader.Violation?
    }

    /// Reads a stream in pieces.
    private static func outcome(_ bytes: [UInt8], ends: [Int], most: Int = 64) -> Outcome {
      var (reader, outcome, start) = (WebSocketReader(mostBytes: most), Outcome(), 0)
      for end in ends + [bytes.count] {
        let result = bytes[start..<end].withUnsafeBytes { piece in
          Result { () throws(WebSocketReader.Violation) in
            try reader.read(piece) {
              outcome.events.append($0)
              return true
            }
          }
        }
        if case .failure(let violation) = result {
          outcome.violation = violation
          return outcome
        }
        start = end
      }
      return outcome
    }

    private static func stream(_ mutator: inout ByteMutator) -> [UInt8] {
      let texts = [
        "", "a", "hällo", "\u{1F600}", String(repeating: "x", count: 60), String(repeating: "y", count: 126),
      ]
      var bytes: [UInt8] = []
      for _ in 0...mutator.random.index(below: 3) {
        let first = mutator.choice([0x81, 0x81, 0x01, 0x80, 0x00, 0x89, 0x8A, 0x88] as [UInt8])
        let payload =
          first == 0x88 ? mutator.choice([[], [3, 0xE8], [0x0F, 0xA0, 65]]) : Array(mutator.choice(texts).utf8)
        bytes += RawSocketClient.frame(first, payload, isMasked: !mutator.happens(0.02))
      }
      return mutator.happens(0.5) ? bytes : mutator.damaged(bytes)
    }

    @Test func `a stream means the same at every split of its bytes`() {
      var mutator = ByteMutator(seed: 1)
      var (violations, events) = (0, 0)
      for round in 0..<Self.rounds {
        let bytes = Self.stream(&mutator)
        let whole = Self.outcome(bytes, ends: [])
        if whole.violation != nil { violations += 1 }
        events += whole.events.count
        #expect(Self.outcome(bytes, ends: Array(bytes.indices)) == whole, "\(bytes)")
        for case .text(let text) in whole.events {
          #expect(text.count <= 64 && String(validating: text, as: UTF8.self) != nil)
        }
        // Every place at which one split can be, for some streams; a few splits at once for the others.
        let ends = round % 16 == 0 ? bytes.indices.map { [$0] } : [bytes.indices.filter { _ in mutator.happens(0.1) }]
        for split in ends { #expect(Self.outcome(bytes, ends: split) == whole, "\(bytes) \(split)") }
      }
      #expect(violations > Self.rounds / 4 && events > Self.rounds / 4)
    }

    @Test func `a damaged handshake is refused with a documented status, or answered by four or five lines`() {
      let seeds = [
        "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "connection": "keep-alive, Upgrade",
        "sec-websocket-protocol": "wattline.v1, bearer.eyJhbGciOiJIUzI1NiJ9.e30.AAAA", "content-length": "0",
      ]
      var mutator = ByteMutator(seed: 2, pieces: ["\r\n", "\r\nx: y", ",", "==", "13", "upgrade", ", ", "websocket"])
      var accepted = 0
      for _ in 0..<Self.rounds {
        var request = HTTPRequest(method: mutator.happens(0.95) ? "GET" : "POST", path: "/live")
        request.headers = seeds
        let name = mutator.choice(seeds.keys.sorted())
        if mutator.happens(0.9) { request.headers[name] = mutator.damaged(seeds[name] ?? "") }
        if mutator.happens(0.05) { request.headers["transfer-encoding"] = "chunked" }
        if let refusal = WebSocketHandshake.mistake(in: request) {
          #expect([400, 405, 426].contains(refusal.status))
          continue
        }
        accepted += 1
        let offered = WebSocketHandshake.offered(by: request)
        let answer = String(
          decoding: WebSocketHandshake.answer(to: request, subprotocol: offered.first.map { String($0) }), as: UTF8.self
        )
        #expect(answer.hasPrefix("HTTP/1.1 101 ") && answer.hasSuffix("\r\n\r\n"))
        let lines = answer.utf8.split { $0 == 10 || $0 == 13 }
        #expect(lines.count == (offered.isEmpty ? 4 : 5), "\(answer)")
      }
      #expect(accepted > Self.rounds / 10)
    }

    @Test(arguments: [
      ("dGhlIHNhbXBsZSBub25jZQ==", true), ("dGhlIHNhbXBsZSBub25jZQ=", false), ("dGhlIHNhbXBsZSBub25jZ===", false),
      ("dGhl IHNhbXBsZSBub25jZ==", false), ("....................bb==", false), ("", false),
    ])
    func `the key is 16 bytes in base64`(key: String, isKey: Bool) {
      var request = HTTPRequest(method: "GET", path: "/live")
      request.headers = ["sec-websocket-version": "13", "sec-websocket-key": key, "connection": "upgrade"]
      #expect((WebSocketHandshake.mistake(in: request) == nil) == isKey)
    }
  }
#endif
