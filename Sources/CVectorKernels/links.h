// Choosing and writing a graph's links, included by shared.h for every instruction set.
#ifndef CVECTORKERNELS_LINKS_H
#define CVECTORKERNELS_LINKS_H

#include <sched.h>

// A row's own links, and those of a few dead rows among them.
#define VK_UNION_MAX (5 * VK_LINKS_MAX)
// The most rows with the same codes that are linked.
#define VK_TWINS_MAX 8

static inline void lock_row(const vk_graph *g, uint32_t row) {
    uint8_t *lock = g->locks + (row & g->lock_mask);
    for (unsigned spins = 0; __atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0;) {
        if (++spins % 64 == 0) sched_yield();
    }
}

static inline void unlock_row(const vk_graph *g, uint32_t row) {
    __atomic_store_n(g->locks + (row & g->lock_mask), 0, __ATOMIC_RELEASE);
}

static inline int is_dead(const vk_graph *g, uint32_t row) { return (int)(g->dead[row >> 6] >> (row & 63)) & 1; }

// Links come first, VK_NO_ROW after them. Words that stay the same are left alone: their cache line stays shared.
static inline void store_links(const vk_graph *g, uint32_t row, const uint32_t *ids, size_t count) {
    uint64_t *words = g->links + (size_t)row * g->link_words;
    for (size_t w = 0; w < g->link_words; w++) {
        const uint64_t low = 2 * w < count ? ids[2 * w] : VK_NO_ROW;
        const uint64_t high = 2 * w + 1 < count ? ids[2 * w + 1] : VK_NO_ROW;
        const uint64_t word = low | high << 32;
        if (vk_load(words + w) != word) vk_store(words + w, word);
    }
}

static inline size_t link_count(const vk_graph *g, const uint32_t *ids) {
    size_t count = 0;
    while (count < 2 * g->link_words && ids[count] != VK_NO_ROW) count++;
    return count;
}

// Best first; equal ones by row, so that repetitions lie side by side.
static inline void sort_candidates(vk_candidate *list, size_t count) {
    for (size_t i = 1; i < count; i++) {
        const vk_candidate moved = list[i];
        size_t at = i;
        while (at > 0
               && (list[at - 1].score < moved.score
                   || (list[at - 1].score == moved.score && list[at - 1].row > moved.row))) {
            list[at] = list[at - 1];
            at--;
        }
        list[at] = moved;
    }
}

// The height of a row that is the query of a walk.
static inline float own_lift(const vk_graph *g, uint32_t row) { return g->metric == VK_DOT ? height(g, row) : 0; }

// The score that a row has with itself. Half the squared distance of two rows is what the score of one with the other
// as the query falls short of that.
static inline float self_score(const vk_graph *g, uint32_t row) {
    if (g->metric == VK_COSINE) return 1;
    return g->metric == VK_DOT ? g->reach : 0.5f * g->lengths[row] * g->lengths[row];
}

// RobustPrune of DiskANN (Subramanya et al. 2019) and FreshDiskANN (arXiv:2105.09613): of a row's candidates, best first,
// those that no kept one stands for. Among many equal vectors one would stand for all, and the others would lose their
// last links; so the best of those left out fill up to a third.
static inline size_t prune(
    const vk_graph *g, uint32_t centre, const vk_candidate *list, size_t count, vk_link_rule rule, uint32_t *kept) {
    const size_t stride = g->code_stride;
    const size_t degree_min = rule.degree / 3;
    const float best = self_score(g, centre);
    uint32_t left_out[VK_LINKS_MAX];
    size_t kept_count = 0, left_out_count = 0;
    for (size_t c = 0; c < count && kept_count < rule.degree; c++) {
        const uint32_t row = list[c].row;
        const int8_t *codes = g->codes + row * stride;
        // Above this score a kept row is near enough to the candidate to stand for it.
        const float bound = self_score(g, row) - (best - list[c].score) / rule.alpha;
        const float lift = own_lift(g, row);
        const int32_t bias = bias_i8(codes, stride);
        int is_kept = 1;
        for (size_t k = 0; is_kept && k < kept_count; k += 4) {
            uint32_t rows[4];
            int32_t dots[4];
            for (size_t j = 0; j < 4; j++) rows[j] = kept[k + j < kept_count ? k + j : k];
            dot4_i8(
                codes, g->codes + rows[0] * stride, g->codes + rows[1] * stride, g->codes + rows[2] * stride,
                g->codes + rows[3] * stride, stride, bias, dots);
            for (size_t j = 0; j < 4; j++) {
                float score = (float)dots[j] * (g->scales[rows[j]] * g->scales[row]);
                if (g->metric != VK_COSINE) score += row_term(g, lift, rows[j]);
                is_kept &= score < bound;
            }
        }
        if (is_kept) {
            kept[kept_count++] = row;
        } else if (left_out_count < degree_min) {
            left_out[left_out_count++] = row;
        }
    }
    for (size_t i = 0; i < left_out_count && kept_count < degree_min; i++) kept[kept_count++] = left_out[i];
    return kept_count;
}

// Scores rows against one row and sorts them.
static inline size_t rank_rows(
    const vk_graph *g, uint32_t row, uint32_t *rows, size_t count, vk_candidate *list) {
    float scores[VK_UNION_MAX + 16];
    const int8_t *codes = g->codes + row * g->code_stride;
    score_rows(
        g, codes, g->scales[row], own_lift(g, row), bias_i8(codes, g->code_stride), rows, count, scores);
    for (size_t i = 0; i < count; i++) list[i] = (vk_candidate){scores[i], rows[i]};
    sort_candidates(list, count);
    return count;
}

// Adds a link to a row that may be full; false when others stand for the target.
static inline int add_link(const vk_graph *g, uint32_t row, uint32_t target, vk_link_rule rule) {
    uint32_t ids[VK_LINKS_MAX + 16], kept[VK_LINKS_MAX + 16];
    vk_candidate list[VK_LINKS_MAX + 16];
    lock_row(g, row);
    load_links(g, row, ids);
    size_t count = link_count(g, ids);
    int is_there = 0;
    for (size_t i = 0; i < count; i++) is_there |= ids[i] == target;
    if (!is_there) {
        ids[count++] = target;
        if (count <= 2 * g->link_words) {
            store_links(g, row, ids, count);
        } else {
            rank_rows(g, row, ids, count, list);
            const size_t kept_count = prune(g, row, list, count, rule, kept);
            store_links(g, row, kept, kept_count);
            for (size_t i = 0; i < kept_count; i++) is_there |= kept[i] == target;
            unlock_row(g, row);
            return is_there;
        }
    }
    unlock_row(g, row);
    return 1;
}

static inline void aim_at_row(const vk_graph *g, vk_walk *w, uint32_t row) {
    w->query = g->codes + row * g->code_stride;
    w->query_scale = g->scales[row];
    w->lift = own_lift(g, row);
    w->skipped_row = row;
}

// How many of the best candidates have the row's very codes, and its length where lengths differ.
static inline size_t twin_count(const vk_graph *g, uint32_t row, const vk_candidate *list, size_t count) {
    size_t twins = 0;
    for (size_t i = 0; i < count && i < 2 * VK_TWINS_MAX; i++) {
        const uint32_t other = list[i].row;
        twins += memcmp(g->codes + other * g->code_stride, g->codes + row * g->code_stride, g->code_stride) == 0
            && (g->metric == VK_COSINE || g->lengths[other] == g->lengths[row]);
    }
    return twins;
}

static size_t link_row(const vk_graph *g, vk_walk *w, uint32_t row, vk_link_rule rule) {
    aim_at_row(g, w, row);
    const size_t found = walk(g, w);
    size_t count = 0;
    for (size_t i = 0; i < found; i++) {
        if (!is_dead(g, w->pool[i].row)) w->pool[count++] = w->pool[i];
    }
    // Walks end among equal rows when these fill the list and link to one another alone.
    if (twin_count(g, row, w->pool, count) >= VK_TWINS_MAX) return 0;
    uint32_t kept[VK_LINKS_MAX + 16];
    const size_t kept_count = prune(g, row, w->pool, count, rule, kept);
    store_links(g, row, kept, kept_count);
    size_t linked_back = 0;
    for (size_t i = 0; i < kept_count; i++) {
        if (i + 1 < kept_count) prefetch_links(g, kept[i + 1]);
        linked_back += (size_t)add_link(g, kept[i], row, rule);
    }
    return linked_back;
}

// Replaces a row's links to dead rows by links to the neighbours of those, at most three for each as in IP-DiskANN
// (arXiv:2502.13826). The links to live rows stay: pruning them again thinned the graph out, one delete after another.
static inline int mend_row(const vk_graph *g, uint32_t row, vk_link_rule rule) {
    uint32_t ids[VK_LINKS_MAX], rows[VK_UNION_MAX + 16], kept[VK_LINKS_MAX + 16];
    vk_candidate list[VK_UNION_MAX + 16];
    lock_row(g, row);
    load_links(g, row, ids);
    const size_t linked = link_count(g, ids);
    uint32_t mended[VK_LINKS_MAX];
    size_t count = 0, dead_count = 0;
    for (size_t i = 0; i < linked; i++) {
        if (is_dead(g, ids[i])) {
            ids[dead_count++] = ids[i];
        } else {
            mended[count] = ids[i];
            rows[count++] = ids[i];
        }
    }
    const size_t live_count = count;
    for (size_t d = 0; d < dead_count && count + VK_LINKS_MAX <= VK_UNION_MAX; d++) {
        uint32_t far[VK_LINKS_MAX];
        load_links(g, ids[d], far);
        for (size_t i = 0; i < 2 * g->link_words && far[i] != VK_NO_ROW; i++) {
            if (far[i] != row && !is_dead(g, far[i])) rows[count++] = far[i];
        }
    }
    if (dead_count > 0) {
        rank_rows(g, row, rows, count, list);
        size_t unique = 0;
        for (size_t i = 0; i < count; i++) {
            if (unique == 0 || list[unique - 1].row != list[i].row) list[unique++] = list[i];
        }
        const size_t kept_count = prune(g, row, list, unique, rule, kept);
        const size_t room = 2 * g->link_words, wanted = live_count + 3 * dead_count;
        size_t mended_count = live_count;
        for (size_t k = 0; k < kept_count && mended_count < room && mended_count < wanted; k++) {
            int is_there = 0;
            for (size_t i = 0; i < live_count; i++) is_there |= mended[i] == kept[k];
            if (!is_there) mended[mended_count++] = kept[k];
        }
        store_links(g, row, mended, mended_count);
    }
    unlock_row(g, row);
    return dead_count > 0;
}

static void unlink_row(const vk_graph *g, vk_walk *w, uint32_t row, vk_link_rule rule) {
    aim_at_row(g, w, row);
    const size_t found = walk(g, w);
    for (size_t i = 0; i < found; i++) {
        if (i + 1 < found) prefetch_links(g, w->pool[i + 1].row);
        const uint32_t near = w->pool[i].row;
        if (is_dead(g, near)) continue;
        uint32_t ids[VK_LINKS_MAX];
        load_links(g, near, ids);
        int names_row = 0;
        for (size_t l = 0; l < 2 * g->link_words; l++) names_row |= ids[l] == row;
        if (names_row) mend_row(g, near, rule);
    }
}

static size_t mend_rows(const vk_graph *g, uint32_t first, uint32_t end, vk_link_rule rule) {
    size_t changed = 0;
    for (uint32_t row = first; row < end; row++) {
        if (!is_dead(g, row)) changed += (size_t)mend_row(g, row, rule);
    }
    return changed;
}

#endif
