// The walk over a graph, included by shared.h for every instruction set.
#ifndef CVECTORKERNELS_WALK_H
#define CVECTORKERNELS_WALK_H

#define VK_EXPANDED 0x80000000u
#define VK_LINKS_MAX (2 * VK_LINK_WORDS_MAX)
// The rows that one step of a filtered walk may collect: its own links, and those of the last row passed through.
#define VK_STEP_MAX (3 * VK_LINKS_MAX)
// Rows fetched ahead of the distances: 12 to 16 cover a memory access, and more than 8 KiB in flight gains nothing.
#define VK_WALK_AHEAD_BYTES 8192

static inline size_t walk_ahead(size_t row_bytes) {
    const size_t ahead = VK_WALK_AHEAD_BYTES / row_bytes;
    return ahead < 4 ? 4 : ahead > 16 ? 16 : ahead;
}

// The even link of a word is its low half.
static inline void load_links(const vk_graph *g, uint32_t row, uint32_t *ids) {
    const uint64_t *words = g->links + (size_t)row * g->link_words;
    for (size_t w = 0; w < g->link_words; w++) {
        const uint64_t word = vk_load(words + w);
        ids[2 * w] = (uint32_t)word;
        ids[2 * w + 1] = (uint32_t)(word >> 32);
    }
}

static inline void prefetch_links(const vk_graph *g, uint32_t row) {
    prefetch_row(g->links + (size_t)row * g->link_words, g->link_words * sizeof(uint64_t));
}

static inline int visit(uint32_t *visited, uint32_t row) {
    uint32_t *word = visited + (row >> 5);
    const uint32_t bit = 1u << (row & 31);
    const int is_new = (*word & bit) == 0;
    *word |= bit;
    return is_new;
}

#ifndef VK_OWN_UNVISITED
// Lists the rows below the limit that have not been visited, and visits them. `ids` has no row twice.
static inline size_t list_unvisited(
    const uint32_t *ids, size_t id_count, uint32_t row_limit, uint32_t *visited, uint32_t *out) {
    size_t count = 0;
    for (size_t i = 0; i < id_count; i++) {
        if (ids[i] >= row_limit) continue;
        out[count] = ids[i];
        count += (size_t)visit(visited, ids[i]);
    }
    return count;
}
#endif

// Lists the links of a row that have not been visited, and visits them; `out` has room for all links and 16 more.
static inline size_t collect(const vk_graph *g, const vk_walk *w, uint32_t row, uint32_t *out) {
    uint32_t ids[VK_LINKS_MAX];
    load_links(g, row, ids);
    return list_unvisited(ids, 2 * g->link_words, w->row_limit, w->visited, out);
}

static inline int passes(const vk_walk *w, uint32_t row) {
    if (w->tag_bits) return ((vk_load(w->tag_bits + (row >> 3)) >> (8 * (row & 7))) & w->wanted_bits) != 0;
    if (!w->key_bits) return w->test(w->context, row);
    const uint64_t place = w->keys[row] - w->key_first;
    return place < w->key_span && (int)(w->key_bits[place >> 6] >> (place & 63)) & 1;
}

static inline void fetch_row(const vk_graph *g, uint32_t row) {
    prefetch_row(g->codes + (size_t)row * g->code_stride, g->code_stride);
    __builtin_prefetch(g->scales + row);
    if (g->metric != VK_COSINE) __builtin_prefetch(g->lengths + row);
}

// Under the inner product, long vectors are near everything and triangles prove nothing. One component more, the height
// √(reach − length²), puts all rows on a sphere of radius √reach, where the nearest of a query without height are those
// of the largest inner product (Bachrach et al. 2014). Links are chosen there; searches never see a height.
static inline float height(const vk_graph *g, uint32_t row) {
    const float square = g->reach - g->lengths[row] * g->lengths[row];
    return square > 0 ? __builtin_sqrtf(square) : 0;
}

// What a row's score has besides the inner product of the components.
static inline float row_term(const vk_graph *g, float lift, uint32_t row) {
    if (g->metric == VK_L2) return -0.5f * g->lengths[row] * g->lengths[row];
    return lift == 0 ? 0 : lift * height(g, row);
}

// Scores `count` rows; `rows` has room for three more.
static inline void score_rows(
    const vk_graph *g, const int8_t *query, float query_scale, float lift, int32_t bias, uint32_t *rows, size_t count,
    float *scores) {
    const size_t ahead = walk_ahead(g->code_stride);
    for (size_t i = 0; i < count && i < ahead; i++) fetch_row(g, rows[i]);
    for (size_t i = count; i % 4 != 0; i++) rows[i] = rows[0];
    const int8_t *codes = g->codes;
    const size_t stride = g->code_stride;
    for (size_t i = 0; i < count; i += 4) {
        for (size_t p = i + ahead; p < i + ahead + 4 && p < count; p++) fetch_row(g, rows[p]);
        int32_t dots[4];
        dot4_i8(
            query, codes + rows[i] * stride, codes + rows[i + 1] * stride, codes + rows[i + 2] * stride,
            codes + rows[i + 3] * stride, stride, bias, dots);
        for (size_t j = 0; j < 4; j++) scores[i + j] = (float)dots[j] * (g->scales[rows[i + j]] * query_scale);
    }
    if (g->metric == VK_COSINE) return;
    for (size_t i = 0; i < count; i++) scores[i] += row_term(g, lift, rows[i]);
}

// Puts scored rows into the pool and returns the best place that changed, or the pool's new size when none did.
static inline size_t admit(
    vk_candidate *pool, size_t *size, size_t ef, const uint32_t *rows, const float *scores, size_t count) {
    size_t n = *size, lowest = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        const float score = scores[i];
        if (n == ef && score <= pool[n - 1].score) continue;
        size_t at = n < ef ? n++ : n - 1;
        while (at > 0 && pool[at - 1].score < score) {
            pool[at] = pool[at - 1];
            at--;
        }
        pool[at].score = score;
        pool[at].row = rows[i];
        if (at < lowest) lowest = at;
    }
    *size = n;
    return lowest;
}

static inline void start_walk(const vk_graph *g, vk_walk *w, int32_t bias, size_t *size) {
    memset(w->visited, 0, ((size_t)w->row_limit + 31) / 32 * sizeof(uint32_t));
    w->distance_count = 0;
    w->hop_count = 0;
    *size = 0;
    if (w->skipped_row < w->row_limit) visit(w->visited, w->skipped_row);
    for (size_t e = 0; e < w->entry_count; e++) {
        uint32_t row[4] = {w->entries[e]};
        float score[4];
        if (row[0] >= w->row_limit || !visit(w->visited, row[0])) continue;
        score_rows(g, w->query, w->query_scale, w->lift, bias, row, 1, score);
        w->distance_count++;
        admit(w->pool, size, w->ef, row, score, 1);
    }
}

static inline size_t next_open(const vk_candidate *pool, size_t at, size_t size) {
    while (at < size && (pool[at].row & VK_EXPANDED)) at++;
    return at;
}

// A walk between two steps: which candidate it expands, and the rows that it is about to score.
typedef struct {
    size_t at, size, row_count;
    int32_t bias;
    uint32_t rows[VK_LINKS_MAX + 16];
} vk_step;

static inline void begin(const vk_graph *g, vk_walk *w, vk_step *s) {
    s->bias = bias_i8(w->query, g->code_stride);
    start_walk(g, w, s->bias, &s->size);
    s->at = 0;
}

// Lists the rows that the best open candidate leads to.
static inline void expand(const vk_graph *g, vk_walk *w, vk_step *s) {
    const uint32_t row = w->pool[s->at].row;
    w->pool[s->at].row |= VK_EXPANDED;
    s->row_count = collect(g, w, row, s->rows);
}

// Scores the listed rows and goes on to the best candidate that is open.
static inline void absorb(const vk_graph *g, vk_walk *w, vk_step *s) {
    float scores[VK_LINKS_MAX + 16];
    vk_candidate *pool = w->pool;
    // Most often the next row to expand is the next in the pool: its links arrive while the distances are computed.
    const size_t next = next_open(pool, s->at + 1, s->size);
    if (next < s->size) prefetch_links(g, pool[next].row);
    score_rows(g, w->query, w->query_scale, w->lift, s->bias, s->rows, s->row_count, scores);
    w->distance_count += s->row_count;
    w->hop_count++;
    const size_t lowest = admit(pool, &s->size, w->ef, s->rows, scores, s->row_count);
    s->at = next_open(pool, lowest < s->at + 1 ? lowest : s->at + 1, s->size);
    if (s->at < s->size) prefetch_links(g, pool[s->at].row);
}

static inline size_t finish(vk_walk *w, const vk_step *s) {
    for (size_t i = 0; i < s->size; i++) w->pool[i].row &= ~VK_EXPANDED;
    return s->size;
}

static size_t walk(const vk_graph *g, vk_walk *w) {
    vk_step step;
    begin(g, w, &step);
    while (step.at < step.size) {
        expand(g, w, &step);
        absorb(g, w, &step);
    }
    return finish(w, &step);
}

// While the codes of one walk's rows are on their way, the others take their steps.
static void walk_batch(const vk_graph *g, vk_walk *walks, size_t count, size_t *found) {
    vk_step steps[VK_BATCH_MAX];
    const size_t ahead = walk_ahead(g->code_stride);
    size_t open = 0;
    uint8_t running[VK_BATCH_MAX];
    for (size_t i = 0; i < count; i++) {
        begin(g, walks + i, steps + i);
        steps[i].row_count = 0;
        if (steps[i].at < steps[i].size) {
            expand(g, walks + i, steps + i);
            running[open++] = (uint8_t)i;
        }
    }
    while (open > 0) {
        size_t kept = 0;
        for (size_t r = 0; r < open; r++) {
            const size_t i = running[r];
            vk_step *s = steps + i;
            absorb(g, walks + i, s);
            if (s->at >= s->size) continue;
            running[kept++] = (uint8_t)i;
            expand(g, walks + i, s);
            for (size_t p = 0; p < s->row_count && p < ahead; p++) fetch_row(g, s->rows[p]);
        }
        open = kept;
    }
    for (size_t i = 0; i < count; i++) found[i] = finish(walks + i, steps + i);
}

// Rows that pass are scored; those that do not are passed through to their own links while the step has few rows.
static inline size_t collect_passing(const vk_graph *g, const vk_walk *w, uint32_t row, uint32_t *out) {
    uint32_t bridges[VK_LINKS_MAX + 16];
    // Half as many as an unfiltered step may find: more would score rows that are far from the goal.
    const size_t wanted = g->link_words;
    const size_t linked = collect(g, w, row, bridges);
    if (w->keys) {
        for (size_t i = 0; i < linked; i++) __builtin_prefetch(w->keys + bridges[i]);
    }
    size_t count = 0, bridge_count = 0;
    for (size_t i = 0; i < linked; i++) {
        const uint32_t id = bridges[i];
        if (passes(w, id)) {
            out[count++] = id;
        } else {
            bridges[bridge_count++] = id;
        }
    }
    for (size_t b = 0; b < bridge_count && b < 4; b++) prefetch_links(g, bridges[b]);
    for (size_t b = 0; b < bridge_count && count < wanted; b++) {
        if (b + 4 < bridge_count) prefetch_links(g, bridges[b + 4]);
        uint32_t ids[VK_LINKS_MAX];
        load_links(g, bridges[b], ids);
        if (w->keys) {
            for (size_t i = 0; i < 2 * g->link_words; i++) __builtin_prefetch(w->keys + ids[i]);
        }
        for (size_t i = 0; i < 2 * g->link_words; i++) {
            if (ids[i] >= w->row_limit || !passes(w, ids[i])) continue;
            out[count] = ids[i];
            count += (size_t)visit(w->visited, ids[i]);
        }
    }
    return count;
}

static size_t walk_filtered(const vk_graph *g, vk_walk *w) {
    const int32_t bias = bias_i8(w->query, g->code_stride);
    vk_candidate *pool = w->pool;
    size_t n;
    start_walk(g, w, bias, &n);
    uint32_t rows[VK_STEP_MAX];
    float scores[VK_STEP_MAX];
    size_t at = 0;
    while (at < n) {
        const uint32_t row = pool[at].row;
        pool[at].row |= VK_EXPANDED;
        const size_t count = collect_passing(g, w, row, rows);
        score_rows(g, w->query, w->query_scale, w->lift, bias, rows, count, scores);
        w->distance_count += count;
        w->hop_count++;
        const size_t lowest = admit(pool, &n, w->ef, rows, scores, count);
        at = next_open(pool, lowest < at + 1 ? lowest : at + 1, n);
        if (at < n) prefetch_links(g, pool[at].row);
    }
    for (size_t i = 0; i < n; i++) pool[i].row &= ~VK_EXPANDED;
    return n;
}

#endif
