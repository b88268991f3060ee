import Community

/// Communities of any size for tests, drawn from a seed.
struct SmallCommunity {
  private var state: UInt64

  /// Starts the draw of a seed.
  init(seed: UInt64) { state = seed }

  /// Returns a number from a range, uniformly.
  private mutating func draw(_ range: ClosedRange<Double>) -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return range.lowerBound + (range.upperBound - range.lowerBound) * Double(state >> 11) / 9_007_199_254_740_992
  }

  /// Returns a day of hours from noon on, in which PV is short of demand at night and beyond it at noon.
  ///
  /// - Parameter members: Number of members.
  mutating func instance(members count: Int) -> CommunityInstance {
    let steps = 24
    let price = (0..<steps).map { [4, 5, 6, 7].contains($0) ? 0.42 : 0.22 + 0.002 * Double($0) }
    let members = (0..<count).map { _ in member() }
    var sessions: [CarSession] = []
    for number in 0..<count where draw(0...1) < 0.4 {
      sessions.append(
        CarSession(
          member: number, arrival: Int(draw(5...9)), departure: Int(draw(18...21)), energy: draw(4...15), power: 7.4,
          efficiency: 0.92))
    }
    var load: [Double] = []
    var generation: [Double] = []
    for step in 0..<steps {
      for member in 0..<count {
        load.append(draw(0.2...1.5))
        let sun = max(0, 1 - ((Double(step) - (step > 12 ? 24 : 0)) / 6).magnitude)
        generation.append(member % 3 == 0 ? 0 : sun * draw(2...6))
      }
    }
    let terms = CommunityInstance.Terms(
      importLimit: 1.2 * Double(count), exportLimit: 0.8 * Double(count), carbonPrice: 0.05,
      incentiveBudgetDaily: 0.1 * Double(count), referencePrice: 0.27, flexibleShares: 0.4...1.6)
    return CommunityInstance(
      stepHours: 1, terms: terms,
      series: .init(
        importPrice: price, exportPrice: Array(repeating: 0.05, count: steps),
        carbon: Array(repeating: 0.3, count: steps)),
      members: members, sessions: sessions, load: load, generation: generation)
  }

  private mutating func member() -> CommunityMember {
    var member = CommunityMember(flexibleShare: draw(0.1...0.4), elasticity: (draw(1...6)).rounded() / 10)
    if draw(0...1) < 0.6 {
      let capacity = draw(5...14)
      member.battery = HomeBattery(
        capacity: capacity, power: capacity * draw(0.3...0.75), efficiency: draw(0.9...0.98), wear: draw(0.01...0.04),
        minimum: 0.1 * capacity, start: draw(0.15...0.6) * capacity)
    }
    return member
  }
}
