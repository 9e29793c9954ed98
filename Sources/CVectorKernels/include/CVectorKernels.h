#ifndef CVECTORKERNELS_H
#define CVECTORKERNELS_H

#include <stddef.h>
#include <stdint.h>

/// What a row must reach to stay a candidate of a scan over quantised rows.
typedef struct {
    /// The scale of the query's codes.
    float query_scale;
    /// What a row's own quantisation error is multiplied by.
    float error_factor;
    /// Added for the query's quantisation error and for rounding.
    float slack;
    /// The lowest upper bound that stays.
    float threshold;
    /// A row stays only when its bits and these have one in common.
    uint8_t wanted_bits;
} vk_bound;

/// One set of kernels: all functions of one instruction set. Tables live as long as the process and never change.
///
/// Pointers need no alignment. `n` is a number of components; strides are in elements and at least `n`. Integer results
/// are exact for `n` up to 65536.
typedef struct {
    /// The set's name, as `STRATA_KERNELS` spells it.
    const char *name;

    /// The inner product of two vectors, accumulated in single precision.
    float (*dot_f32)(const float *a, const float *b, size_t n);
    /// The inner product of two vectors, accumulated in double precision: every product is exact, so that sets differ
    /// only in the order of the sum.
    double (*dot_wide)(const float *a, const float *b, size_t n);
    /// The inner product of two vectors of signed bytes, exact for every value.
    int32_t (*dot_i8)(const int8_t *a, const int8_t *b, size_t n);

    /// The inner products of a query with `count` rows that follow one another.
    void (*rows_f32)(const float *query, const float *rows, size_t stride, size_t count, size_t n, float *out);
    /// The inner products of a query with the listed rows, fetched ahead.
    void (*gather_f32)(
        const float *query, const float *rows, size_t stride, const uint32_t *list, size_t count, size_t n,
        float *out);
    /// The inner products of a query with `count` rows that follow one another.
    void (*rows_i8)(const int8_t *query, const int8_t *rows, size_t stride, size_t count, size_t n, int32_t *out);
    /// The inner products of a query with the listed rows, fetched ahead.
    void (*gather_i8)(
        const int8_t *query, const int8_t *rows, size_t stride, const uint32_t *list, size_t count, size_t n,
        int32_t *out);
    /// The inner products of several queries with `count` rows; row `r` of query `q` goes to `out[q * count + r]`.
    void (*batch_i8)(
        const int8_t *queries, size_t query_stride, size_t query_count, const int8_t *rows, size_t stride,
        size_t count, size_t n, int32_t *out);

    /// The largest magnitude among the components; NaN or infinity when one of them is.
    float (*max_abs)(const float *v, size_t n);
    /// Multiplies every component, rounding once.
    void (*scale_f32)(const float *v, size_t n, double factor, float *out);
    /// Writes codes in −127…127 so that `v` is near `scale * codes`, and returns the scale, which is the largest
    /// magnitude over 127. `squared_error` gets the squared length of what the codes lose. `v` must be finite.
    float (*quantize)(const float *v, size_t n, int8_t *codes, double *squared_error);
    /// Lists the rows that stay candidates, in order, and returns how many there are: those with a wanted bit and
    /// `dot * scale * query_scale + error * error_factor + slack >= threshold`. `out` has room for `count`.
    size_t (*select_rows)(
        const int32_t *dots, const float *scales, const float *errors, const uint8_t *bits, size_t count,
        vk_bound bound, uint32_t *out);
} vk_kernels;

/// How looking up a set by name ended.
typedef enum {
    VK_FOUND = 0,
    /// No set has that name.
    VK_UNKNOWN = 1,
    /// The set exists, but this processor or this build cannot run it.
    VK_UNSUPPORTED = 2,
} vk_status;

/// Looks up a set by name; `found` is written only when the answer is `VK_FOUND`.
vk_status vk_find(const char *name, const vk_kernels **found);

/// The fastest set that this processor can run.
const vk_kernels *vk_best(void);

/// The number of sets that have a name, and the name of each, slowest first; NULL past the end.
size_t vk_set_count(void);
const char *vk_set_name(size_t index);

#endif
