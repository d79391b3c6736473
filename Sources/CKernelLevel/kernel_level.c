#include "kernel_level.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CKLevel ck_current_level = CKLevelBaseline;
static char complaint[160];

CKLevel ck_highest_level(void) {
#if CK_HAS_LEVELS
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return CKLevelAVX512;
  if (__builtin_cpu_supports("x86-64-v3")) return CKLevelAVX2;
#endif
  return CKLevelBaseline;
}

const char *ck_level_name(CKLevel level) {
  switch (level) {
    case CKLevelBaseline: return "baseline";
    case CKLevelAVX2: return "avx2";
    case CKLevelAVX512: return "avx512";
  }
}

const char *ck_level_complaint(void) { return complaint[0] ? complaint : NULL; }

bool ck_set_level(CKLevel level) {
  if (level > ck_highest_level()) return false;
  ck_current_level = level;
  return true;
}

/// Before `main`, so that no kernel has run yet and none has to ask whether the choice is made.
__attribute__((constructor)) static void choose(void) {
  const CKLevel highest = ck_highest_level();
  ck_current_level = highest;
  const char *wanted = getenv("SWIFT_GAN_CPU");
  if (!wanted || !*wanted) return;
  for (CKLevel level = CKLevelBaseline; level <= CKLevelAVX512; level++) {
    if (strcmp(wanted, ck_level_name(level)) != 0) continue;
    if (!ck_set_level(level))
      snprintf(complaint, sizeof complaint, "SWIFT_GAN_CPU is '%s', which this processor lacks: it has up to '%s'",
               wanted, ck_level_name(highest));
    return;
  }
  snprintf(complaint, sizeof complaint, "SWIFT_GAN_CPU is '%.40s', must be 'baseline', 'avx2' or 'avx512'", wanted);
}
