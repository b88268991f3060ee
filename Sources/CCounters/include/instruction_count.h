#pragma once

/// A counter of the instructions that the calling thread runs in user mode from now on, or -1 where the machine has no such
/// counter or does not let this process read it (many virtual machines; `kernel.perf_event_paranoid` above 2).
int instruction_count_open(void);

/// Instructions counted since `counter` was opened, or -1 when they cannot be read.
long long instruction_count_read(int counter);

/// Gives the counter back.
void instruction_count_close(int counter);
