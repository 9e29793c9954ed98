#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "sets.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "avx2.h"

// Widening to 16 bits first keeps every value exact; the shorter form that multiplies bytes saturates at −128.
static inline __m256i wide_i8(const int8_t *at) { return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)at)); }

static int32_t dot_i8(const int8_t *a, const int8_t *b, size_t n) {
    __m256i s = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 16 <= n; i += 16) s = _mm256_add_epi32(s, _mm256_madd_epi16(wide_i8(a + i), wide_i8(b + i)));
    int32_t sum = sum_i32(s);
    for (; i < n; i++) sum += (int32_t)a[i] * (int32_t)b[i];
    return sum;
}

static inline int32_t bias_i8(const int8_t *shared, size_t n) {
    (void)shared;
    (void)n;
    return 0;
}

static inline void dot4_i8(
    const int8_t *shared, const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, size_t n, int32_t bias,
    int32_t *out) {
    (void)bias;
    __m256i sa = _mm256_setzero_si256(), sb = sa, sc = sa, sd = sa;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m256i q = wide_i8(shared + i);
        sa = _mm256_add_epi32(sa, _mm256_madd_epi16(q, wide_i8(a + i)));
        sb = _mm256_add_epi32(sb, _mm256_madd_epi16(q, wide_i8(b + i)));
        sc = _mm256_add_epi32(sc, _mm256_madd_epi16(q, wide_i8(c + i)));
        sd = _mm256_add_epi32(sd, _mm256_madd_epi16(q, wide_i8(d + i)));
    }
    _mm_storeu_si128((__m128i *)out, sum4_i32(sa, sb, sc, sd));
    for (; i < n; i++) {
        out[0] += (int32_t)shared[i] * (int32_t)a[i];
        out[1] += (int32_t)shared[i] * (int32_t)b[i];
        out[2] += (int32_t)shared[i] * (int32_t)c[i];
        out[3] += (int32_t)shared[i] * (int32_t)d[i];
    }
}

#include "shared.h"

#pragma clang attribute pop

VK_TABLE(vk_avx2, "avx2");

#endif
