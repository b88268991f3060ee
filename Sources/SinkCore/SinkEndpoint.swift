/// A destination of a ``SpooledSink``: posts lines and says what the answer means.
///
/// This is all that a new kind of database needs. Everything else is the sink's: the queue, the spool, the dead
/// letters, repetitions and accounts. An endpoint is created and used on the sink's thread alone.
public protocol SinkEndpoint: AnyObject {
  /// Prepares what the first post needs, such as the server's version. Called before each post.
  ///
  /// - Returns: `nil` if lines can be posted, else the answer that prevents it.
  func prepare() -> SinkAnswer?

  /// Posts lines once and waits for the answer. Sends the format that the destination understands.
  ///
  /// - Parameter lines: whole lines of a ``WriteBatch``, each ended by a newline.
  /// - Returns: the meaning of the answer.
  func post(_ lines: ArraySlice<UInt8>) -> SinkAnswer
}

extension SinkEndpoint {
  /// Default: nothing needs to be prepared.
  public func prepare() -> SinkAnswer? { nil }
}

/// Creates the endpoint of a sink, on the sink's thread.
///
/// The endpoint should call the given closure about once a second during a request, and abort it on `true`: the sink
/// is stopped and the time for its last requests is over. The closure must not outlive the sink's thread.
public typealias SinkConnector =
  @Sendable (_ isOver: @escaping () -> Bool) throws(SinkError) -> any SinkEndpoint
