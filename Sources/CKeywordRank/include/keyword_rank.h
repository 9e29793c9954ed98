#ifndef KEYWORD_RANK_H
#define KEYWORD_RANK_H

#include <stddef.h>
#include <stdint.h>

/// The settings of BM25 and the mean number of terms of a record.
typedef struct {
    double k1;
    double b;
    double length_mean;
} kr_parameters;

/// The postings of one term: blocks, one after another, with ascending keys.
///
/// A block is the number of its postings, then for each of them what its key adds to the one before (to 0 for the first of
/// a block), how often the term stands in the record, and how many terms the record has; all as LEB128 numbers.
typedef struct {
    const uint8_t *bytes;
    size_t byte_count;
    double weight;
} kr_list;

/// A record and its score.
typedef struct {
    int64_t key;
    double score;
} kr_hit;

/// Sums up BM25 over the lists and keeps the best records, best first, ties by key.
///
/// - lists: in the order in which a record's parts are added up.
/// - hits: room for `limit`, at least 1.
/// - found: how many records have a posting in any list.
///
/// Returns how many hits there are, or -1 when a list is damaged or memory is short.
long kr_search(const kr_list *lists, size_t list_count, kr_parameters parameters, kr_hit *hits, size_t limit,
               size_t *found);

/// The BM25 score of a record by its own terms, with the steps and the order of `kr_search`, so that both give the same bits.
///
/// - bytes: the number of the record's terms, then for each distinct one, ascending, what its number adds to the one
///   before and how often it stands there; all as LEB128 numbers.
/// - numbers, weights: the wanted terms.
///
/// Returns 0, or -1 when the bytes are damaged.
int kr_score(const uint8_t *bytes, size_t byte_count, const int64_t *numbers, const double *weights, size_t count,
             kr_parameters parameters, double *score);

#endif
