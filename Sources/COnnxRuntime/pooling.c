#include "strata_pooling.h"

#include <math.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define STRATA_SANITIZED
#endif
#endif

#if defined(__x86_64__) && defined(__linux__) && !defined(STRATA_SANITIZED)
// The loader picks the widest instruction set that the machine has. It does so before a sanitizer is awake, whose
// probes in the resolver would crash.
#define STRATA_VECTORIZED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define STRATA_VECTORIZED
#endif

STRATA_VECTORIZED
void strata_pool_mean(const float *rows, size_t count, size_t stride, size_t dimension, float *out) {
    memcpy(out, rows, dimension * sizeof(float));
    for (size_t row = 1; row < count; row++) {
        const float *values = rows + row * stride;
        for (size_t column = 0; column < dimension; column++) out[column] += values[column];
    }
    float scale = 1.0f / (float)count;
    for (size_t column = 0; column < dimension; column++) out[column] *= scale;
}

bool strata_scale_to_unit_length(float *vector, size_t dimension) {
    double sum = 0;
    for (size_t column = 0; column < dimension; column++) sum += (double)vector[column] * vector[column];
    if (!(sum > 0) || !isfinite(sum)) return false;
    double scale = 1.0 / sqrt(sum);
    for (size_t column = 0; column < dimension; column++) vector[column] = (float)(vector[column] * scale);
    return true;
}

void strata_widen_float16(const uint16_t *halves, size_t count, float *out) {
    for (size_t index = 0; index < count; index++) {
        uint32_t sign = (uint32_t)(halves[index] & 0x8000) << 16;
        uint32_t exponent = (halves[index] >> 10) & 0x1f;
        uint32_t fraction = halves[index] & 0x3ff;
        uint32_t bits;
        if (exponent == 0x1f) {
            bits = sign | 0x7f800000 | fraction << 13;
        } else if (exponent != 0) {
            bits = sign | (exponent + 112) << 23 | fraction << 13;
        } else {
            // A subnormal half is a plain multiple of 2^-24, which a float holds exactly.
            float magnitude = (float)fraction * 0x1p-24f;
            memcpy(&bits, &magnitude, sizeof bits);
            bits |= sign;
        }
        memcpy(out + index, &bits, sizeof bits);
    }
}
