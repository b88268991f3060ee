#pragma once

/// Blocks of memory that the calling thread has taken from the heap since it began.
unsigned long allocation_count(void);

/// Bytes of memory that the calling thread has taken from the heap and not given back since it began; below zero where it
/// gave back what others took.
long allocation_live_bytes(void);

/// Bytes of the heap that the process has taken and not given back.
unsigned long heap_bytes(void);
