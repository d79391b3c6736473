// libFuzzer's entry, and how much memory one of its runs takes.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Runs `callback` on one input after another, as the arguments say; ends the process where one crashes.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

/// Counts from now on; call it once, with the address sanitizer linked.
void fuzzer_count_allocations(void);
/// Forgets the highest level so far.
void fuzzer_reset_peak(void);
/// Bytes allocated at the worst moment since then, beyond those that were at its beginning.
size_t fuzzer_peak(void);
