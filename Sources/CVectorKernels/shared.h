// The part of a kernel set that is the same source for every instruction set. A set's file first turns on its target
// features, then defines dot_f32, dot_wide, dot_i8, bias_i8 and dot4_i8, and includes this file, so that the compiler
// vectorises these loops for that target.
#ifndef CVECTORKERNELS_SHARED_H
#define CVECTORKERNELS_SHARED_H

#include <string.h>

#include "sets.h"

// Enough rows ahead to cover a memory access of some 150 ns, in no more than about 8 KiB of lines in flight.
static inline size_t rows_ahead(size_t row_bytes) {
    size_t ahead = row_bytes ? 8192 / row_bytes : 12;
    return ahead < 2 ? 2 : ahead > 12 ? 12 : ahead;
}

// How far a scan looks ahead. The processor's own prefetcher stops at each page; looking past it made scans of 100,000
// rows from memory a tenth to a third faster on Zen 5 (at 8 KiB the short rows gain more, the long ones nothing).
#define SCAN_AHEAD_BYTES 4096

static inline void prefetch_row(const void *row, size_t row_bytes) {
    for (size_t offset = 0; offset < row_bytes; offset += 64) __builtin_prefetch((const char *)row + offset);
}

static void rows_f32(const float *query, const float *rows, size_t stride, size_t count, size_t n, float *out) {
    for (size_t r = 0; r < count; r++) out[r] = dot_f32(query, rows + r * stride, n);
}

static void gather_f32(
    const float *query, const float *rows, size_t stride, const uint32_t *list, size_t count, size_t n, float *out) {
    const size_t bytes = n * sizeof(float), ahead = rows_ahead(bytes);
    for (size_t r = 0; r < count && r < ahead; r++) prefetch_row(rows + list[r] * stride, bytes);
    for (size_t r = 0; r < count; r++) {
        if (r + ahead < count) prefetch_row(rows + list[r + ahead] * stride, bytes);
        out[r] = dot_f32(query, rows + list[r] * stride, n);
    }
}

static void gather_wide(
    const float *query, const float *rows, size_t stride, const uint32_t *list, size_t count, size_t n, double *out) {
    const size_t bytes = n * sizeof(float), ahead = rows_ahead(bytes);
    for (size_t r = 0; r < count && r < ahead; r++) prefetch_row(rows + list[r] * stride, bytes);
    for (size_t r = 0; r < count; r++) {
        if (r + ahead < count) prefetch_row(rows + list[r + ahead] * stride, bytes);
        out[r] = dot_wide(query, rows + list[r] * stride, n);
    }
}

static double distance_wide(const float *a, const float *b, size_t n) {
#pragma clang fp reassociate(on)
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double difference = (double)a[i] - (double)b[i];
        sum += difference * difference;
    }
    return sum;
}

static void gather_distance_wide(
    const float *query, const float *rows, size_t stride, const uint32_t *list, size_t count, size_t n, double *out) {
    const size_t bytes = n * sizeof(float), ahead = rows_ahead(bytes);
    for (size_t r = 0; r < count && r < ahead; r++) prefetch_row(rows + list[r] * stride, bytes);
    for (size_t r = 0; r < count; r++) {
        if (r + ahead < count) prefetch_row(rows + list[r + ahead] * stride, bytes);
        out[r] = distance_wide(query, rows + list[r] * stride, n);
    }
}

static void rows_i8(const int8_t *query, const int8_t *rows, size_t stride, size_t count, size_t n, int32_t *out) {
    const int32_t bias = bias_i8(query, n);
    size_t r = 0;
    for (; r + 4 <= count; r += 4) {
        const int8_t *row = rows + r * stride;
        prefetch_row((const char *)row + SCAN_AHEAD_BYTES, 4 * stride);
        dot4_i8(query, row, row + stride, row + 2 * stride, row + 3 * stride, n, bias, out + r);
    }
    for (; r < count; r++) out[r] = dot_i8(query, rows + r * stride, n);
}

static void gather_i8(
    const int8_t *query, const int8_t *rows, size_t stride, const uint32_t *list, size_t count, size_t n,
    int32_t *out) {
    const int32_t bias = bias_i8(query, n);
    const size_t ahead = rows_ahead(n);
    for (size_t r = 0; r < count && r < ahead; r++) prefetch_row(rows + list[r] * stride, n);
    size_t r = 0;
    for (; r + 4 <= count; r += 4) {
        for (size_t p = r + ahead; p < r + ahead + 4 && p < count; p++) prefetch_row(rows + list[p] * stride, n);
        dot4_i8(
            query, rows + list[r] * stride, rows + list[r + 1] * stride, rows + list[r + 2] * stride,
            rows + list[r + 3] * stride, n, bias, out + r);
    }
    for (; r < count; r++) out[r] = dot_i8(query, rows + list[r] * stride, n);
}

static void batch_i8(
    const int8_t *queries, size_t query_stride, size_t query_count, const int8_t *rows, size_t stride, size_t count,
    size_t n, int32_t *out) {
    // Four queries at a time stay in the first-level cache while the rows pass by; the rows come back from the second.
    size_t q = 0;
    for (; q + 4 <= query_count; q += 4) {
        const int8_t *query = queries + q * query_stride;
        for (size_t r = 0; r < count; r++) {
            const int8_t *row = rows + r * stride;
            int32_t dots[4];
            dot4_i8(
                row, query, query + query_stride, query + 2 * query_stride, query + 3 * query_stride, n,
                bias_i8(row, n), dots);
            for (size_t j = 0; j < 4; j++) out[(q + j) * count + r] = dots[j];
        }
    }
    for (; q < query_count; q++) rows_i8(queries + q * query_stride, rows, stride, count, n, out + q * count);
}

static float max_abs(const float *v, size_t n) {
    // Without their sign bit, floats order as their bit patterns do, and NaN lies above infinity.
    uint32_t max = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, v + i, sizeof bits);
        bits &= 0x7fffffffu;
        max = bits > max ? bits : max;
    }
    float result;
    memcpy(&result, &max, sizeof result);
    return result;
}

static void scale_f32(const float *v, size_t n, double factor, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = (float)((double)v[i] * factor);
}

static float quantize(const float *v, size_t n, int8_t *codes, double *squared_error) {
#pragma clang fp reassociate(on)
    const float scale = max_abs(v, n) / 127.0f;
    const double inverse = scale > 0 ? 1.0 / (double)scale : 0.0;
    double lost = 0;
    for (size_t i = 0; i < n; i++) {
        // A scale so small that it has lost bits can put the largest components past the end of the codes.
        double code = (double)v[i] * inverse;
        code = code > 127.0 ? 127.0 : code < -127.0 ? -127.0 : code;
        const int32_t rounded = (int32_t)(code + (code < 0 ? -0.5 : 0.5));
        codes[i] = (int8_t)rounded;
        const double difference = (double)v[i] - (double)scale * (double)rounded;
        lost += difference * difference;
    }
    *squared_error = lost;
    return scale;
}

#ifndef VK_OWN_SELECT
static size_t select_rows(
    const int32_t *dots, const float *scales, const float *errors, const float *lengths, const uint8_t *bits,
    size_t count, vk_bound bound, uint32_t *out) {
    size_t kept = 0;
    for (size_t r = 0; r < count; r++) {
        float upper = (float)dots[r] * (scales[r] * bound.query_scale) + errors[r] * bound.error_factor + bound.slack;
        if (lengths) upper += lengths[r] * (lengths[r] * bound.square_factor + bound.length_factor);
        out[kept] = (uint32_t)r;
        kept += (size_t)((upper >= bound.threshold) & ((bits[r] & bound.wanted_bits) != 0));
    }
    return kept;
}
#endif

#include "walk.h"

#include "links.h"

#define VK_TABLE(symbol, label)                                                                                  \
    const vk_kernels symbol = {                                                                                  \
        .name = label,                                                                                           \
        .dot_f32 = dot_f32,                                                                                      \
        .dot_wide = dot_wide,                                                                                    \
        .distance_wide = distance_wide,                                                                          \
        .dot_i8 = dot_i8,                                                                                        \
        .rows_f32 = rows_f32,                                                                                    \
        .gather_f32 = gather_f32,                                                                                \
        .gather_wide = gather_wide,                                                                              \
        .gather_distance_wide = gather_distance_wide,                                                            \
        .rows_i8 = rows_i8,                                                                                      \
        .gather_i8 = gather_i8,                                                                                  \
        .batch_i8 = batch_i8,                                                                                    \
        .max_abs = max_abs,                                                                                      \
        .scale_f32 = scale_f32,                                                                                  \
        .quantize = quantize,                                                                                    \
        .select_rows = select_rows,                                                                              \
        .walk = walk,                                                                                            \
        .walk_batch = walk_batch,                                                                                \
        .walk_filtered = walk_filtered,                                                                          \
        .link_row = link_row,                                                                                    \
        .unlink_row = unlink_row,                                                                                \
        .mend_rows = mend_rows,                                                                                  \
    }

#endif
