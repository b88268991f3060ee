/// Least cost of a community's net demand at one step: import, export, curtailment, and what is above the limits.
///
/// The cost is convex and piecewise linear in the net demand. Its pieces are merged in the order
/// of their marginal cost.
struct GridCurve {
  /// The flows at the connection [kW]; each is at least 0.
  struct Flow: Equatable {
    var imported = 0.0
    var exported = 0.0
    var curtailed = 0.0
  }

  /// Price of a kWh imported, with its carbon.
  let buy: Double
  /// Payment for a kWh exported.
  let feed: Double
  /// Limit of import [kW].
  let importLimit: Double
  /// Limit of export [kW].
  let exportLimit: Double
  /// Price of a kWh above a limit.
  let overload: Double
  /// PV that may be curtailed [kW].
  let curtailable: Double

  /// Prices outside of these do not occur: beyond them the grid itself would be the buyer or the seller.
  var priceRange: ClosedRange<Double> { min(feed - overload, buy + overload)...(buy + overload) }

  /// Returns the flows of least cost.
  ///
  /// - Parameter net: Load less PV, with batteries and cars, before curtailment [kW].
  func flow(_ net: Double) -> Flow {
    let (least, most) = (feed - overload, buy + overload)
    // Each piece raises the net demand that is met: more import, less export, less curtailment.
    var pieces: [(slope: Double, length: Double, kind: Int)] = []
    pieces.append((0, curtailable, 2))
    pieces.append((feed, exportLimit, 1))
    pieces.append((buy, importLimit, 0))
    // A sort that keeps the order of equals: curtailment ends before export, export before import.
    for place in 1...2 {
      var place = place
      while place > 0, pieces[place].slope < pieces[place - 1].slope {
        pieces.swapAt(place, place - 1)
        place -= 1
      }
    }
    var flow = Flow(imported: 0, exported: exportLimit, curtailed: curtailable)
    var left = net + exportLimit + curtailable
    for piece in pieces where piece.slope <= most {
      let taken = piece.slope < least ? piece.length : min(piece.length, max(0, left))
      left -= taken
      switch piece.kind {
      case 0: flow.imported += taken
      case 1: flow.exported -= taken
      default: flow.curtailed -= taken
      }
    }
    if left > 0 { flow.imported += left } else { flow.exported -= left }
    return flow
  }

  /// Returns the money of an hour of a flow.
  func cost(_ flow: Flow) -> Double {
    buy * flow.imported - feed * flow.exported
      + overload * (max(0, flow.imported - importLimit) + max(0, flow.exported - exportLimit))
  }

  /// Returns the least of the cost of a flow less its worth at a price, in money an hour.
  ///
  /// - Parameter price: A price within ``priceRange``.
  func bound(at price: Double) -> Double {
    min(0, buy - price) * importLimit + min(0, price - feed) * exportLimit + min(0, price)
      * curtailable
  }
}
