import CMosquitto
import Foundation
import StreamCore

/// Connecting, callbacks and subscriptions.
extension MessageLoop {
  /// The loop behind a callback's context.
  private static func from(_ context: UnsafeMutableRawPointer?) -> MessageLoop? {
    context.map { Unmanaged<MessageLoop>.fromOpaque($0).takeUnretainedValue() }
  }

  func configure() {
    guard let client else { return }
    // The loop outlives the client, which is destroyed in its deinit.
    mosquitto_user_data_set(client, Unmanaged.passUnretained(self).toOpaque())
    mosquitto_threaded_set(client, true)
    mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1)
    if let name = settings.username { mosquitto_username_pw_set(client, name, settings.password?.text) }
    mosquitto_connect_with_flags_callback_set(client) { _, context, code, flags in
      MessageLoop.from(context)?.connected(code: code, flags: flags)
    }
    mosquitto_message_callback_set(client) { _, context, message in
      guard let loop = MessageLoop.from(context), let message else { return }
      loop.messageArrived(message.pointee)
    }
    mosquitto_subscribe_callback_set(client) { _, context, identifier, count, granted in
      let levels = UnsafeBufferPointer(start: granted, count: Int(count))
      MessageLoop.from(context)?.subscriptionAnswered(identifier, granted: levels)
    }
  }

  /// Reads certificates; again before each attempt, because they may have been renewed or mended.
  private func configureTLS(_ client: OpaquePointer) -> Bool {
    if !settings.tls { return true }
    let code = mosquitto_tls_set(
      client, settings.caFile, settings.caFile == nil ? "/etc/ssl/certs" : nil, settings.certificateFile,
      settings.keyFile, nil)
    if code == MOSQ_ERR_SUCCESS.rawValue { return true }
    onEvent(
      .disconnected(reason: "TLS cannot be set up: \(MessageLoop.reason(code)); is every certificate file readable?"))
    return false
  }

  /// Starts an attempt; the broker's answer comes to ``connected(code:flags:)``.
  func connect() -> Bool {
    guard let client else {
      onEvent(.disconnected(reason: "libmosquitto has no client for the id '\(settings.clientID)'"))
      return false
    }
    refusal = nil
    subscriptions.reset()
    // The broker sends what was on its way right behind its answer.
    listenToLog()
    guard configureTLS(client) else { return false }
    let code = mosquitto_connect_async(client, settings.host, Int32(clamping: settings.port), 30)
    if code == MOSQ_ERR_SUCCESS.rawValue { return true }
    onEvent(.disconnected(reason: "\(settings.host):\(settings.port): \(MessageLoop.reason(code))"))
    return false
  }

  private func connected(code: Int32, flags: Int32) {
    guard code == 0 else {
      refusal = "the broker refuses the connection: \(String(cString: mosquitto_connack_string(code)))"
      return
    }
    isConnected = true
    sessionPresent = flags & 1 != 0
    expectRedelivery()
    control.counters.connections.add(1, ordering: .relaxed)
    onEvent(.connected(sessionPresent: sessionPresent))
  }

  // MARK: Subscriptions

  /// Sends what the broker has not been asked for, and asks it to forget what is no longer wanted.
  func bringSubscriptionsUpToDate() {
    guard let client else { return }
    if let list = control.takeSubscriptions() {
      for filter in subscriptions.replace(by: list) { mosquitto_unsubscribe(client, nil, filter) }
      control.isSubscribed.store(false, ordering: .releasing)
    }
    for filters in subscriptions.takeUnsent() { subscribe(client, filters) }
    announceIfComplete()
  }

  private func subscribe(_ client: OpaquePointer, _ filters: [String]) {
    let valid = filters.filter { filter in
      let size = filter.utf8.count
      let isValid =
        (1...65_535).contains(size) && !filter.utf8.contains(0)
        && mosquitto_sub_topic_check2(filter, size) == MOSQ_ERR_SUCCESS.rawValue
        && mosquitto_validate_utf8(filter, Int32(size)) == MOSQ_ERR_SUCCESS.rawValue
      if !isValid { refuse(filter) }
      return isValid
    }
    if valid.isEmpty { return }
    var texts: [UnsafeMutablePointer<CChar>?] = valid.map { strdup($0) }
    defer { for text in texts { free(text) } }
    var identifier: Int32 = 0
    let code = mosquitto_subscribe_multiple(
      client, &identifier, Int32(texts.count), &texts, Int32(min(max(settings.qos, 0), 1)), 0, nil)
    if code == MOSQ_ERR_SUCCESS.rawValue { subscriptions.markSent(valid, as: identifier) }
  }

  private func refuse(_ filter: String) {
    subscriptions.markRefused(filter)
    onEvent(.refused(filter: filter))
  }

  private func subscriptionAnswered(_ identifier: Int32, granted: UnsafeBufferPointer<Int32>) {
    for filter in subscriptions.confirm(identifier, granted: granted) { onEvent(.refused(filter: filter)) }
    succeeded()
    announceIfComplete()
  }

  private func announceIfComplete() {
    guard subscriptions.isComplete, !control.isSubscribed.load(ordering: .relaxed) else { return }
    control.isSubscribed.store(true, ordering: .releasing)
    onEvent(.subscribed)
  }

  // MARK: The DUP flag

  private func listenToLog() {
    guard let client else { return }
    mosquitto_log_callback_set(client) { _, context, _, line in
      guard let line else { return }
      MessageLoop.from(context)?.logged(line)
    }
    isListeningToLog = true
  }

  func stopListeningToLog() {
    guard isListeningToLog, isConnected, let client else { return }
    mosquitto_log_callback_set(client, nil)
    isListeningToLog = false
  }
}
