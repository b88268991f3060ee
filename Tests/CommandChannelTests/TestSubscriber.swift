import CMosquitto
import Foundation
import PlantModel
import Settings
import Synchronization

/// A plain subscriber on the library's own thread, to see what a publisher says.
final class TestSubscriber: Sendable {
  struct Message: Equatable {
    var topic: String
    var payload: String
    var retain: Bool
  }

  private final class Shared: Sendable {
    let messages = Mutex<[Message]>([])
    let isSubscribed = Atomic(false)
  }

  private struct Handle: @unchecked Sendable {
    // The library locks its client itself; it is destroyed after its thread was stopped.
    let client: OpaquePointer
  }

  private let shared = Shared()
  private let handle: Handle?

  init(_ settings: BrokerSettings, filter: String) {
    mosquitto_lib_init()
    handle = mosquitto_new(nil, true, Unmanaged.passUnretained(shared).toOpaque()).map { Handle(client: $0) }
    guard let client = handle?.client else { return }
    mosquitto_username_pw_set(client, settings.username, settings.password?.text)
    mosquitto_message_callback_set(client) { _, context, message in
      guard let context, let message = message?.pointee else { return }
      let payload = UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
      let copy = Message(
        topic: String(cString: message.topic), payload: String(decoding: payload, as: UTF8.self),
        retain: message.retain)
      Unmanaged<Shared>.fromOpaque(context).takeUnretainedValue().messages.withLock { $0.append(copy) }
    }
    mosquitto_subscribe_callback_set(client) { _, context, _, _, _ in
      guard let context else { return }
      Unmanaged<Shared>.fromOpaque(context).takeUnretainedValue().isSubscribed.store(true, ordering: .relaxed)
    }
    mosquitto_connect(client, settings.host, Int32(settings.port), 30)
    mosquitto_subscribe(client, nil, filter, 1)
    mosquitto_loop_start(client)
  }

  deinit {
    guard let client = handle?.client else { return }
    mosquitto_disconnect(client)
    mosquitto_loop_stop(client, true)
    mosquitto_destroy(client)
  }

  var isSubscribed: Bool { shared.isSubscribed.load(ordering: .relaxed) }
  var messages: [Message] { shared.messages.withLock { $0 } }
}
