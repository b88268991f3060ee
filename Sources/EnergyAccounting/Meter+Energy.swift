import PlantModel

extension Meter {
  /// From here on the energy is known, as far as it was measured at all.
  var remembersFrom: Timestamp {
    settledUntil == .distantPast ? settledUntil : settledUntil - .minutes(15) * Int64(folded.count)
  }

  /// Shows what is known of the time from `start` to `end`; see ``SampleHistory``.
  public func forEachPiece(from start: Timestamp, to end: Timestamp, _ rule: MeterRule, _ body: (MeterPiece) -> Void) {
    history.forEachPiece(from: start, to: end, rule, holds: holds, usual: usual, body)
  }

  /// The energy from `start` to `end` as the readings tell it [kWh, if the canonical unit is kW or a counter's kWh].
  public func energy(from start: Timestamp, to end: Timestamp, _ rule: MeterRule) -> EnergyCell {
    var cell = EnergyCell()
    forEachPiece(from: start, to: end, rule) { cell.add($0) }
    return cell
  }

  /// The energy of a quarter of an hour, minute by minute.
  public func minutes(of quarter: Timestamp, _ rule: MeterRule) -> MinuteCells {
    guard quarter >= settledUntil else { return foldedQuarter(quarter).map(MinuteCells.init(even:)) ?? MinuteCells() }
    var cells = MinuteCells()
    forEachPiece(from: quarter, to: quarter + .minutes(15), rule) { piece in
      var begin = piece.from
      while begin < piece.to {
        let minute = Int((begin - quarter).nanoseconds / TimeSpan.minute.nanoseconds)
        let end = min(piece.to, quarter + .minutes(Int64(minute + 1)))
        var part = piece
        (part.from, part.to) = (begin, end)
        (part.first, part.last) = (piece.value(at: begin), piece.value(at: end))
        cells.minutes[minute].add(part)
        begin = end
      }
    }
    return cells
  }

  /// A quarter of an hour whose readings are forgotten.
  func foldedQuarter(_ start: Timestamp) -> EnergyCell? {
    let back = (settledUntil - start).nanoseconds / TimeSpan.minutes(15).nanoseconds
    return back >= 1 && back <= folded.count ? folded[folded.count - Int(back)] : nil
  }
}
