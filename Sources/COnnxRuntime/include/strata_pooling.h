// From token states to sentence vectors.

#ifndef STRATA_POOLING_H
#define STRATA_POOLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// out = the mean of the first `dimension` floats of `count` rows, each `stride` floats after the one before; count is at
// least 1 and stride at least dimension.
void strata_pool_mean(const float *rows, size_t count, size_t stride, size_t dimension, float *out);

// Scales a vector to unit length; false, and the vector left as it was, when its length is zero or not finite.
bool strata_scale_to_unit_length(float *vector, size_t dimension);

// Widens IEEE 754 half-precision numbers, subnormals, infinities and NaN included.
void strata_widen_float16(const uint16_t *halves, size_t count, float *out);

#endif
