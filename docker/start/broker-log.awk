# Passes the broker's log on without the packets of log_type debug. A refused message is told with its first, tenth,
# hundredth … occurrence of a client and topic. Health checks connect from the loopback interface.
/: New connection from 127\.0\.0\.1:|: Client <unknown> closed its connection/ { next }
/: (Received|Sending) [A-Z]+|: No will message specified|: \t|: Will message specified/ { next }
/Denied PUBLISH from / {
  start = index($0, "Denied PUBLISH from ")
  key = substr($0, start)
  # Packet, repetition and message number differ each time.
  sub(/\(d[01], q[012], r[01], m[0-9]+, /, "(", key)
  sub(/ \(-?[0-9]+ bytes\)\)$/, "", key)
  if (!(key in count) && ++kept > 10000) { split("", count); kept = 1 }
  count[key]++
  digits = count[key]
  while (digits % 10 == 0) digits /= 10
  if (digits == 1) { print $0 (count[key] > 1 ? " [" count[key] " times]" : ""); fflush() }
  next
}
{ print; fflush() }
