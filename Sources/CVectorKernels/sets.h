#ifndef CVECTORKERNELS_SETS_H
#define CVECTORKERNELS_SETS_H

#include "CVectorKernels.h"

extern const vk_kernels vk_scalar;
#if defined(__x86_64__)
extern const vk_kernels vk_avx2;
extern const vk_kernels vk_avxvnni;
extern const vk_kernels vk_avx512;
#elif defined(__aarch64__)
extern const vk_kernels vk_neon;
extern const vk_kernels vk_neondot;
#endif

#endif
