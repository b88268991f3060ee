import CCounters

/// Counter of the user-mode instructions of the thread that created it.
///
/// Unlike times, counts of the same work hardly differ between runs, so they reveal a path that is one percent slower.
/// Many virtual machines have no such counter.
struct InstructionCounter: ~Copyable {
  private let counter: Int32

  /// Starts a counter; `nil` if the machine has none.
  init?() {
    let counter = instruction_count_open()
    guard counter >= 0 else { return nil }
    self.counter = counter
  }

  deinit { instruction_count_close(counter) }

  /// Number of instructions since the start; `nil` if the kernel could not run the counter.
  var count: Int? {
    let count = instruction_count_read(counter)
    return count > 0 ? Int(count) : nil
  }
}
