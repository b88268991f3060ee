package import Foundation
import Synchronization

/// Common part of the local servers: a child process with a folder, started until it answers.
package final class LocalServer: Sendable {
  private struct State {
    var process: ChildProcess?
    var folder: TemporaryFolder?
  }

  private let name: String
  private let keptFolder: String?
  private let state = Mutex(State())

  package init(name: String, keptFolder: String?) {
    self.name = name
    self.keptFolder = keptFolder
  }

  deinit { stop() }

  package var isRunning: Bool { state.withLock { $0.process?.isRunning ?? false } }
  package var identifier: pid_t? { state.withLock { $0.process?.identifier } }

  /// Returns the folder of configuration, log and data; creates it if missing.
  package func folder() throws(ServerError) -> String {
    if let keptFolder {
      do { try FileManager.default.createDirectory(atPath: keptFolder, withIntermediateDirectories: true) } catch {
        throw .answer("cannot make the folder \(keptFolder): \(error.localizedDescription)")
      }
      return keptFolder
    }
    return try state.withLock { (state) throws(ServerError) in
      if let folder = state.folder { return folder.path }
      let folder = try TemporaryFolder(prefix: "wattline-\(name)-\(getpid())")
      state.folder = folder
      return folder.path
    }
  }

  /// Starts the program and returns once it is ready; does nothing while it is running.
  ///
  /// - Parameters:
  ///   - program: Path of the program.
  ///   - arguments: Arguments without the program's name.
  ///   - seconds: Maximum start-up time [s].
  ///   - isReady: Returns whether the server answers.
  /// - Throws: ``ServerError/notReady(_:log:)`` if it is not ready in time.
  package func start(
    _ program: String, arguments: [String], within seconds: Double = 20, isReady: () -> Bool
  ) throws(ServerError) {
    if isRunning { return }
    let log = try folder() + "/\(name).log"
    let process = try ChildProcess(program: program, arguments: arguments, log: log)
    let answered = Waiting.until(seconds: seconds) { isReady() || !process.isRunning }
    guard answered, process.isRunning else {
      process.kill()
      throw .notReady(name, log: LocalServer.tail(of: log))
    }
    state.withLock { $0.process = process }
  }

  package func halt() { state.withLock { $0.process.take() }?.terminate() }
  package func kill() { state.withLock { $0.process.take() }?.kill() }

  /// Ends the program and removes a temporary folder.
  package func stop() {
    halt()
    state.withLock { $0.folder.take() }?.remove()
  }

  private static func tail(of path: String) -> String {
    guard let data = FileManager.default.contents(atPath: path) else { return "" }
    let text = String(decoding: data.suffix(2_000), as: UTF8.self)
    return text.split(separator: "\n").suffix(4).joined(separator: "; ")
  }
}
