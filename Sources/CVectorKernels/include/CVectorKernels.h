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
    /// What a row's length and its square are multiplied by, where rows have lengths of their own.
    float length_factor;
    float square_factor;
    /// The lowest upper bound that stays.
    float threshold;
    /// A row stays only when its bits and these have one in common.
    uint8_t wanted_bits;
} vk_bound;

/// A row that a walk has scored, or that a pruning may keep.
typedef struct {
    /// The estimate of the cosine, higher is nearer.
    float score;
    /// The row; inside a walk the top bit says that it has been expanded.
    uint32_t row;
} vk_candidate;

/// What a higher score means.
typedef enum {
    /// The inner product of rows of unit length.
    VK_COSINE = 0,
    /// The inner product.
    VK_DOT = 1,
    /// The inner product less half the row's squared length, which orders rows as their distance to the query does.
    VK_L2 = 2,
} vk_metric;

/// A navigable graph over quantised rows. Rows are below 2^31.
///
/// A row of links holds `2 * link_words` row numbers, two in a word, the even one in the low half; `VK_NO_ROW` stands
/// for none. Words are read and written atomically, so that walks and changes may run at the same time. A row's code and
/// scale are complete before any link names it.
typedef struct {
    const int8_t *codes;
    /// Bytes from one row of codes to the next, a multiple of 64; the bytes past the components are 0.
    size_t code_stride;
    const float *scales;
    vk_metric metric;
    /// The rows' lengths; not looked at when all are 1, as under VK_COSINE.
    const float *lengths;
    /// Under VK_DOT: no less than any row's squared length.
    float reach;
    uint64_t *links;
    /// At most VK_LINK_WORDS_MAX.
    size_t link_words;
    /// One bit a row: those that no new link may name. Only changes look at it.
    const uint64_t *dead;
    /// Spin locks for changes; the lock of a row is `locks[row & lock_mask]`. Walks take none.
    uint8_t *locks;
    size_t lock_mask;
} vk_graph;

#define VK_NO_ROW 0xffffffffu
#define VK_LINK_WORDS_MAX 48
/// The most walks of a batch.
#define VK_BATCH_MAX 8

/// One walk: what to look for, and the memory to do it in.
typedef struct {
    const int8_t *query;
    float query_scale;
    /// The query's height (see links.h) when a row is the query, for a change of links; 0 for a search.
    float lift;
    const uint32_t *entries;
    size_t entry_count;
    /// Rows from here on do not exist for this walk.
    uint32_t row_limit;
    /// A row that is neither scored nor passed through; VK_NO_ROW for none.
    uint32_t skipped_row;
    /// The number of candidates to keep.
    size_t ef;
    /// The filter of a filtered walk: a byte a row, eight in a word, of which one bit must be among the wanted ones; or,
    /// when that is NULL, a bit for each key of `key_span` from `key_first` on, where row `r` has the key `keys[r]`; or,
    /// when that is NULL too, a function.
    const uint64_t *tag_bits;
    uint8_t wanted_bits;
    const uint64_t *keys;
    const uint64_t *key_bits;
    uint64_t key_first;
    uint64_t key_span;
    int (*test)(const void *context, uint32_t row);
    const void *context;
    /// Room for a bit for each row below the limit.
    uint32_t *visited;
    /// Room for `ef` candidates; the best so far, best first.
    vk_candidate *pool;
    /// How many distances were computed, and how many rows were expanded.
    size_t distance_count;
    size_t hop_count;
} vk_walk;

/// How a graph's links are chosen.
typedef struct {
    /// The most links of a row when it is written as a whole, at most `2 * link_words`.
    size_t degree;
    /// How much nearer a kept neighbour must be to a candidate than the row is, in squared distance, to stand for it.
    float alpha;
} vk_link_rule;

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
    /// The squared distance of two vectors, accumulated in double precision.
    double (*distance_wide)(const float *a, const float *b, size_t n);
    /// The inner product of two vectors of signed bytes, exact for every value.
    int32_t (*dot_i8)(const int8_t *a, const int8_t *b, size_t n);

    /// The inner products of a query with `count` rows that follow one another.
    void (*rows_f32)(const float *query, const float *rows, size_t stride, size_t count, size_t n, float *out);
    /// The inner products of a query with the listed rows, fetched ahead.
    void (*gather_f32)(
        const float *query, const float *rows, size_t stride, const uint32_t *list, size_t count, size_t n,
        float *out);
    /// The same with the listed rows in double precision.
    void (*gather_wide)(
        const float *query, const float *rows, size_t stride, const uint32_t *list, size_t count, size_t n,
        double *out);
    /// The squared distances of a query to the listed rows in double precision.
    void (*gather_distance_wide)(
        const float *query, const float *rows, size_t stride, const uint32_t *list, size_t count, size_t n,
        double *out);
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
    /// `dot * scale * query_scale + error * error_factor + slack + length * length_factor + length² * square_factor >=
    /// threshold`, without the terms of the length when `lengths` is NULL. `out` has room for `count`.
    size_t (*select_rows)(
        const int32_t *dots, const float *scales, const float *errors, const float *lengths, const uint8_t *bits,
        size_t count, vk_bound bound, uint32_t *out);

    /// Best-first search of a graph; returns how many candidates are in the pool, best first.
    size_t (*walk)(const vk_graph *graph, vk_walk *walk);
    /// At most VK_BATCH_MAX walks, step by step in turn; `found[i]` gets what `walk` returns for each.
    void (*walk_batch)(const vk_graph *graph, vk_walk *walks, size_t count, size_t *found);
    /// The same over rows that pass the walk's filter, through at most one row that does not at a time. The entries may
    /// come back although they do not pass.
    size_t (*walk_filtered)(const vk_graph *graph, vk_walk *walk);
    /// Links a row that has no links yet: finds its neighbourhood by `walk`, of which `query`, `query_scale`, `lift` and
    /// `skipped_row` are set here, and writes links both ways. Returns how many rows link back: none when
    /// others stand for the row, and none without writing any link when eight rows with the same codes are linked. Several threads may link different rows.
    size_t (*link_row)(const vk_graph *graph, vk_walk *walk, uint32_t row, vk_link_rule rule);
    /// Mends the neighbourhood of a row that has died: rows near it that link to it get links to its neighbours instead.
    void (*unlink_row)(const vk_graph *graph, vk_walk *walk, uint32_t row, vk_link_rule rule);
    /// Replaces the links to dead rows in the live rows of a range; returns how many rows were changed.
    size_t (*mend_rows)(const vk_graph *graph, uint32_t first, uint32_t end, vk_link_rule rule);
} vk_kernels;

/// Atomic access to words that are read while they are written.
static inline uint64_t vk_load(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline void vk_store(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }

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
