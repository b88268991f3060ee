/// Growth of arrays with an element per sensor of a fleet: by an eighth, whereas Swift would double them.
extension Array {
  /// Reserves room for `more` additional elements.
  @inlinable
  public mutating func reserveSparingly(for more: Int) {
    if capacity - count < more { reserveCapacity(count + Swift.max(more, count / 8)) }
  }

  /// Appends an element, with growth by an eighth.
  @inlinable
  public mutating func appendSparingly(_ element: Element) {
    reserveSparingly(for: 1)
    append(element)
  }

  /// Appends `element` until the array has `wanted` elements.
  @inlinable
  public mutating func grow(to wanted: Int, element: @autoclosure () -> Element) {
    if count >= wanted { return }
    reserveSparingly(for: wanted - count)
    while count < wanted { append(element()) }
  }
}
