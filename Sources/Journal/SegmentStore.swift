import Glibc
import PlantModel
import StreamCore

/// The segments of an open journal, shared between the thread that appends, readers, and the one that compresses.
final class SegmentStore: @unchecked Sendable {
  // Sendable: `table` is touched inside `monitor.locked` only.
  let directory: String
  let monitor = Monitor()
  var table: SegmentTable
  private let blockBytes: Int

  init(directory: String, table: SegmentTable, blockBytes: Int) {
    self.directory = directory
    self.table = table
    self.blockBytes = blockBytes
  }

  /// Removes the oldest segment; inside `monitor.locked`.
  func removeOldest(_ oldest: Segment) throws(JournalError) {
    let path = "\(directory)/\(oldest.name)"
    guard unlink(path) == 0 || errno == ENOENT else { throw .system("removing \(path)") }
    table.removeOldest()
  }

  /// Seals the oldest complete segment, outside of the monitor but for the moment in which the forms are exchanged.
  /// `false` when there is none, or `goesOn` said to stop.
  func sealOldest(
    reached: (SegmentSealing.Step) -> Void = { _ in }, while goesOn: () -> Bool = { true }
  ) throws(JournalError) -> Bool {
    guard let plain = monitor.locked({ table.oldestPlain }) else { return false }
    let sealing = SegmentSealing(directory: directory, segment: plain, blockBytes: blockBytes)
    defer { monitor.locked { table.compressingBytes = 0 } }
    do throws(JournalError) {
      let outcome = try sealing.run(
        progress: { size in
          monitor.locked { table.compressingBytes = size }
          return goesOn()
        }, reached: reached)
      switch outcome {
      case .stopped: return false
      case .incompressible(var segment):
        segment.isIncompressible = true
        _ = monitor.locked { table.replace(with: segment) }
      case .sealed(let segment):
        exchange(plain, for: segment, reached)
      }
    } catch {
      // Released and removed in the meantime.
      guard monitor.locked({ table.segment(at: plain.base)?.base != plain.base }) else { throw error }
    }
    return true
  }

  private func exchange(_ plain: Segment, for sealed: Segment, _ reached: (SegmentSealing.Step) -> Void) {
    let isListed = monitor.locked {
      table.compressingBytes = 0
      return table.replace(with: sealed)
    }
    reached(.listed)
    // Of the two files the one that is not listed goes; readers that have it open read on.
    unlink("\(directory)/\(isListed ? plain.name : sealed.name)")
    reached(.done)
  }
}
