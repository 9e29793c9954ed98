#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "sets.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,avxvnni"))), apply_to = function)

#include "avx2.h"

// The instruction multiplies unsigned with signed bytes. Flipping the top bit of a signed byte adds 128 to it as an
// unsigned one, and 128 times the sum of the other vector is taken off again.
static inline __m256i raised_i8(const int8_t *at) {
    return _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)at), _mm256_set1_epi8((char)0x80));
}

static inline __m256i load_i8(const int8_t *at) { return _mm256_loadu_si256((const __m256i *)at); }

static int32_t dot_i8(const int8_t *a, const int8_t *b, size_t n) {
    __m256i s = _mm256_setzero_si256(), bias = s;
    const __m256i raise = _mm256_set1_epi8((char)0x80);
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        s = _mm256_dpbusd_avx_epi32(s, raised_i8(b + i), load_i8(a + i));
        bias = _mm256_dpbusd_avx_epi32(bias, raise, load_i8(a + i));
    }
    int32_t sum = sum_i32(_mm256_sub_epi32(s, bias));
    for (; i < n; i++) sum += (int32_t)a[i] * (int32_t)b[i];
    return sum;
}

// Only whole steps of 32: the rest is multiplied as signed bytes.
static inline int32_t bias_i8(const int8_t *shared, size_t n) {
    __m256i s = _mm256_setzero_si256();
    const __m256i raise = _mm256_set1_epi8((char)0x80);
    for (size_t i = 0; i + 32 <= n; i += 32) s = _mm256_dpbusd_avx_epi32(s, raise, load_i8(shared + i));
    return sum_i32(s);
}

static inline void dot4_i8(
    const int8_t *shared, const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, size_t n, int32_t bias,
    int32_t *out) {
    __m256i sa = _mm256_setzero_si256(), sb = sa, sc = sa, sd = sa;
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        const __m256i q = load_i8(shared + i);
        sa = _mm256_dpbusd_avx_epi32(sa, raised_i8(a + i), q);
        sb = _mm256_dpbusd_avx_epi32(sb, raised_i8(b + i), q);
        sc = _mm256_dpbusd_avx_epi32(sc, raised_i8(c + i), q);
        sd = _mm256_dpbusd_avx_epi32(sd, raised_i8(d + i), q);
    }
    _mm_storeu_si128((__m128i *)out, _mm_sub_epi32(sum4_i32(sa, sb, sc, sd), _mm_set1_epi32(bias)));
    for (; i < n; i++) {
        out[0] += (int32_t)shared[i] * (int32_t)a[i];
        out[1] += (int32_t)shared[i] * (int32_t)b[i];
        out[2] += (int32_t)shared[i] * (int32_t)c[i];
        out[3] += (int32_t)shared[i] * (int32_t)d[i];
    }
}

#include "shared.h"

#pragma clang attribute pop

VK_TABLE(vk_avxvnni, "avxvnni");

#endif
