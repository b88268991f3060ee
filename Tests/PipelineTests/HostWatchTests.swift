import Foundation
import Journal
import LocalServers
import PlantConfig
import PlantModel
import PlantTesting
import Settings
import SinkCore
import StreamCore
import SystemCore
import Testing
import WattlineTime

@testable import Pipeline

@Suite("What the process says about itself")
struct HostWatchTests {
  private static let start = Timestamp(seconds: 1_796_061_600)

  /// Looks every ten seconds at facts that `change` prepares for each look; returns what was said, as `kind on|off`.
  private static func play(
    _ watch: inout HostWatch, from first: Int = 0, looks: Int, change: (Int, inout HostFacts) -> Void
  ) -> [String] {
    var said: [String] = []
    for number in first..<(first + looks) {
      var facts = HostFacts()
      change(number, &facts)
      for fault in watch.look(facts, at: start + .seconds(Int64(number) * 10)) {
        said.append("\(fault.kind.rawValue) \(fault.isStanding ? "on" : "off") \(number)")
      }
    }
    return said
  }

  @Test func `the first look ends what an earlier process left standing, and later ones say nothing`() {
    var watch = HostWatch(WatchSettings())
    // Sources tell of themselves, and are no matter of the machine.
    let kinds = ProcessFault.Kind.allCases.filter { $0 != .sources }.map { "\($0.rawValue) off 0" }
    #expect(Set(Self.play(&watch, looks: 20) { _, _ in }) == Set(kinds))
  }

  @Test func `memory is a fault from its share on, is told again each minute, and ends below it with a margin`() {
    var watch = HostWatch(WatchSettings())
    _ = Self.play(&watch, looks: 1) { _, _ in }
    let shares = [80, 90, 91, 90, 89, 88, 87, 87, 86, 84, 89]
    let said = Self.play(&watch, from: 1, looks: shares.count) { number, facts in
      (facts.residentBytes, facts.memoryLimit) = (Int64(shares[number - 1]) << 20, 100 << 20)
    }
    #expect(said == ["memory on 2", "memory on 8", "memory off 10"])
  }

  @Test func `a disk that fills tells when it is full, and is over once there is room`() throws {
    var watch = HostWatch(WatchSettings())
    var texts: [String] = []
    for number in 0..<120 {
      var facts = HostFacts()
      // 6 MiB a minute of 1,000 MiB, from 880 used on.
      (facts.diskFree, facts.diskSize) = (Int64(120 - number) << 20, 1_000 << 20)
      texts += watch.look(facts, at: Self.start + .seconds(Int64(number) * 10))
        .filter { $0.kind == .disk && $0.isStanding }.map(\.text)
    }
    #expect(texts.first?.hasPrefix("90 % of the journal's disk are used, 100 MiB are free") == true, "\(texts)")
    #expect(texts.dropFirst(3).allSatisfy { $0.contains("and it is full in about 1 h") }, "\(texts)")
    var facts = HostFacts()
    (facts.diskFree, facts.diskSize) = (130 << 20, 1_000 << 20)
    #expect(watch.look(facts, at: Self.start + .hours(1)).contains { $0.kind == .disk && !$0.isStanding })
  }

  @Test func `a backlog is a fault when it grows for a quarter of an hour, not when it is large or comes and goes`() {
    let settings = WatchSettings()
    func said(_ bytes: (Int) -> Int64) -> [String] {
      var watch = HostWatch(settings)
      return Self.play(&watch, looks: 200) { $1.waitingBytes = bytes($0) }.filter { $0.hasPrefix("backlog on") }
    }
    #expect(said { Int64($0 * 2) << 20 }.first == "backlog on 88")
    #expect(said { _ in 5 << 30 } == [])
    #expect(said { Int64($0 % 40 * 10) << 20 } == [])
    #expect(said { Int64($0) << 10 } == [], "small")
    var watch = HostWatch(settings)
    let falling = Self.play(&watch, looks: 200) {
      $1.waitingBytes = Int64($0 < 100 ? $0 * 2 : 200 - ($0 - 100) * 3) << 20
    }
    #expect(falling.contains { $0.hasPrefix("backlog off 1") }, "\(falling)")
  }

  @Test func `database, clock and stages are faults from their bounds on, and each can be switched off`() {
    func said(_ settings: WatchSettings, change: (Int, inout HostFacts) -> Void) -> [String] {
      var watch = HostWatch(settings)
      return Self.play(&watch, looks: 40, change: change).filter { !$0.hasSuffix(" 0") }
    }
    var off = WatchSettings()
    (off.memory, off.disk, off.backlog, off.database, off.clock, off.stages) = (nil, nil, nil, nil, nil, nil)
    let cases: [(String, (Int, inout HostFacts) -> Void)] = [
      ("database on 30", { $1.databaseAway = $0 < 35 ? "no route" : nil }),
      ("clock on 5", { $1.clockDifference = .seconds($0 < 5 ? 59 : $0 < 35 ? -61 : 0) }),
      ("clock on 6", { $1.readings = (UInt64($0 * 100), UInt64($0 < 20 ? max(0, $0 - 3) * 100 : 1_600)) }),
      ("stages on 6", { $1.stillSeconds = $0 < 35 ? Double($0 * 10) : 0 }),
    ]
    for (first, change) in cases {
      let told = said(WatchSettings(), change: change)
      #expect(told.first == first, "\(told)")
      #expect(told.last?.contains(" off ") == true, "\(told)")
      #expect(said(off, change: change).isEmpty)
    }
  }

  @Test func `the memory limit is the least of machine, control groups of either version, and those above`() {
    func limit(_ files: [String: String]) -> Int64? {
      HostProbe(
        read: { files[$0] }, machineMemory: { 8 << 30 }, disk: { _ in nil }, residentBytes: { 0 }
      ).memoryLimit()
    }
    let root = "/sys/fs/cgroup"
    #expect(limit([:]) == 8 << 30)
    #expect(limit(["/proc/self/cgroup": "0::/\n", root + "/memory.max": "536870912\n"]) == 512 << 20)
    #expect(limit(["/proc/self/cgroup": "0::/\n", root + "/memory.max": "max\n"]) == 8 << 30)
    let nested = [
      "/proc/self/cgroup": "0::/system.slice/wattline.service\n", root + "/system.slice/memory.max": "1073741824\n",
      root + "/system.slice/wattline.service/memory.max": "max\n",
    ]
    #expect(limit(nested) == 1 << 30)
    let first = [
      "/proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/\n",
      root + "/memory/memory.limit_in_bytes": "268435456\n",
    ]
    #expect(limit(first) == 256 << 20)
    #expect(
      limit(["/proc/self/cgroup": "4:memory:/\n", root + "/memory/memory.limit_in_bytes": "9223372036854771712\n"])
        == 8 << 30)
    #expect((HostProbe.live.memoryLimit() ?? 0) > 1 << 20 && HostProbe.live.residentBytes() > 1 << 20)
    #expect(HostProbe.live.disk("/").map { $0.free > 0 && $0.size >= $0.free } == true)
  }

  @Test func `a fault survives the journal, and a record that is none is told of`() throws {
    let fault = ProcessFault(.disk, isStanding: true, severity: .critical, text: "a \"b\" ü", value: 0.95)
    #expect(try fault.bytes.withUnsafeBytes { try ProcessFault(record: $0) } == fault)
    var processor = RecordProcessor(sources: PlantSources())
    for bytes in [[], [9], fault.bytes.dropLast()] as [[UInt8]] {
      let notes = bytes.withUnsafeBytes {
        processor.process(kind: .process, received: Timestamp(seconds: 1), body: $0)
      }
      #expect(notes.count == 1 && notes[0].level == .error)
    }
  }
}
