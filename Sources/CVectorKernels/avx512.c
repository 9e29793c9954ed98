#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "sets.h"

#pragma clang attribute push( \
    __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)

static inline __mmask16 tail16(size_t left) { return (__mmask16)((1u << left) - 1u); }
static inline __mmask64 tail64(size_t left) { return ((__mmask64)1 << left) - 1; }

static float dot_f32(const float *a, const float *b, size_t n) {
    __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), s0);
        s1 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16), s1);
        s2 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 32), _mm512_loadu_ps(b + i + 32), s2);
        s3 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 48), _mm512_loadu_ps(b + i + 48), s3);
    }
    for (; i + 16 <= n; i += 16) s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), s0);
    if (i < n) {
        const __mmask16 mask = tail16(n - i);
        s1 = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, a + i), _mm512_maskz_loadu_ps(mask, b + i), s1);
    }
    return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));
}

static double dot_wide(const float *a, const float *b, size_t n) {
    __m512d s0 = _mm512_setzero_pd(), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;
#define VK_WIDE(at) _mm512_cvtps_pd(_mm256_loadu_ps(at))
    for (; i + 32 <= n; i += 32) {
        s0 = _mm512_fmadd_pd(VK_WIDE(a + i), VK_WIDE(b + i), s0);
        s1 = _mm512_fmadd_pd(VK_WIDE(a + i + 8), VK_WIDE(b + i + 8), s1);
        s2 = _mm512_fmadd_pd(VK_WIDE(a + i + 16), VK_WIDE(b + i + 16), s2);
        s3 = _mm512_fmadd_pd(VK_WIDE(a + i + 24), VK_WIDE(b + i + 24), s3);
    }
#undef VK_WIDE
    double sum = _mm512_reduce_add_pd(_mm512_add_pd(_mm512_add_pd(s0, s1), _mm512_add_pd(s2, s3)));
    for (; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

// The instruction multiplies unsigned with signed bytes. Flipping the top bit of a signed byte adds 128 to it as an
// unsigned one, and 128 times the sum of the other vector is taken off again. Past the end the other vector reads as 0.
static inline __m512i raised(__m512i v) { return _mm512_xor_si512(v, _mm512_set1_epi8((char)0x80)); }

static int32_t dot_i8(const int8_t *a, const int8_t *b, size_t n) {
    __m512i s = _mm512_setzero_si512(), bias = s;
    const __m512i raise = _mm512_set1_epi8((char)0x80);
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        const __m512i q = _mm512_loadu_si512(a + i);
        s = _mm512_dpbusd_epi32(s, raised(_mm512_loadu_si512(b + i)), q);
        bias = _mm512_dpbusd_epi32(bias, raise, q);
    }
    if (i < n) {
        const __mmask64 mask = tail64(n - i);
        const __m512i q = _mm512_maskz_loadu_epi8(mask, a + i);
        s = _mm512_dpbusd_epi32(s, raised(_mm512_maskz_loadu_epi8(mask, b + i)), q);
        bias = _mm512_dpbusd_epi32(bias, raise, q);
    }
    return _mm512_reduce_add_epi32(_mm512_sub_epi32(s, bias));
}

static inline int32_t bias_i8(const int8_t *shared, size_t n) {
    __m512i s = _mm512_setzero_si512();
    const __m512i raise = _mm512_set1_epi8((char)0x80);
    size_t i = 0;
    for (; i + 64 <= n; i += 64) s = _mm512_dpbusd_epi32(s, raise, _mm512_loadu_si512(shared + i));
    if (i < n) s = _mm512_dpbusd_epi32(s, raise, _mm512_maskz_loadu_epi8(tail64(n - i), shared + i));
    return _mm512_reduce_add_epi32(s);
}

static inline __m256i halved(__m512i v) {
    return _mm256_add_epi32(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
}

static inline void dot4_i8(
    const int8_t *shared, const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, size_t n, int32_t bias,
    int32_t *out) {
    __m512i sa = _mm512_setzero_si512(), sb = sa, sc = sa, sd = sa;
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        const __m512i q = _mm512_loadu_si512(shared + i);
        sa = _mm512_dpbusd_epi32(sa, raised(_mm512_loadu_si512(a + i)), q);
        sb = _mm512_dpbusd_epi32(sb, raised(_mm512_loadu_si512(b + i)), q);
        sc = _mm512_dpbusd_epi32(sc, raised(_mm512_loadu_si512(c + i)), q);
        sd = _mm512_dpbusd_epi32(sd, raised(_mm512_loadu_si512(d + i)), q);
    }
    if (i < n) {
        const __mmask64 mask = tail64(n - i);
        const __m512i q = _mm512_maskz_loadu_epi8(mask, shared + i);
        sa = _mm512_dpbusd_epi32(sa, raised(_mm512_maskz_loadu_epi8(mask, a + i)), q);
        sb = _mm512_dpbusd_epi32(sb, raised(_mm512_maskz_loadu_epi8(mask, b + i)), q);
        sc = _mm512_dpbusd_epi32(sc, raised(_mm512_maskz_loadu_epi8(mask, c + i)), q);
        sd = _mm512_dpbusd_epi32(sd, raised(_mm512_maskz_loadu_epi8(mask, d + i)), q);
    }
    const __m256i s =
        _mm256_hadd_epi32(_mm256_hadd_epi32(halved(sa), halved(sb)), _mm256_hadd_epi32(halved(sc), halved(sd)));
    const __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(s), _mm256_extracti128_si256(s, 1));
    _mm_storeu_si128((__m128i *)out, _mm_sub_epi32(sums, _mm_set1_epi32(bias)));
}

static size_t select_rows(
    const int32_t *dots, const float *scales, const float *errors, const float *lengths, const uint8_t *bits,
    size_t count, vk_bound bound, uint32_t *out) {
    const __m512 query_scale = _mm512_set1_ps(bound.query_scale), factor = _mm512_set1_ps(bound.error_factor);
    const __m512 slack = _mm512_set1_ps(bound.slack), threshold = _mm512_set1_ps(bound.threshold);
    const __m512 length_factor = _mm512_set1_ps(bound.length_factor), square_factor = _mm512_set1_ps(bound.square_factor);
    const __m128i wanted = _mm_set1_epi8((char)bound.wanted_bits);
    __m512i row = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    size_t kept = 0;
    for (size_t r = 0; r < count; r += 16) {
        const __mmask16 inside = count - r >= 16 ? (__mmask16)0xffff : tail16(count - r);
        const __mmask16 live = _mm_mask_test_epi8_mask(inside, _mm_maskz_loadu_epi8(inside, bits + r), wanted);
        const __m512 dot = _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(inside, dots + r));
        const __m512 scale = _mm512_mul_ps(_mm512_maskz_loadu_ps(inside, scales + r), query_scale);
        __m512 error = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(inside, errors + r), factor, slack);
        if (lengths) {
            const __m512 length = _mm512_maskz_loadu_ps(inside, lengths + r);
            error = _mm512_fmadd_ps(length, _mm512_fmadd_ps(length, square_factor, length_factor), error);
        }
        const __mmask16 keep =
            _mm512_mask_cmp_ps_mask(live, _mm512_fmadd_ps(dot, scale, error), threshold, _CMP_GE_OQ);
        if (keep) {
            _mm512_mask_compressstoreu_epi32(out + kept, keep, row);
            kept += (size_t)__builtin_popcount(keep);
        }
        row = _mm512_add_epi32(row, _mm512_set1_epi32(16));
    }
    return kept;
}

static inline size_t list_unvisited(
    const uint32_t *ids, size_t id_count, uint32_t row_limit, uint32_t *visited, uint32_t *out) {
    const __m512i limit = _mm512_set1_epi32((int)row_limit), one = _mm512_set1_epi32(1);
    size_t count = 0;
    for (size_t i = 0; i < id_count; i += 16) {
        const __mmask16 inside = id_count - i >= 16 ? (__mmask16)0xffff : tail16(id_count - i);
        const __m512i rows = _mm512_maskz_loadu_epi32(inside, ids + i);
        const __mmask16 real = _mm512_mask_cmplt_epu32_mask(inside, rows, limit);
        const __m512i words =
            _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), real, _mm512_srli_epi32(rows, 5), visited, 4);
        const __m512i bits = _mm512_sllv_epi32(one, _mm512_and_si512(rows, _mm512_set1_epi32(31)));
        const __mmask16 fresh = _mm512_mask_testn_epi32_mask(real, words, bits);
        _mm512_mask_compressstoreu_epi32(out + count, fresh, rows);
        count += (size_t)__builtin_popcount(fresh);
    }
    for (size_t i = 0; i < count; i++) visited[out[i] >> 5] |= 1u << (out[i] & 31);
    return count;
}

#define VK_OWN_SELECT
#define VK_OWN_UNVISITED
#include "shared.h"

#pragma clang attribute pop

VK_TABLE(vk_avx512, "avx512");

#endif
