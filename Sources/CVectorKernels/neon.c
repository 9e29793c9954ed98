#if defined(__aarch64__)

#include <arm_neon.h>

#include "sets.h"

static inline int32x4_t accumulate_i8(int32x4_t sum, int8x16_t a, int8x16_t b) {
    sum = vpadalq_s16(sum, vmull_s8(vget_low_s8(a), vget_low_s8(b)));
    return vpadalq_s16(sum, vmull_high_s8(a, b));
}

#include "neon.h"
#include "shared.h"

VK_TABLE(vk_neon, "neon");

#endif
