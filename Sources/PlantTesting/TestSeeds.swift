import Foundation

/// Seeds of tests whose every seed takes seconds.
public enum TestSeeds {
  /// Returns the first seeds, or all of them where `WATTLINE_ALL_SEEDS` is set.
  ///
  /// - Parameters:
  ///   - usual: Number of seeds of a usual run.
  ///   - all: Number of all.
  /// - Returns: Seeds from 1 on.
  public static func first(_ usual: Int, of all: Int) -> [UInt64] {
    let count = ProcessInfo.processInfo.environment["WATTLINE_ALL_SEEDS"] == nil ? usual : all
    return (1...count).map { UInt64($0) }
  }
}
