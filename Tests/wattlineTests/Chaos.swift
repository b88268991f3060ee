import Glibc
import LocalServers
import PlantPhysics
import PlantTesting
import Testing

/// Kills and restarts at random moments that follow from a seed.
struct Chaos {
  /// Course of events, for the message of a failure.
  private(set) var story: [String] = []
  private var random: SeededGenerator
  private let slowness: Double
  private let changesWorkers: Bool

  /// Pauses are `slowness` times 0.1 to 0.8 s; with `changesWorkers` each start has another number of workers.
  init(seed: UInt64, slowness: Double, changesWorkers: Bool = false) {
    random = SeededGenerator(seed: seed)
    self.slowness = slowness
    self.changesWorkers = changesWorkers
  }

  /// One pause and one blow.
  mutating func strike(_ site: Site) throws {
    pause(0.1 * slowness, high: 0.8 * slowness)
    switch random.uniform() {
    case ..<0.3: try program(site)
    case ..<0.42: try restart(site)
    case ..<0.55: try database(site)
    case ..<0.7: try broker(site)
    case ..<0.85: try together(site)
    default: try broker(site, besides: true)
    }
  }

  /// The program ends by SIGKILL.
  private mutating func program(_ site: Site) throws {
    story.append("program")
    site.kill()
    pause(0, high: 0.3)
    try start(site)
  }

  /// The program ends in good order, so that what follows starts from a checkpoint.
  private mutating func restart(_ site: Site) throws {
    story.append("restart")
    #expect(site.end() == 0, "\(site.logTail)")
    try start(site)
  }

  /// The database ends by SIGKILL and comes back with its data on its port.
  private mutating func database(_ site: Site) throws {
    story.append("database")
    site.influx.kill()
    pause(0, high: 0.6)
    try site.influx.start()
  }

  /// The broker ends in good order, so that its sessions are on disk, and comes back on its port; the program ends
  /// while it is away, or not: by a kill, or in good order, which puts all that it has behind a checkpoint.
  private mutating func broker(_ site: Site, besides: Bool = false) throws {
    story.append(besides ? "broker and program" : "broker")
    site.broker.halt()
    if besides, random.uniform() < 0.5 {
      site.kill()
    } else if besides {
      #expect(site.end() == 0, "\(site.logTail)")
    }
    pause(0, high: 0.3)
    try site.broker.start()
    if besides { try start(site) }
  }

  /// The program ends while the database is away, and both come back in either order.
  private mutating func together(_ site: Site) throws {
    story.append("database and program")
    site.influx.kill()
    pause(0, high: 0.5)
    site.kill()
    if random.uniform() < 0.5 {
      try start(site)
      pause(0, high: 0.5)
      try site.influx.start()
    } else {
      try site.influx.start()
      try start(site)
    }
  }

  private mutating func start(_ site: Site) throws {
    if changesWorkers {
      let workers = 1 + Int(random.uniform() * 3)
      story.append("\(workers) workers")
      try site.set(workers: workers)
    }
    try site.run()
  }

  private mutating func pause(_ low: Double, high: Double) { usleep(UInt32(random.uniform(low, high: high) * 1e6)) }
}
