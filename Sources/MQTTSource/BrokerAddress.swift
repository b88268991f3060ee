import CurlTransport
import Settings

extension BrokerSettings {
  /// Address of the broker, and how it is verified.
  var address: ByteStream.Address {
    ByteStream.Address(
      host: host, port: port, usesTLS: tls, caFile: caFile, certificateFile: certificateFile, keyFile: keyFile)
  }
}
