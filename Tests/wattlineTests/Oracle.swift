import LocalServers

/// Knows every message that was published, and finds what the database has too little, too much or wrong.
struct Oracle {
  let messages: NumberedMessages
  /// Messages that the publisher may have sent twice.
  let maybeTwice: Set<Int>
  /// Everything that is not as it should be; empty when nothing was lost.
  private(set) var findings: [String] = []

  init(_ messages: NumberedMessages, maybeTwice: Set<Int>, influx: LocalInflux) throws {
    self.messages = messages
    self.maybeTwice = maybeTwice
    let raw = try StoredPoints("raw", fields: "value", in: influx)
    let clean = try StoredPoints("clean", fields: "value, quality", in: influx)
    judge(raw)
    judge(clean, of: raw)
  }

  /// Every message once: those with their own time at that time, the others at any.
  private mutating func judge(_ raw: StoredPoints) {
    var seen = [Int](repeating: 0, count: messages.count)
    for (sensor, points) in raw.bySensor {
      for (time, point) in points {
        guard let number = point.value.flatMap(NumberedMessages.number), messages.isOurs(number),
          NumberedMessages.sensor(of: number) == sensor,
          NumberedMessages.isPlain(number) || messages.time(of: number) == time
        else {
          findings.append("raw has \(sensor) \(point.value ?? .nan) at \(time), which nobody sent")
          continue
        }
        seen[number] += 1
      }
    }
    for (number, count) in seen.enumerated() where count != 1 {
      if count == 2, NumberedMessages.isPlain(number), maybeTwice.contains(number) { continue }
      findings.append("message \(number) is in raw \(count) times")
    }
  }

  /// One point for each of `raw`; further ones only where a gap was filled.
  private mutating func judge(_ clean: StoredPoints, of raw: StoredPoints) {
    for (sensor, points) in raw.bySensor {
      let cleaned = clean[sensor]
      for (time, point) in points {
        guard let found = cleaned[time] else {
          findings.append("clean lacks \(sensor) \(point.value ?? .nan) at \(time)")
          continue
        }
        // Good, or the same again; plain numbers that come late jump, which may look like a spike.
        let isFaithful = found.quality == 0 || found.quality == 6
        let number = point.value.flatMap(NumberedMessages.number) ?? 0
        if isFaithful ? found.value != point.value : !NumberedMessages.isPlain(number) {
          findings.append("clean has \(sensor) \(found) at \(time), raw \(point.value ?? .nan)")
        }
        if found.quality == 6, !maybeTwice.contains(number) {
          findings.append("clean calls message \(number) a duplicate, and it was sent once")
        }
      }
      for (time, point) in cleaned where points[time] == nil && point.quality != 1 {
        findings.append("clean has \(sensor) \(point) at \(time), raw nothing")
      }
    }
  }
}

extension NumberedMessages {
  func isOurs(_ number: Int) -> Bool { (0..<count).contains(number) }
}
