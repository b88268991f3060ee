import Glibc
import StreamCore

/// The columns of a regression derived from feature rows: each in units of its standard deviation, with NaN at its
/// mean.
struct AdditiveDesign: Sendable {
  private enum Term: Sendable {
    /// A feature, unchanged.
    case linear(Int)
    /// The part of a feature above a value.
    case hinge(Int, above: Double)
    /// Indicator of a weekday.
    case weekday(Int, Double)
    /// Indicator of a slot within the hour, for slots shorter than an hour.
    case part(Int, Double)
    /// A wave over the year.
    case season(Int, order: Double, isSine: Bool)
    /// Days since a slot.
    case trend(since: Int)
  }

  private var terms: [Term] = []
  private var means: [Double] = []
  private var scales: [Double] = []
  private var perDay = 1

  /// Number of columns of the regression.
  var width: Int { terms.count }

  init() {}

  /// Creates the design for training rows.
  init(_ rows: FeatureRows) {
    perDay = rows.perDay
    let first = rows.slots.first ?? 0
    let days = Double((rows.slots.last ?? 0) - first) / Double(max(1, perDay))
    for (index, column) in rows.columns.enumerated() {
      switch column {
      case .hour:
        if perDay > 24 {
          for part in 1..<(perDay / 24) { terms.append(.part(index, Double(part) * 24 / Double(perDay))) }
        }
      case .weekday: for day in 1...7 { terms.append(.weekday(index, Double(day))) }
      case .dayOfYear:
        guard days >= 180 else { break }
        for order in [1.0, 2.0] {
          terms += [.season(index, order: order, isSine: true), .season(index, order: order, isSine: false)]
        }
      case .weekDeviation, .lead: break
      case .exogenous(_, .now), .exogenous(_, .rolling), .exogenous(_, .dayMaximum):
        terms.append(.linear(index))
        let sorted = rows.values[index].filter { !$0.isNaN }.sorted()
        guard sorted.count > 100 else { break }
        for share in [0.1, 0.25, 0.5, 0.75, 0.9, 0.97] {
          terms.append(.hinge(index, above: sorted[Int(share * Double(sorted.count - 1))]))
        }
      default: terms.append(.linear(index))
      }
    }
    if days >= 28 {
      for part in 0..<4 { terms.append(.trend(since: first + Int(Double(part) / 4 * days) * perDay)) }
    }
    measure(rows)
  }

  /// Returns the rows of the regression, row by row.
  func matrix(_ rows: FeatureRows) -> [Double] {
    var matrix = Array(repeating: 0.0, count: rows.count * width)
    for (column, term) in terms.enumerated() where scales[column] > 0 {
      for row in 0..<rows.count {
        let value = self.value(term, rows: rows, row: row)
        if !value.isNaN { matrix[row * width + column] = (value - means[column]) / scales[column] }
      }
    }
    return matrix
  }

  private mutating func measure(_ rows: FeatureRows) {
    for term in terms {
      let values = (0..<rows.count).map { value(term, rows: rows, row: $0) }.filter { !$0.isNaN }
      let mean = values.reduce(0, +) / Double(max(1, values.count))
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count))
      means.append(mean)
      scales.append(variance.isFinite && variance > 1e-18 * (1 + mean * mean) ? variance.squareRoot() : 0)
    }
  }

  private func value(_ term: Term, rows: FeatureRows, row: Int) -> Double {
    switch term {
    case .linear(let column): return rows.values[column][row]
    case .hinge(let column, let above):
      let value = rows.values[column][row]
      return value.isNaN ? .nan : max(0, value - above)
    case .weekday(let column, let day): return rows.values[column][row] == day ? 1 : 0
    case .part(let column, let part):
      let hour = rows.values[column][row]
      return abs(hour - hour.rounded(.down) - part) < 1e-6 ? 1 : 0
    case .season(let column, let order, let isSine):
      let angle = 2 * Double.pi * order * rows.values[column][row] / 365.25
      return isSine ? sin(angle) : cos(angle)
    case .trend(let since): return max(0, Double(rows.slots[row] - since) / Double(perDay))
    }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Int64(perDay))
    writer.write(means)
    writer.write(scales)
    writer.write(terms) { writer, term in
      let (kind, column, number): (UInt8, Int, Double) =
        switch term {
        case .linear(let column): (0, column, 0)
        case .hinge(let column, let above): (1, column, above)
        case .weekday(let column, let day): (2, column, day)
        case .part(let column, let part): (3, column, part)
        case .season(let column, let order, let isSine): (isSine ? 4 : 5, column, order)
        case .trend(let since): (6, since, 0)
        }
      writer.write(kind)
      writer.write(Int64(column))
      writer.write(number)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    perDay = Int(try reader.read(Int64.self))
    means = try reader.readDoubles()
    scales = try reader.readDoubles()
    terms = try reader.readArray(elementSize: 17) { (reader) throws(SnapshotError) in
      let kind = try reader.read(UInt8.self)
      let column = Int(try reader.read(Int64.self))
      let number = try reader.readDouble()
      guard kind == 6 ? column.magnitude < 1 << 40 : (0..<Int(Int16.max)).contains(column) else {
        throw .invalid("a column \(column)")
      }
      switch kind {
      case 0: return .linear(column)
      case 1: return .hinge(column, above: number)
      case 2: return .weekday(column, number)
      case 3: return .part(column, number)
      case 4, 5: return .season(column, order: number, isSine: kind == 4)
      case 6: return .trend(since: column)
      default: throw .invalid("a term \(kind)")
      }
    }
    guard perDay > 0, means.count == terms.count, scales.count == terms.count else {
      throw .invalid("terms without their scales")
    }
  }

  /// Returns whether rows have all columns that the terms use.
  func fits(_ rows: FeatureRows) -> Bool {
    terms.allSatisfy { term in
      switch term {
      case .linear(let column), .hinge(let column, _), .weekday(let column, _), .part(let column, _),
        .season(let column, _, _):
        column < rows.columns.count
      case .trend: true
      }
    }
  }
}
