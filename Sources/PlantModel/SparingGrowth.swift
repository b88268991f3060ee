/// Growth of arrays that have an element for each sensor of a fleet: an eighth at a time, where Swift would double.
extension Array {
  /// Makes room for so many more elements.
  @inlinable
  public mutating func reserveSparingly(for more: Int) {
    if capacity - count < more { reserveCapacity(count + Swift.max(more, count / 8)) }
  }

  /// Appends an element.
  @inlinable
  public mutating func appendSparingly(_ element: Element) {
    reserveSparingly(for: 1)
    append(element)
  }

  /// Appends `element` until there are `wanted`.
  @inlinable
  public mutating func grow(to wanted: Int, _ element: @autoclosure () -> Element) {
    if count >= wanted { return }
    reserveSparingly(for: wanted - count)
    while count < wanted { append(element()) }
  }
}
