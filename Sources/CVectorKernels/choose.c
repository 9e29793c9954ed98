#include <string.h>

#include "sets.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

typedef struct {
    const char *name;
    // NULL when the set is for another architecture than this build's.
    const vk_kernels *kernels;
    int (*runs_here)(void);
} vk_entry;

static int always(void) { return 1; }

#if defined(__x86_64__)

// These checks of the compiler's also ask the operating system whether it saves the wide registers.
static int has_avx2(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static int has_avxvnni(void) { return has_avx2() && __builtin_cpu_supports("avxvnni"); }

// AVX-512 without VNNI gains nothing over AVX2 here, so that there is one set and not two.
static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512vnni");
}

#define VK_X86(symbol) &symbol
#define VK_X86_CHECK(function) function
#define VK_ARM(symbol) NULL
#define VK_ARM_CHECK(function) always

#elif defined(__aarch64__)

static int has_dotprod(void) {
#if defined(__ARM_FEATURE_DOTPROD)
    return 1;
#elif defined(__linux__)
    return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
    return 0;
#endif
}

#define VK_X86(symbol) NULL
#define VK_X86_CHECK(function) always
#define VK_ARM(symbol) &symbol
#define VK_ARM_CHECK(function) function

#else

#define VK_X86(symbol) NULL
#define VK_X86_CHECK(function) always
#define VK_ARM(symbol) NULL
#define VK_ARM_CHECK(function) always

#endif

static const vk_entry entries[] = {
    {"scalar", &vk_scalar, always},
    {"avx2", VK_X86(vk_avx2), VK_X86_CHECK(has_avx2)},
    {"avxvnni", VK_X86(vk_avxvnni), VK_X86_CHECK(has_avxvnni)},
    {"avx512", VK_X86(vk_avx512), VK_X86_CHECK(has_avx512)},
    {"neon", VK_ARM(vk_neon), always},
    {"neondot", VK_ARM(vk_neondot), VK_ARM_CHECK(has_dotprod)},
};

size_t vk_set_count(void) { return sizeof entries / sizeof entries[0]; }

const char *vk_set_name(size_t index) { return index < vk_set_count() ? entries[index].name : NULL; }

vk_status vk_find(const char *name, const vk_kernels **found) {
    for (size_t i = 0; i < vk_set_count(); i++) {
        if (strcmp(entries[i].name, name) != 0) continue;
        if (entries[i].kernels == NULL || !entries[i].runs_here()) return VK_UNSUPPORTED;
        *found = entries[i].kernels;
        return VK_FOUND;
    }
    return VK_UNKNOWN;
}

const vk_kernels *vk_best(void) {
    const vk_kernels *best = &vk_scalar;
    for (size_t i = 0; i < vk_set_count(); i++) vk_find(entries[i].name, &best);
    return best;
}
