#include "keyword_rank.h"

#include <stdlib.h>
#include <string.h>

// Both functions must give the same scores to the last bit, so no multiply and add may be fused.
#pragma STDC FP_CONTRACT OFF

// As many keys as are scored at a time: their sums stay in the first-level cache.
enum { window_keys = 2048 };

// Lengths whose part of the formula is worked out once a search.
enum { known_lengths = 512 };

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    uint64_t waiting;  // postings of the block behind the current one
    int64_t key;       // INT64_MAX at the end of the list
    uint64_t frequency;
    uint64_t length;
    double weight;
} cursor;

static int number(const uint8_t **at, const uint8_t *end, uint64_t *value) {
    const uint8_t *p = *at;
    if (p == end) return -1;
    if (*p < 0x80) {
        *value = *p;
        *at = p + 1;
        return 0;
    }
    uint64_t sum = 0;
    for (int shift = 0; p < end && shift < 63; shift += 7) {
        uint64_t byte = *p++;
        sum |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = sum;
            *at = p;
            return 0;
        }
    }
    return -1;
}

static int advance(cursor *c) {
    uint64_t step;
    int isFirst = 0;
    if (c->waiting == 0) {
        if (c->at == c->end) {
            c->key = INT64_MAX;
            return 0;
        }
        if (number(&c->at, c->end, &c->waiting) != 0 || c->waiting == 0) return -1;
        isFirst = 1;
    }
    c->waiting--;
    if (number(&c->at, c->end, &step) != 0 || number(&c->at, c->end, &c->frequency) != 0 ||
        number(&c->at, c->end, &c->length) != 0 || step > (uint64_t)1 << 62) {
        return -1;
    }
    int64_t key = isFirst ? (int64_t)step : c->key + (int64_t)step;
    // Keys that do not ascend would be looked for in a window that has passed.
    if (key <= c->key) return -1;
    c->key = key;
    return 0;
}

static double norm(kr_parameters p, uint64_t length) {
    return p.k1 * (1 - p.b + p.b * (double)length / p.length_mean);
}

static double part(kr_parameters p, double weight, uint64_t frequency, double norm) {
    return weight * ((double)frequency * (p.k1 + 1) / ((double)frequency + norm));
}

static int is_worse(kr_hit a, kr_hit b) { return a.score < b.score || (a.score == b.score && a.key > b.key); }

// A heap whose root is the worst hit.
static void sink(kr_hit *hits, size_t count, size_t at) {
    kr_hit moved = hits[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) break;
        if (child + 1 < count && is_worse(hits[child + 1], hits[child])) child++;
        if (!is_worse(hits[child], moved)) break;
        hits[at] = hits[child];
        at = child;
    }
    hits[at] = moved;
}

static size_t keep(kr_hit *hits, size_t count, size_t limit, kr_hit hit) {
    if (count == limit) {
        if (is_worse(hits[0], hit)) {
            hits[0] = hit;
            sink(hits, count, 0);
        }
        return count;
    }
    size_t at = count;
    while (at > 0 && is_worse(hit, hits[(at - 1) / 2])) {
        hits[at] = hits[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    hits[at] = hit;
    return count + 1;
}

long kr_search(const kr_list *lists, size_t list_count, kr_parameters parameters, kr_hit *hits, size_t limit,
               size_t *found) {
    double norms[known_lengths];
    for (uint64_t length = 0; length < known_lengths; length++) norms[length] = norm(parameters, length);
    double scores[window_keys] = {0};
    uint64_t touched[window_keys / 64] = {0};
    cursor *cursors = calloc(list_count ? list_count : 1, sizeof(cursor));
    if (!cursors) return -1;
    long count = 0;
    *found = 0;
    for (size_t i = 0; i < list_count; i++) {
        cursor *c = &cursors[i];
        *c = (cursor){.at = lists[i].bytes, .end = lists[i].bytes + lists[i].byte_count, .weight = lists[i].weight,
                      .key = -1};
        if (advance(c) != 0) goto damaged;
    }
    for (;;) {
        int64_t least = INT64_MAX;
        for (size_t i = 0; i < list_count; i++) {
            if (cursors[i].key < least) least = cursors[i].key;
        }
        if (least == INT64_MAX) break;
        int64_t base = least & ~(int64_t)(window_keys - 1);
        for (size_t i = 0; i < list_count; i++) {
            cursor *c = &cursors[i];
            while (c->key - base < window_keys) {
                int64_t slot = c->key - base;
                double held_back = c->length < known_lengths ? norms[c->length] : norm(parameters, c->length);
                scores[slot] += part(parameters, c->weight, c->frequency, held_back);
                touched[slot / 64] |= (uint64_t)1 << (slot % 64);
                if (advance(c) != 0) goto damaged;
            }
        }
        for (int word = 0; word < window_keys / 64; word++) {
            while (touched[word]) {
                int slot = word * 64 + __builtin_ctzll(touched[word]);
                touched[word] &= touched[word] - 1;
                count = (long)keep(hits, (size_t)count, limit, (kr_hit){base + slot, scores[slot]});
                scores[slot] = 0;
                (*found)++;
            }
        }
    }
    free(cursors);
    // The heap gives its worst hit first: taken out from the back, the hits come to lie best first.
    for (size_t rest = (size_t)count; rest > 1; rest--) {
        kr_hit worst = hits[0];
        hits[0] = hits[rest - 1];
        sink(hits, rest - 1, 0);
        hits[rest - 1] = worst;
    }
    return count;
damaged:
    free(cursors);
    return -1;
}

int kr_score(const uint8_t *bytes, size_t byte_count, const int64_t *numbers, const double *weights, size_t count,
             kr_parameters parameters, double *score) {
    const uint8_t *begin = bytes, *end = bytes + byte_count;
    uint64_t length;
    if (number(&begin, end, &length) != 0) return -1;
    double held_back = norm(parameters, length);
    *score = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = begin;
        int64_t term = 0;
        while (at < end && term < numbers[i]) {
            uint64_t step, frequency;
            if (number(&at, end, &step) != 0 || number(&at, end, &frequency) != 0 || step > (uint64_t)1 << 62) return -1;
            term += (int64_t)step;
            if (term == numbers[i]) *score += part(parameters, weights[i], frequency, held_back);
        }
    }
    return 0;
}
