import CCounters

/// Counts the instructions that the thread which made it runs in user mode.
///
/// Unlike times, counts of the same work hardly differ between runs, so a slower path is seen in a percent. Many virtual
/// machines have no such counter.
struct InstructionCounter: ~Copyable {
  private let counter: Int32

  /// A counter that begins now; nil where the machine has none.
  init?() {
    let counter = instruction_count_open()
    guard counter >= 0 else { return nil }
    self.counter = counter
  }

  deinit { instruction_count_close(counter) }

  /// Instructions since the beginning; nil when the kernel could not run the counter.
  var count: Int? {
    let count = instruction_count_read(counter)
    return count > 0 ? Int(count) : nil
  }
}
