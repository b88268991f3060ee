import PayloadDecoding

/// Filters of different plants that can match one topic.
struct FilterOverlaps {
  /// A filter of a plant, by their positions.
  struct Place {
    var plant: Int
    var filter: Int
  }

  /// Pairs of filters, one for each pair of plants, in the order of the later plant.
  private(set) var shared: [(Place, Place)] = []
  /// Plants below whose names another plant publishes.
  private(set) var takenPrefixes: Set<Int> = []

  /// Compares the filters of all plants.
  init(_ topics: [PlantTopics]) {
    var patterns: [TopicPattern] = []
    var places: [Place] = []
    for (plant, own) in topics.enumerated() {
      for (filter, text) in own.filters.enumerated() {
        guard let pattern = try? TopicPattern(text) else { continue }
        patterns.append(pattern)
        places.append(Place(plant: plant, filter: filter))
      }
    }
    let count = patterns.count
    var prefixes: [Int] = []
    for (plant, own) in topics.enumerated() {
      guard let pattern = own.ownPrefix.flatMap({ try? TopicPattern($0) }) else { continue }
      patterns.append(pattern)
      prefixes.append(plant)
    }
    let index = PatternIndex(patterns)
    var known = [Set<Int>](repeating: [], count: topics.count)
    for (position, place) in places.enumerated() {
      known[place.plant].insert(place.plant)
      for other in index.overlaps(position).sorted() where known[place.plant].insert(places[other].plant).inserted {
        shared.append((places[other], place))
      }
    }
    for (number, plant) in prefixes.enumerated() {
      let others = index.overlaps(count + number).filter { $0 < count && places[$0].plant != plant }
      if !others.isEmpty { takenPrefixes.insert(plant) }
    }
  }
}
