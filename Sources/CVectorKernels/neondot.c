#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#include "sets.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

static inline int32x4_t accumulate_i8(int32x4_t sum, int8x16_t a, int8x16_t b) { return vdotq_s32(sum, a, b); }

#include "neon.h"
#include "shared.h"

#pragma clang attribute pop

VK_TABLE(vk_neondot, "neondot");

#endif
