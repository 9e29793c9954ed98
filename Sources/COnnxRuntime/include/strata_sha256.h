// SHA-256 (FIPS 180-4) for files of tens of megabytes.
//
// StrataCore has the same hash in Swift, which is slow in debug builds; this one is used where a whole model file is read.

#ifndef STRATA_SHA256_H
#define STRATA_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t state[8];
    uint64_t byte_count;
    uint8_t pending[64];
} StrataSHA256;

void strata_sha256_begin(StrataSHA256 *hash);
void strata_sha256_update(StrataSHA256 *hash, const void *bytes, size_t count);
void strata_sha256_finish(StrataSHA256 *hash, uint8_t digest[32]);

#endif
