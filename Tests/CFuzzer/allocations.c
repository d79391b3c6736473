#include <stdatomic.h>

#include "CFuzzer.h"

int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, size_t), void (*)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *);

static _Atomic long live, start, peak;

static void allocated(const volatile void *pointer, size_t size) {
  (void)pointer;
  long now = atomic_fetch_add(&live, (long)size) + (long)size;
  long highest = atomic_load(&peak);
  while (now > highest && !atomic_compare_exchange_weak(&peak, &highest, now)) {
  }
}

static void freed(const volatile void *pointer) {
  if (pointer) atomic_fetch_sub(&live, (long)__sanitizer_get_allocated_size(pointer));
}

void fuzzer_count_allocations(void) { __sanitizer_install_malloc_and_free_hooks(allocated, freed); }

void fuzzer_reset_peak(void) {
  long now = atomic_load(&live);
  atomic_store(&start, now);
  atomic_store(&peak, now);
}

size_t fuzzer_peak(void) { return (size_t)(atomic_load(&peak) - atomic_load(&start)); }
