#include "sets.h"

// Four sums side by side hide the latency of the additions and let the compiler use the vectors of the baseline target.

static float dot_f32(const float *a, const float *b, size_t n) {
    float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        s0 += a[i] * b[i];
        s1 += a[i + 1] * b[i + 1];
        s2 += a[i + 2] * b[i + 2];
        s3 += a[i + 3] * b[i + 3];
    }
    for (; i < n; i++) s0 += a[i] * b[i];
    return (s0 + s1) + (s2 + s3);
}

static double dot_wide(const float *a, const float *b, size_t n) {
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        s0 += (double)a[i] * (double)b[i];
        s1 += (double)a[i + 1] * (double)b[i + 1];
        s2 += (double)a[i + 2] * (double)b[i + 2];
        s3 += (double)a[i + 3] * (double)b[i + 3];
    }
    for (; i < n; i++) s0 += (double)a[i] * (double)b[i];
    return (s0 + s1) + (s2 + s3);
}

static int32_t dot_i8(const int8_t *a, const int8_t *b, size_t n) {
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++) sum += (int32_t)a[i] * (int32_t)b[i];
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
    out[0] = dot_i8(shared, a, n);
    out[1] = dot_i8(shared, b, n);
    out[2] = dot_i8(shared, c, n);
    out[3] = dot_i8(shared, d, n);
}

#include "shared.h"

VK_TABLE(vk_scalar, "scalar");
