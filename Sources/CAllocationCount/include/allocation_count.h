#pragma once

/// Blocks of memory that the calling thread has taken from the heap since it began.
unsigned long allocation_count(void);
