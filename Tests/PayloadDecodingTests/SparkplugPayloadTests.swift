import PlantModel
import PlantTesting
import Testing
import WattlineTime

@testable import PayloadDecoding

/// Payloads: Protocol Buffers, types and properties.
struct SparkplugPayloadTests {
  private func read<T>(_ bytes: [UInt8], body: (SparkplugPayload) throws -> T) throws -> T {
    try bytes.withUnsafeBytes { buffer in try body(SparkplugPayload(buffer)) }
  }

  /// The bytes of a text.
  private func text(_ hex: String) -> [UInt8] {
    hex.split(separator: " ").compactMap { UInt8($0, radix: 16) }
  }

  @Test func `a payload written by hand is read field by field`() throws {
    // timestamp 1,486,144,502,122 · metric {name "P", alias 5, timestamp 1,479,123,452,194, Float, 12.5, historical}
    // · seq 2
    let bytes = text(
      """
      08 EA F2 F5 A8 A0 2B 12 15 0A 01 50 10 05 18 A2 82 83 95 86 2B 20 09 28 01 65 00 00 48 41 18 02
      """)
    try read(bytes) { payload in
      #expect(payload.timestamp == 1_486_144_502_122)
      #expect(payload.sequence == 2)
      #expect(payload.metricCount == 1)
      let metric = try #require(payload.metrics.first { _ in true })
      #expect(metric.name.map { String(decoding: bytes[$0], as: UTF8.self) } == "P")
      #expect(metric.alias == 5)
      #expect(metric.timestamp == 1_479_123_452_194)
      #expect(metric.type == .float)
      #expect(metric.isHistorical && !metric.isNull && !metric.isTransient)
      #expect(metric.value(as: .float) == .number(12.5))
    }
  }

  struct TypeCase: Sendable, CustomTestStringConvertible {
    var type: SparkplugType
    var field: Int
    var bits: UInt64
    var expected: Double?
    var testDescription: String { "\(type) field \(field) \(bits)" }
  }

  @Test(arguments: [
    TypeCase(type: .int8, field: 10, bits: 251, expected: -5),
    TypeCase(type: .int8, field: 10, bits: 0xFFFF_FFFB, expected: -5),
    TypeCase(type: .int8, field: 10, bits: 127, expected: 127),
    TypeCase(type: .int8, field: 10, bits: 300, expected: nil),
    TypeCase(type: .int8, field: 10, bits: 0xFFFF_FF00, expected: nil),
    TypeCase(type: .int16, field: 10, bits: 0x8AD0, expected: -30_000),
    TypeCase(type: .int16, field: 10, bits: 0xFFFF_8AD0, expected: -30_000),
    TypeCase(type: .int16, field: 11, bits: UInt64(bitPattern: -30_000), expected: -30_000),
    TypeCase(type: .int32, field: 10, bits: 0xFFFF_FFFF, expected: -1),
    TypeCase(type: .int32, field: 11, bits: UInt64(bitPattern: -1), expected: -1),
    TypeCase(type: .int32, field: 10, bits: 0x7FFF_FFFF, expected: 2_147_483_647),
    TypeCase(type: .int64, field: 11, bits: UInt64(bitPattern: -4_270_929_666_821), expected: -4_270_929_666_821),
    TypeCase(type: .int64, field: 10, bits: 5, expected: 5),
    TypeCase(type: .uint8, field: 10, bits: 250, expected: 250),
    TypeCase(type: .uint8, field: 10, bits: 256, expected: nil),
    TypeCase(type: .uint16, field: 10, bits: 65_535, expected: 65_535),
    TypeCase(type: .uint32, field: 10, bits: 4_294_967_295, expected: 4_294_967_295),
    TypeCase(type: .uint32, field: 11, bits: 4_294_967_295, expected: 4_294_967_295),
    TypeCase(type: .uint64, field: 11, bits: 1 << 63, expected: 9_223_372_036_854_775_808),
    TypeCase(type: .boolean, field: 14, bits: 1, expected: 1),
    TypeCase(type: .boolean, field: 10, bits: 0, expected: 0),
    TypeCase(type: .dateTime, field: 11, bits: 1_256_102_875_335, expected: 1_256_102_875_335),
    TypeCase(type: .double, field: 10, bits: 7, expected: 7),
    TypeCase(type: .unknown, field: 14, bits: 1, expected: 1),
    TypeCase(type: .unknown, field: 10, bits: 1, expected: nil),
    TypeCase(type: .string, field: 10, bits: 1, expected: nil),
    TypeCase(type: .float, field: 14, bits: 1, expected: nil),
  ])
  func `a value is read by its type, negative ones as two's complement of any width`(_ sample: TypeCase) throws {
    let draft = SparkplugDraft(sequence: 0).with("m", type: sample.type) { $0.varint(sample.field, value: sample.bits) }
    try read(draft.bytes) { payload in
      let metric = try #require(payload.metrics.first { _ in true })
      #expect(metric.value(as: sample.type) == sample.expected.map { .number($0) } ?? .leftOut(.mismatch))
    }
  }

  @Test func `what no reading can hold is left out by its reason`() throws {
    let draft = SparkplugDraft(sequence: 0)
      .with("a", type: .dataSet) { $0.bytes(17, value: [8, 1]) }
      .with("b", type: .template) { $0.bytes(18, value: []) }
      .with("c", type: .file) { $0.bytes(16, value: [1, 2]) }
      .with("d", type: .int32Array) { $0.bytes(16, value: [1, 0, 0, 0]) }
      .with("e", type: .uuid) { $0.text(15, value: "x") }
      .with("f", type: .double, null: true)
      .with("g", type: .double)
      .with("h", type: .double) { $0.fixed64(13, value: Double.nan.bitPattern) }
      .with("i", type: .int32) { $0.bytes(19, value: []) }
    let expected: [SparkplugLeftOut] = [
      .dataSet, .template, .binary, .array, .uuid, .null, .null, .null, .mismatch,
    ]
    try read(draft.bytes) { payload in
      let found = payload.metrics.map { $0.value(as: $0.type ?? .unknown) }
      #expect(found == expected.map { .leftOut($0) })
    }
  }

  @Test func `a property set gives unit and quality, in whatever order its keys stand`() throws {
    let sets: [([(String, SparkplugDraft.Property)], String?, SparkplugProperties.Quality)] = [
      ([("engUnit", .text("kW"))], "kW", .good),
      ([("Quality", .number(192)), ("note", .text("x")), ("unit", .text("V"))], "V", .good),
      ([("EngineeringUnits", .text("A")), ("Quality", .number(0))], "A", .bad),
      ([("Quality", .number(500))], nil, .stale),
      ([("Quality", .number(216))], nil, .good),
      ([("unit", .text(""))], nil, .good),
      ([("unit", .number(3))], nil, .good),
      ([], nil, .good),
    ]
    for (set, unit, quality) in sets {
      let draft = SparkplugDraft(sequence: 0).with("m", properties: SparkplugDraft.properties(set))
      let bytes = draft.bytes
      try read(bytes) { payload in
        let metric = try #require(payload.metrics.first { _ in true })
        #expect(metric.properties.unit.map { String(decoding: bytes[$0], as: UTF8.self) } == unit)
        #expect(metric.properties.quality == quality)
      }
    }
  }

  @Test(arguments: [
    "08", "08 FF FF FF FF FF FF FF FF FF 7F", "08 80 80 80 80 80 80 80 80 80 80 01", "12 05 0A 01",
    "12 FF FF FF FF 0F",
    "12 02 0A 05", "00 01", "0B 0C", "12 04 4A 02 0A 05", "12 0B 4A 09 0A 04 75 6E 69 74 12 01 08", "0D 01 02",
    "09 01",
  ])
  func `bytes that are no message are refused`(_ hex: String) {
    #expect(throws: RefusalReason.self) { try read(text(hex)) { _ in } }
  }

  @Test func `of a field that occurs twice the last counts, and unknown fields are skipped`() throws {
    var metric = ProtobufWriter()
    metric.text(1, value: "a")
    metric.text(1, value: "b")
    metric.varint(10, value: 1)
    metric.fixed64(13, value: 2.5.bitPattern)
    metric.bytes(900, value: [1, 2, 3])
    metric.fixed32(901, value: 1)
    var payload = ProtobufWriter()
    payload.varint(3, value: 1)
    payload.varint(3, value: 9)
    payload.bytes(2, value: metric.bytes)
    let bytes = payload.bytes
    try read(bytes) { payload in
      #expect(payload.sequence == 9)
      let metric = try #require(payload.metrics.first { _ in true })
      #expect(metric.name.map { String(decoding: bytes[$0], as: UTF8.self) } == "b")
      #expect(metric.value == .double(2.5))
    }
  }

  @Test func `a message of more metrics than allowed is refused`() {
    let bytes = [UInt8](repeating: 0, count: 0) + Array(repeating: [0x12, 0] as [UInt8], count: 100_001).joined()
    #expect(throws: RefusalReason.tooLarge) { try read(bytes) { _ in } }
  }

  @Test func `a request for a rebirth has the metric that the specification names, and no number`() throws {
    let request = SparkplugRebirth(group: "g", edge: "e", time: Timestamp(milliseconds: 1_486_144_502_122))
    #expect(request.topic == "spBv1.0/g/NCMD/e")
    let expected =
      text("08 EA F2 F5 A8 A0 2B 12 21 0A 14") + Array("Node Control/Rebirth".utf8)
      + text("18 EA F2 F5 A8 A0 2B 20 0B 70 01")
    #expect(request.payload == expected)
  }

  @Test func `topics are read by their levels`() {
    func kind(_ topic: String) -> SparkplugTopic.Kind? {
      Array(topic.utf8).withUnsafeBytes { SparkplugTopic($0)?.kind }
    }
    #expect(kind("spBv1.0/g/NBIRTH/e") == .nodeBirth)
    #expect(kind("spBv1.0/g/DDATA/e/d") == .deviceData)
    #expect(kind("spBv1.0/STATE/host") == .state && kind("spBv1.0/g/STATE/host") == .state)
    for wrong in [
      "spBv1.0/g/NBIRTH/e/d", "spBv1.0/g/DDATA/e", "spBv1.0/g/XDATA/e", "spAv1.0/g/NDATA/e", "spBv1.0//NDATA/e",
      "spBv1.0/g/NDATA/", "spBv1.0/g/DDATA/e/d/x", "spBv1.0/STATE/", "spBv1.0", "",
    ] {
      #expect(kind(wrong) == nil, "\(wrong)")
    }
    #expect(SparkplugTopic.nodeMatch(of: "spBv1.0/{group}/+/{edge}/{device}") == "spBv1.0/{group}/+/{edge}")
    #expect(SparkplugTopic.nodeMatch(of: "spBv1.0/{group}/+/{edge}") == nil)
    #expect(SparkplugTopic.nodeMatch(of: "spBv1.0/{group}/+/{edge}/#") == nil)
    #expect(SparkplugTopic.nodeMatch(of: "spBv1.0/#") == nil)
    let shared = "$share/wattline/spBv1.0/{group}/+/{edge}"
    #expect(SparkplugTopic.nodeMatch(of: shared + "/{device}") == shared)
  }
}
