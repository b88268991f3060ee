import StreamCore
import Testing

@Suite struct MessageFrameTests {
  @Test(arguments: [0, 1, 63, 127])
  func `a message comes out of a frame as it went in, its connection included`(_ connection: Int) {
    var frame = MessageFrameBuilder()
    for retained in [true, false] {
      Array("a/b".utf8).withUnsafeBytes { topic in
        Array("21.5".utf8).withUnsafeBytes {
          frame.append(topic: topic, payload: $0, packetID: 65_535, retained: retained, connection: connection)
        }
      }
    }
    frame.bytes.withUnsafeBytes { bytes in
      var cursor = MessageFrameCursor(bytes)
      for retained in [true, false] {
        guard let message = cursor.next() else {
          Issue.record("a message is missing")
          return
        }
        #expect(message.topic.elementsEqual("a/b".utf8) && message.payload.elementsEqual("21.5".utf8))
        #expect(message.packetID == 65_535 && message.retained == retained && message.connection == connection)
      }
      let end = cursor.next()
      #expect(end == nil && !cursor.isMalformed)
    }
  }
}
