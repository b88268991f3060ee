import Testing

@testable import PlantPhysics

@Suite("xoshiro256**")
struct XoshiroTests {
  @Test func `the state 1, 2, 3, 4 gives the published numbers`() {
    var generator = SeededGenerator(state: (1, 2, 3, 4))
    let expected: [UInt64] = [
      11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360, 607_988_272_756_665_600,
    ]
    let found = expected.map { _ in generator.next() }
    #expect(found == expected)
  }
}
