import Settings
import SystemCore
import WattlineTime

/// Limits the requests of each address by a token bucket, so that a burst of the whole allowance is accepted.
final class RateLimiter: Sendable {
  /// Maximum number of addresses that are remembered.
  static let mostAddresses = 10_000

  private struct Bucket {
    var tokens: Double
    var time: Int64
  }

  private let rate: HTTPSettings.Rate
  private let buckets = Locked<[String: Bucket]>([:])

  init(_ rate: HTTPSettings.Rate) { self.rate = rate }

  /// Counts a request.
  ///
  /// - Parameters:
  ///   - address: The client's address.
  ///   - now: Monotonic time [ns].
  /// - Returns: Whole seconds after which the client may ask again; `nil` if the request is within the limit.
  func wait(of address: String, at now: Int64) -> Int? {
    let size = Double(rate.requests)
    let perSecond = size / rate.per.inSeconds
    return buckets.with { buckets in
      var bucket = buckets[address] ?? Bucket(tokens: size, time: now)
      bucket.tokens = min(size, bucket.tokens + Double(now - bucket.time) / 1e9 * perSecond)
      bucket.time = now
      let isWithin = bucket.tokens >= 1
      if isWithin { bucket.tokens -= 1 }
      if buckets.count >= Self.mostAddresses, buckets[address] == nil {
        // Those that have been quiet for long enough have a full bucket, which is as good as none.
        buckets = buckets.filter { $0.value.tokens + Double(now - $0.value.time) / 1e9 * perSecond < size }
        if buckets.count >= Self.mostAddresses { buckets.removeAll() }
      }
      buckets[address] = bucket
      return isWithin ? nil : max(1, Int(((1 - bucket.tokens) / perSecond).rounded(.up)))
    }
  }
}
