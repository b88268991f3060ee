import Journal
import PlantModel
import Settings
import StreamCore
import SystemCore
import WattlineTime

extension SinkLoop {
  /// Runs one round while the spool has points: fresh batches are appended, the oldest points are delivered.
  func relay(_ spool: Spool) {
    acceptSynced(spool)
    if batches.fresh.isEmpty {
      batches.fresh = queue.dequeueNow(lines: options.requestLines, bytes: delivery.requestBytes)
    }
    let isTaken = spoolQueued(spool)
    let wait = drainage.nextTry?.remaining ?? .zero
    if queue.isPastDeadline || (queue.isClosing && wait > .zero && (queue.isDone || !isTaken)) {
      isOver = true
    } else if wait > .zero {
      pause(min(wait, .second), gathering: isTaken)
    } else {
      drain(spool)
    }
  }

  /// Waits. Small batches gather meanwhile, so that fewer, larger spool records need fewer syncs and compress better.
  private func pause(_ span: TimeSpan, gathering: Bool) {
    if gathering {
      queue.wait(for: span, orBatches: max(1, options.queueBatches / 2))
    } else {
      _ = queue.pause(for: span)
    }
  }

  private func drain(_ spool: Spool) {
    guard job != nil || read(spool), var work = job, let chunk = drainage.chunk else { return }
    switch delivery.advance(&work, more: { readFurther(spool) }) {
    case .done:
      settle(work, from: \.spooled)
      finish(drainage.chunk ?? chunk, spool: spool)
      drainage.nextTry = nil
    case .later(let span):
      job = work
      drainage.nextTry = Monitor.Deadline(in: span)
    }
  }

  /// Reads the next chunk to deliver; `false` if there was none.
  private func read(_ spool: Spool) -> Bool {
    guard let next = next(spool) else { return false }
    guard !next.lines.isEmpty else {
      finish(next, spool: spool)
      return false
    }
    job = delivery.job(next.lines)
    drainage.chunk = next
    drainage.chunk?.lines = []
    return true
  }

  private func readFurther(_ spool: Spool) -> [UInt8] {
    guard let next = next(spool) else { return [] }
    drainage.chunk?.end = next.end
    drainage.chunk?.total = next.total
    drainage.chunk?.lost += next.lost
    return next.lines
  }

  private func next(_ spool: Spool) -> Spool.Chunk? {
    do throws(JournalError) {
      let next = try spool.next(points: options.requestLines, bytes: delivery.requestBytes)
      let damage = spool.damage
      status.update { $0.spoolDamage = damage }
      if next.lost.points > 0 {
        listener.note(.error("spool: \(next.lost.points) points cannot be read back; going on behind them"))
      }
      return next
    } catch {
      trouble(error)
      drainage.nextTry = Monitor.Deadline(in: options.slowRetry)
      return nil
    }
  }

  /// Completes a delivered chunk: moves the spool's position and counts lost points.
  private func finish(_ chunk: Spool.Chunk, spool: Spool) {
    spool.delivered(chunk)
    (drainage.chunk, job) = (nil, nil)
    drop(chunk.lost, reason: .spoolDamaged)
    let isDue = drainage.nextKeep?.hasPassed ?? true
    if spool.isEmpty || !batches.fresh.isEmpty || isDue { keep() }
  }

  private func drop(_ tally: PointTally, reason: DropReason) {
    guard tally != PointTally() else { return }
    status.update {
      $0.accounts.dropped[reason, default: PointTally()] += tally
      $0.accounts.spooled = $0.accounts.spooled - tally
    }
  }

  /// Appends fresh batches to the spool; `false` if it is full. If the spool is long, also posts them at once.
  private func spoolQueued(_ spool: Spool) -> Bool {
    guard !batches.fresh.isEmpty else { return true }
    let lines = WriteBatch.joined(batches.fresh)
    guard store(lines, spool: spool) else { return false }
    batches.moveToSpool()
    acceptSynced(spool)
    if status.current.state == .ok, spool.waiting.points > UInt64(options.longSpool), delivery.postAhead(lines) {
      status.update { $0.pointsAhead += PointTally(counting: lines[...]).points }
    }
    return true
  }

  /// Moves the rest of an undeliverable batch into the spool; `false` if there is no spool or it is full.
  func putAside() -> Bool {
    guard let spool, let work = job, store(work.rest, spool: spool) else { return false }
    settle(work, from: \.queued)
    job = nil
    batches.moveToSpool()
    acceptSynced(spool)
    return true
  }

  private func store(_ lines: [UInt8], spool: Spool) -> Bool {
    guard !lines.isEmpty else { return true }
    let tally = PointTally(counting: lines[...])
    while true {
      do throws(JournalError) {
        try spool.append(lines, tally: tally)
        status.update {
          $0.accounts.queued = $0.accounts.queued - tally
          $0.accounts.spooled += tally
          $0.spoolBytes = spool.bytes
          $0.isSpoolFull = false
        }
        return true
      } catch {
        guard error == .full else {
          trouble(error)
          return false
        }
        if spool.whenFull == .dropOldest, dropOldest(spool) { continue }
        if !status.current.isSpoolFull { listener.note(.error("spool: full; nothing more is read until it drains")) }
        status.update { $0.isSpoolFull = true }
        return false
      }
    }
  }

  /// Drops the oldest points of a full spool; `false` if none are left.
  private func dropOldest(_ spool: Spool) -> Bool {
    guard !spool.isEmpty else { return false }
    if let chunk = drainage.chunk {
      if let job {
        settle(job, from: \.spooled)
        drop(PointTally(counting: job.rest[...]), reason: .spoolFull)
      }
      finish(chunk, spool: spool)
    }
    do throws(JournalError) {
      let skipped = try spool.skipOldest()
      drop(skipped, reason: .spoolFull)
      listener.note(.error("spool: full; its oldest \(skipped.points) points are dropped"))
      keep()
      return true
    } catch {
      trouble(error)
      return false
    }
  }

  /// Accepts spooled batches once they are synced, because accepted batches are not sent again after a crash.
  private func acceptSynced(_ spool: Spool) {
    guard !batches.unsynced.isEmpty else { return }
    do throws(JournalError) { try spool.sync() } catch { return trouble(error) }
    accept(batches.takeUnsynced())
  }

  func keep() {
    guard let spool else { return }
    drainage.nextKeep = Monitor.Deadline(in: SinkLoop.keepInterval)
    do throws(JournalError) { try spool.keep(status.accounts) } catch { trouble(error) }
    let bytes = spool.bytes
    status.update { $0.spoolBytes = bytes }
  }

  private func trouble(_ error: JournalError) { delivery.show(.held(.spool, "\(error)")) }

  /// Moves all undelivered batches into the spool and closes it.
  func finish(_ spool: Spool) {
    if job != nil, drainage.chunk == nil { _ = putAside() }
    repeat {
      if batches.fresh.isEmpty {
        batches.fresh = queue.dequeueNow(lines: options.requestLines, bytes: delivery.requestBytes)
      }
    } while !batches.fresh.isEmpty && spoolQueued(spool)
    keep()
    do throws(JournalError) { try spool.close() } catch { trouble(error) }
  }
}
