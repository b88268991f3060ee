import CMosquitto
import Foundation
import PlantModel
import Settings
import StreamCore
import Synchronization
import SystemCore
import WattlineTime

/// Loop of the publisher's thread, the only one that uses its libmosquitto client.
final class PublisherLoop {
  /// Result of initializing the library, which happens once. It is never cleaned up, because other clients may still
  /// use it.
  private static let isLibraryReady = mosquitto_lib_init() == MOSQ_ERR_SUCCESS.rawValue

  private var settings: BrokerSettings
  private let queue: PublishQueue
  private let control: PublisherControl
  private let renewedWill: (@Sendable () -> PublishedMessage)?
  private let filters: [String]
  private let onEvent: @Sendable (PublisherEvent) -> Void
  private let onMessage: @Sendable (PublishedMessage) -> Void
  private let client: OpaquePointer?
  private var batch = PublishQueue.Batch()
  private var inFlight = InFlightMessages()
  private var connection = ConnectionState()

  init(
    settings: BrokerSettings, renewedWill: (@Sendable () -> PublishedMessage)?, window: Int, filters: [String],
    queue: PublishQueue, control: PublisherControl, onEvent: @escaping @Sendable (PublisherEvent) -> Void,
    onMessage: @escaping @Sendable (PublishedMessage) -> Void
  ) {
    self.settings = settings
    self.renewedWill = renewedWill
    self.filters = filters
    self.onMessage = onMessage
    self.queue = queue
    self.control = control
    self.onEvent = onEvent
    client = PublisherLoop.isLibraryReady ? mosquitto_new(settings.clientID, true, nil) : nil
    guard let client else { return }
    mosquitto_user_data_set(client, Unmanaged.passUnretained(self).toOpaque())
    mosquitto_threaded_set(client, true)
    mosquitto_max_inflight_messages_set(client, UInt32(window))
    mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1)
    configure(client)
  }

  deinit { if let client { mosquitto_destroy(client) } }

  static func isValid(topic: String, payloadSize: Int) -> Bool {
    let size = topic.utf8.count
    return (1...65_535).contains(size) && payloadSize <= Int(MQTT_MAX_PAYLOAD) && !topic.utf8.contains(0)
      && mosquitto_pub_topic_check2(topic, size) == MOSQ_ERR_SUCCESS.rawValue
      && mosquitto_validate_utf8(topic, Int32(size)) == MOSQ_ERR_SUCCESS.rawValue
  }

  func run() {
    blockBrokenPipe()
    while !queue.stopped {
      if client.map({ connect($0) }) == true { serve() }
      if queue.stopped { break }
      wait(milliseconds: Int32(connection.nextPause().nanoseconds / 1_000_000))
    }
    if let client, mosquitto_socket(client) >= 0, !control.leavesSilently.load(ordering: .relaxed) {
      mosquitto_disconnect(client)
      mosquitto_loop_write(client, 1)
    }
    control.isConnected.store(false, ordering: .relaxed)
  }

  private func configure(_ client: OpaquePointer) {
    setCredentials(client)
    if let will = control.will.withLock({ $0 }) { set(will, client: client) }
    mosquitto_connect_callback_set(client) { _, context, code in
      PublisherLoop.from(context)?.connected(code: code)
    }
    mosquitto_publish_callback_set(client) { _, context, identifier in
      PublisherLoop.from(context)?.published(identifier)
    }
    mosquitto_message_callback_set(client) { _, context, message in
      guard let message = message?.pointee, let topic = message.topic else { return }
      let payload = UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
      PublisherLoop.from(context)?.onMessage(
        PublishedMessage(
          topic: String(cString: topic), payload: Array(payload), qos: Int(message.qos), retain: message.retain))
    }
  }

  private func setCredentials(_ client: OpaquePointer) {
    mosquitto_username_pw_set(client, settings.username, settings.username == nil ? nil : settings.password?.text)
    guard settings.tls else { return }
    mosquitto_tls_set(
      client, settings.caFile, settings.caFile == nil ? "/etc/ssl/certs" : nil, settings.certificateFile,
      settings.keyFile, nil)
  }

  /// Whether a connection with other credentials is due.
  private var isRenewed: Bool { control.renewed.withLock { $0 != nil } }

  private func set(_ will: PublishedMessage, client: OpaquePointer) {
    mosquitto_will_set(
      client, will.topic, Int32(will.payload.count), will.payload, Int32(min(max(will.qos, 0), 1)), will.retain)
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> PublisherLoop? {
    context.map { Unmanaged<PublisherLoop>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Blocks `SIGPIPE`: the library writes without `MSG_NOSIGNAL`, and a broken pipe must not end the process.
  private func blockBrokenPipe() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  private func connect(_ client: OpaquePointer) -> Bool {
    connection.begin()
    if let renewed = control.renewed.withLock({ $0.take() }) {
      settings = settings.taking(credentialsOf: renewed)
      setCredentials(client)
    }
    if let renewedWill {
      let will = renewedWill()
      control.will.withLock { $0 = will }
      set(will, client: client)
    }
    let code = mosquitto_connect_async(client, settings.host, Int32(settings.port), 30)
    if code == MOSQ_ERR_SUCCESS.rawValue { return true }
    onEvent(.disconnected(reason: PublisherLoop.reason(code)))
    return false
  }

  /// Transfers packets until the connection ends or the publisher is stopped.
  private func serve() {
    guard let client else { return }
    let deadline = ContinuousClock.now + .seconds(15)
    var nextCare = ContinuousClock.now + .seconds(1)
    var code = MOSQ_ERR_SUCCESS.rawValue
    var isOpening = true
    while code == MOSQ_ERR_SUCCESS.rawValue, mosquitto_socket(client) >= 0, !queue.stopped {
      if connection.isConnected { handOver(client) }
      let ready = poll(client, forWriting: isOpening || mosquitto_want_write(client))
      if ready & Int32(POLLOUT) != 0 || ready & ~Int32(POLLOUT) != 0 {
        isOpening = false
        code = mosquitto_loop_read(client, 1)
      }
      if code == MOSQ_ERR_SUCCESS.rawValue, mosquitto_want_write(client) { code = write(client) }
      confirmNow()
      // The library closes the present connection when it opens the next.
      if isRenewed { code = MOSQ_ERR_CONN_LOST.rawValue }
      if ContinuousClock.now > nextCare {
        nextCare = ContinuousClock.now + .seconds(1)
        mosquitto_loop_misc(client)
        if !connection.isConnected && ContinuousClock.now > deadline { code = MOSQ_ERR_CONN_LOST.rawValue }
      }
    }
    if !queue.stopped { disconnected(code) }
  }

  /// Sends the library's queued packets, in one segment if possible.
  private func write(_ client: OpaquePointer) -> Int32 {
    let socket = mosquitto_socket(client)
    var cork: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_CORK, &cork, 4)
    let code = mosquitto_loop_write(client, 1)
    cork = 0
    if mosquitto_socket(client) == socket { setsockopt(socket, Int32(IPPROTO_TCP), TCP_CORK, &cork, 4) }
    return code
  }

  private func handOver(_ client: OpaquePointer) {
    queue.drain(into: &batch, afterConnect: connection.takeAnnouncesDue())
    guard !batch.entries.isEmpty else { return }
    batch.bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      for entry in batch.entries {
        let topic = (base + entry.start).assumingMemoryBound(to: CChar.self)
        let payload = base + entry.start + entry.topicSize
        var identifier: Int32 = 0
        let code = mosquitto_publish(
          client, &identifier, topic, Int32(entry.payloadSize), payload, entry.qos, entry.retain)
        guard code == MOSQ_ERR_SUCCESS.rawValue else {
          lose(1)
          continue
        }
        inFlight.add(identifier, qos: entry.qos)
      }
    }
  }

  private func connected(code: Int32) {
    guard code == 0 else {
      connection.refuse("the broker refuses the connection: \(String(cString: mosquitto_connack_string(code)))")
      return
    }
    connection.accept()
    control.isConnected.store(true, ordering: .relaxed)
    control.connections.add(1, ordering: .relaxed)
    // The session is clean, so the broker has forgotten the subscriptions.
    for filter in filters { mosquitto_subscribe(client, nil, filter, 1) }
    onEvent(.connected)
  }

  private func published(_ identifier: Int32) { inFlight.finish(identifier) }

  private func confirmNow() {
    let count = inFlight.takeFinished()
    control.confirmed.add(count, ordering: .relaxed)
    queue.confirm(count)
  }

  private func lose(_ count: Int) {
    control.lost.add(count, ordering: .relaxed)
    queue.confirm(count)
  }

  private func disconnected(_ code: Int32) {
    connection.end()
    control.isConnected.store(false, ordering: .relaxed)
    lose(inFlight.dropUnwritten())
    onEvent(.disconnected(reason: connection.refusal ?? PublisherLoop.reason(code)))
  }

  private static func reason(_ code: Int32) -> String {
    if code == MOSQ_ERR_ERRNO.rawValue { return String(cString: strerror(errno)) }
    return code == 0 ? "the connection was closed" : String(cString: mosquitto_strerror(code))
  }

  private func poll(_ client: OpaquePointer, forWriting: Bool) -> Int32 {
    let events = Int16(POLLIN) | (forWriting ? Int16(POLLOUT) : 0)
    var descriptors = [
      pollfd(fd: mosquitto_socket(client), events: events, revents: 0),
      pollfd(fd: control.pipe.readEnd, events: Int16(POLLIN), revents: 0),
    ]
    guard Glibc.poll(&descriptors, 2, 1_000) > 0 else { return 0 }
    if descriptors[1].revents != 0 { control.pipe.acknowledge() }
    return Int32(descriptors[0].revents)
  }

  /// Waits until the time is over, the publisher is stopped or its credentials change. New messages do not shorten the
  /// wait.
  private func wait(milliseconds: Int32) {
    let deadline = ContinuousClock.now + .milliseconds(Int(milliseconds))
    while !queue.stopped, !isRenewed {
      let left = deadline - ContinuousClock.now
      if left <= .zero { return }
      var descriptor = pollfd(fd: control.pipe.readEnd, events: Int16(POLLIN), revents: 0)
      let rounded = left.components.seconds * 1_000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
      if Glibc.poll(&descriptor, 1, Int32(clamping: rounded)) > 0 { control.pipe.acknowledge() }
    }
  }
}
