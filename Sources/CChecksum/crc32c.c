// The one instruction that Swift has no word for. Other processors than x86-64 use the table in Swift.

#include "crc32c.h"

#include <string.h>

#if defined(__x86_64__)

bool crc32c_is_instruction(void) { return __builtin_cpu_supports("sse4.2"); }

__attribute__((target("sse4.2"))) uint32_t crc32c_update(uint32_t register_before, const void *bytes, size_t count) {
  const unsigned char *next = bytes;
  uint64_t crc = register_before;
  for (; count >= 8; count -= 8, next += 8) {
    uint64_t chunk;
    memcpy(&chunk, next, 8);
    crc = __builtin_ia32_crc32di(crc, chunk);
  }
  for (; count > 0; count--, next++) crc = __builtin_ia32_crc32qi((uint32_t)crc, *next);
  return (uint32_t)crc;
}

#else

bool crc32c_is_instruction(void) { return false; }

uint32_t crc32c_update(uint32_t register_before, const void *bytes, size_t count) { return register_before; }

#endif
