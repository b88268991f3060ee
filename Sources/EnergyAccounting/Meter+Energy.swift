import PlantModel
public import WattlineTime

extension Meter {
  /// Time from which the meter can report energy, as far as it was measured.
  var remembersFrom: Timestamp {
    settledUntil == .distantPast ? settledUntil : settledUntil - .minutes(15) * Int64(folded.count)
  }

  /// Calls `body` with each piece of known values from `start` to `end`; see ``SampleHistory``.
  ///
  /// - Parameters:
  ///   - start: Start of the stretch.
  ///   - end: End of the stretch.
  ///   - rule: Rule by which the readings become values over time.
  ///   - body: Receives the pieces in chronological order, cut to the stretch.
  public func forEachPiece(from start: Timestamp, to end: Timestamp, rule: MeterRule, body: (MeterPiece) -> Void) {
    history.forEachPiece(from: start, to: end, rule: rule, holds: holds, usual: usual, body: body)
  }

  /// Returns the energy from `start` to `end` according to the readings.
  ///
  /// - Parameters:
  ///   - start: Start of the stretch.
  ///   - end: End of the stretch.
  ///   - rule: Rule by which the readings become values over time.
  /// - Returns: The energy [kWh, if the canonical unit is kW or a counter's kWh].
  public func energy(from start: Timestamp, to end: Timestamp, rule: MeterRule) -> EnergyCell {
    var cell = EnergyCell()
    forEachPiece(from: start, to: end, rule: rule) { cell.add($0) }
    return cell
  }

  /// Returns the energy of a quarter-hour by minute.
  public func minutes(of quarter: Timestamp, rule: MeterRule) -> MinuteCells {
    guard quarter >= settledUntil else { return foldedQuarter(quarter).map(MinuteCells.init(even:)) ?? MinuteCells() }
    var cells = MinuteCells()
    forEachPiece(from: quarter, to: quarter + .minutes(15), rule: rule) { piece in
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

  /// Returns the energy of a quarter-hour whose readings have been discarded; `nil` if it is not among ``folded``.
  func foldedQuarter(_ start: Timestamp) -> EnergyCell? {
    let back = (settledUntil - start).nanoseconds / TimeSpan.minutes(15).nanoseconds
    return back >= 1 && back <= folded.count ? folded[folded.count - Int(back)] : nil
  }
}
