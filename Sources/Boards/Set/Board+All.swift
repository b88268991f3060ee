extension Board {
  /// All boards, in the order of their links. This is the registration: a new board is a file and its name here.
  static let all: [Board] = [
    FleetBoard.board, PlantBoard.board, AlertsBoard.board, AssetBoard.board, SensorBoard.board, DispatchBoard.board,
    MoneyBoard.board, SavingsBoard.board, CommunityBoard.board, ForecastBoard.board, WhatIfBoard.board,
    PipelineBoard.board,
  ]
}
