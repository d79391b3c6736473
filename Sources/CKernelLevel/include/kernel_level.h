// The instructions that kernels of this package use: chosen once, when the program starts, and by SWIFT_GAN_CPU.
//
// A kernel is compiled once for each level, with the attribute of the level, and asks ck_level() which to run.
#pragma once
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma clang assume_nonnull begin

typedef enum __attribute__((enum_extensibility(closed))) CKLevel {
  CKLevelBaseline,  // what every processor of the architecture has: SSE2 on x86-64, NEON on ARM
  CKLevelAVX2,      // x86-64-v3: AVX2, FMA, BMI
  CKLevelAVX512,    // x86-64-v4: AVX-512 F, BW, CD, DQ, VL
} CKLevel;

#if defined(__x86_64__)
#define CK_HAS_LEVELS 1
#define CK_TARGET_AVX2 __attribute__((target("arch=x86-64-v3")))
// Without the width clang keeps to vectors of 32 bytes at this level.
#define CK_TARGET_AVX512 __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#else
#define CK_HAS_LEVELS 0
#endif

/// Read through ck_level().
extern CKLevel ck_current_level;
/// The level of every kernel that starts now.
static inline CKLevel ck_level(void) { return ck_current_level; }
/// The highest level that this processor has: that of kernels unless SWIFT_GAN_CPU names another.
CKLevel ck_highest_level(void);
/// "baseline", "avx2", "avx512".
const char *ck_level_name(CKLevel level);
/// What is wrong with SWIFT_GAN_CPU, in a sentence; NULL where it is not set, or names a level that this processor has.
/// Kernels run at the highest level where something is wrong.
const char *_Nullable ck_level_complaint(void);
/// Sets the level of all kernels that start from now on, for measuring and testing: not while one runs. False where the
/// processor lacks it; nothing has changed then.
bool ck_set_level(CKLevel level);

#pragma clang assume_nonnull end
#ifdef __cplusplus
}
#endif
