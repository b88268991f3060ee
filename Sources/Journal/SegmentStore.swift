import Glibc
import PlantModel
import SystemCore

/// The segments of an open journal, shared between the appending thread, the readers and the compressing thread.
final class SegmentStore: @unchecked Sendable {
  // Sendable: `table` is accessed inside `monitor.locked` only.
  let directory: String
  let monitor = Monitor()
  var table: SegmentTable
  private let blockBytes: Int

  init(directory: String, table: SegmentTable, blockBytes: Int) {
    self.directory = directory
    self.table = table
    self.blockBytes = blockBytes
  }

  /// Removes the oldest segment. Call inside `monitor.locked`.
  func removeOldest(_ oldest: Segment) throws(JournalError) {
    let path = "\(directory)/\(oldest.name)"
    guard unlink(path) == 0 || errno == ENOENT else { throw .system("removing \(path)") }
    table.removeOldest()
  }

  /// Seals the oldest complete segment. The monitor is held only briefly, for the size and for exchanging the two
  /// forms.
  ///
  /// - Parameters:
  ///   - reached: called after each step.
  ///   - goesOn: returns whether to continue; checked after each block.
  /// - Returns: `false` if there is no such segment or `goesOn` stopped it.
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
        exchange(plain, for: segment, reached: reached)
      }
    } catch {
      // Ignored if the segment was released and removed in the meantime.
      guard monitor.locked({ table.segment(at: plain.base)?.base != plain.base }) else { throw error }
    }
    return true
  }

  private func exchange(_ plain: Segment, for sealed: Segment, reached: (SegmentSealing.Step) -> Void) {
    let isListed = monitor.locked {
      table.compressingBytes = 0
      return table.replace(with: sealed)
    }
    reached(.listed)
    // The unlisted one of the two files is removed; readers that have it open continue reading.
    unlink("\(directory)/\(isListed ? plain.name : sealed.name)")
    reached(.done)
  }
}
