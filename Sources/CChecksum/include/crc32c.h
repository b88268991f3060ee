#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether this processor has an instruction for CRC-32C.
bool crc32c_is_instruction(void);

/// The register of a CRC-32C after `count` more bytes, by that instruction: eight bytes a step. Call it only where
/// crc32c_is_instruction() says so.
uint32_t crc32c_update(uint32_t register_before, const void *bytes, size_t count);
