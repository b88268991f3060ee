import PayloadDecoding
import PlantModel
import Testing
import WattlineTime

/// Times out of payloads.
struct DecodingTimeTests {
  static let times: [(text: String, nanoseconds: Int64?)] = [
    ("1700000000", 1_700_000_000_000_000_000), ("1700000000.62", 1_700_000_000_620_000_000),
    ("1700000000123", 1_700_000_000_123_000_000), ("1700000000123456", 1_700_000_000_123_456_000),
    ("1700000000123456789", 1_700_000_000_123_456_789), ("1.7e9", 1_700_000_000_000_000_000),
    (#""1700000000""#, 1_700_000_000_000_000_000), (#""2023-11-14T22:13:20Z""#, 1_700_000_000_000_000_000),
    (#""2023-11-14T23:13:20+01:00""#, 1_700_000_000_000_000_000),
    (#""2023-11-14T16:43:20.5-0530""#, 1_700_000_000_500_000_000),
    (#""2023-11-14 22:13:20 UTC""#, 1_700_000_000_000_000_000),
    (#""20231114T221320Z""#, 1_700_000_000_000_000_000),
    (#""2023-11-14T22:13:20.123456789123Z""#, 1_700_000_000_123_456_789),
    // No zone: Berlin's clock, in winter, in summer, in the hour that spring skips and in the one that autumn repeats.
    (#""2023-11-14T23:13:20""#, 1_700_000_000_000_000_000),
    (#""2023-07-01T12:00:00""#, 1_688_205_600_000_000_000),
    (#""2023.07.01 12:00:00""#, 1_688_205_600_000_000_000),
    (#""2023-03-26T02:30:00""#, 1_679_794_200_000_000_000),
    // Of the two, the one nearer to the receive time, which is years later here.
    (#""2023-10-29T02:30:00""#, 1_698_543_000_000_000_000),
    (#""2016-12-31T23:59:60Z""#, 1_483_228_800_000_000_000),
    ("-5", nil), ("1e30", nil), (#""yesterday""#, nil), (#""2023-02-30T00:00:00Z""#, nil),
    (#""2023-11-14T25:00:00Z""#, nil), (#""2023-11-14T22:13:20+99:00""#, nil), (#""1890-01-01T00:00:00Z""#, nil),
    (#""2300-01-01T00:00:00Z""#, nil), ("99999999999999999999", nil), ("{}", nil), ("true", nil),
  ]

  @Test(arguments: times)
  func `a stated time is read to the nanosecond, or the message is refused`(_ item: (text: String, nanoseconds: Int64?))
  {
    var bench = DecoderBench([TopicRule(match: "r/{asset}", time: "/at", values: TopicRule.Value.list(["p": "/p"]))])
    let outcome = bench.send("r/a", payload: #"{"p":1,"at":\#(item.text)}"#)
    if let nanoseconds = item.nanoseconds {
      #expect(outcome == .readings(plant: 0, count: 1))
      #expect(bench.batches[0].time == [Timestamp(nanoseconds: nanoseconds)])
      #expect(bench.batches[0].hasSourceTime == [true])
    } else {
      #expect(outcome == .refused(.badTime))
    }
  }

  @Test(arguments: ["", #","ts":4711"#])
  func `without a time, or with an uptime in a usual place, the receive time holds`(_ text: String) {
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")])
    #expect(bench.send("r/a/s", payload: #"{"value":1\#(text)}"#) == .readings(plant: 0, count: 1))
    #expect(bench.batches[0].time == [DecoderBench.received])
    #expect(bench.batches[0].hasSourceTime == [false])
  }

  @Test(
    "a message at its receive time counts where what stands for a time is none, not where that is a reading or absent",
    arguments: [
      (#"{"value":1,"ts":4711}"#, "r/a/s", true), (#"{"value":1,"time":"soon"}"#, "r/a/s", true),
      (#"{"value":1,"time":"2300-01-01T00:00:00Z"}"#, "r/a/s", true), (#"{"value":1,"ts":1e30}"#, "r/a/s", true),
      (#"{"value":1,"ts":0,"time":1700000000}"#, "r/a/s", false), (#"{"value":1,"ts":null}"#, "r/a/s", false),
      (#"{"p":1,"t":21.5}"#, "named/a", true), (#"{"p":1,"time":21.5}"#, "named/a", true),
      (#"{"p":1,"t":21.5}"#, "listed/a", false), (#"{"p":1,"t":21.5,"time":"soon"}"#, "listed/a", true),
      (#"{"t":21.5,"h":40}"#, "all/a", false), (#"{"t":"21.5","h":40}"#, "all/a", false),
      (#"{"t":{"a":21.5}}"#, "all/a", false), (#"{"h":40,"time":"soon"}"#, "all/a", true),
      (#"{"value":"x","time":"soon"}"#, "r/a/s", false),
      ("1", "r/a/s", false),
    ])
  func aMessageAtItsReceiveTimeCountsWhereWhatStandsForATimeIsNoneNotWhereThat(
    payload: String, topic: String, counts: Bool
  ) {
    var bench = DecoderBench([
      TopicRule(match: "r/{asset}/{sensor}"),
      TopicRule(match: "named/{asset}", values: TopicRule.Value.list(["p": "/p"])),
      TopicRule(match: "listed/{asset}", values: TopicRule.Value.list(["p": "/p", "t": "/t"])),
      TopicRule(match: "all/{asset}", payload: .json),
    ])
    for round in 1...3 {
      _ = bench.send(topic, payload: payload)
      #expect(bench.decoder.timesUnusable == (counts ? UInt64(round) : 0))
    }
    #expect(!counts || bench.batches[0].hasSourceTime.allSatisfy { !$0 })
  }

  @Test func `a stated unit goes before the size`() {
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}", time: "/t", timeUnit: .milliseconds)])
    #expect(bench.send("r/a/s", payload: #"{"value":1,"t":50000000000}"#) == .readings(plant: 0, count: 1))
    #expect(bench.batches[0].time == [Timestamp(seconds: 50_000_000)])
  }

  @Test func `columns and lines carry times of their own, row by row`() {
    var bench = DecoderBench([
      TopicRule(match: "c/{asset}", payload: .csv, time: "0", values: TopicRule.Value.list(["p": "1"])),
      TopicRule(match: "l/{asset}", payload: .line),
    ])
    let expected = [Timestamp(seconds: 1_700_000_000), Timestamp(seconds: 1_700_000_060)]
    #expect(bench.send("c/a", payload: "1700000000,1\n1700000060,2\n") == .readings(plant: 0, count: 2))
    #expect(bench.batches[0].time == expected)
    #expect(bench.send("c/a", payload: "soon,1") == .refused(.badTime))
    #expect(bench.send("l/a", payload: "m p=1 1700000000\nm p=2 1700000060000\n") == .readings(plant: 0, count: 2))
    #expect(bench.batches[0].time == expected)
    #expect(bench.send("l/a", payload: "m p=1 soon") == .refused(.badTime))
  }
}
