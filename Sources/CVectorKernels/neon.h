// The floating-point kernels of the two sets with 128-bit NEON vectors.
#ifndef CVECTORKERNELS_NEON_H
#define CVECTORKERNELS_NEON_H

static float dot_f32(const float *a, const float *b, size_t n) {
    float32x4_t s0 = vdupq_n_f32(0), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        s0 = vfmaq_f32(s0, vld1q_f32(a + i), vld1q_f32(b + i));
        s1 = vfmaq_f32(s1, vld1q_f32(a + i + 4), vld1q_f32(b + i + 4));
        s2 = vfmaq_f32(s2, vld1q_f32(a + i + 8), vld1q_f32(b + i + 8));
        s3 = vfmaq_f32(s3, vld1q_f32(a + i + 12), vld1q_f32(b + i + 12));
    }
    float sum = vaddvq_f32(vaddq_f32(vaddq_f32(s0, s1), vaddq_f32(s2, s3)));
    for (; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static double dot_wide(const float *a, const float *b, size_t n) {
    float64x2_t s0 = vdupq_n_f64(0), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const float32x4_t a0 = vld1q_f32(a + i), a1 = vld1q_f32(a + i + 4);
        const float32x4_t b0 = vld1q_f32(b + i), b1 = vld1q_f32(b + i + 4);
        s0 = vfmaq_f64(s0, vcvt_f64_f32(vget_low_f32(a0)), vcvt_f64_f32(vget_low_f32(b0)));
        s1 = vfmaq_f64(s1, vcvt_high_f64_f32(a0), vcvt_high_f64_f32(b0));
        s2 = vfmaq_f64(s2, vcvt_f64_f32(vget_low_f32(a1)), vcvt_f64_f32(vget_low_f32(b1)));
        s3 = vfmaq_f64(s3, vcvt_high_f64_f32(a1), vcvt_high_f64_f32(b1));
    }
    double sum = vaddvq_f64(vaddq_f64(vaddq_f64(s0, s1), vaddq_f64(s2, s3)));
    for (; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

static inline int32_t bias_i8(const int8_t *shared, size_t n) {
    (void)shared;
    (void)n;
    return 0;
}

// `accumulate_i8` is the set's own step over 16 components.
static int32_t dot_i8(const int8_t *a, const int8_t *b, size_t n) {
    int32x4_t s = vdupq_n_s32(0);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) s = accumulate_i8(s, vld1q_s8(a + i), vld1q_s8(b + i));
    int32_t sum = vaddvq_s32(s);
    for (; i < n; i++) sum += (int32_t)a[i] * (int32_t)b[i];
    return sum;
}

static inline void dot4_i8(
    const int8_t *shared, const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, size_t n, int32_t bias,
    int32_t *out) {
    (void)bias;
    int32x4_t sa = vdupq_n_s32(0), sb = sa, sc = sa, sd = sa;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const int8x16_t q = vld1q_s8(shared + i);
        sa = accumulate_i8(sa, q, vld1q_s8(a + i));
        sb = accumulate_i8(sb, q, vld1q_s8(b + i));
        sc = accumulate_i8(sc, q, vld1q_s8(c + i));
        sd = accumulate_i8(sd, q, vld1q_s8(d + i));
    }
    vst1q_s32(out, vpaddq_s32(vpaddq_s32(sa, sb), vpaddq_s32(sc, sd)));
    for (; i < n; i++) {
        out[0] += (int32_t)shared[i] * (int32_t)a[i];
        out[1] += (int32_t)shared[i] * (int32_t)b[i];
        out[2] += (int32_t)shared[i] * (int32_t)c[i];
        out[3] += (int32_t)shared[i] * (int32_t)d[i];
    }
}

#endif
