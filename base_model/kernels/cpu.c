/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base_model/kernels/kernels.h"

unsigned cpu_features(void)
{
	const char *mask = getenv("ASSISTANTD_CPU_MASK");
	unsigned features = 0;

#ifdef ARCH_X86_64
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		features |= CPU_AVX2;
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
	    __builtin_cpu_supports("avx512vnni"))
		features |= CPU_AVX512;
	if (__builtin_cpu_supports("avx512bf16"))
		features |= CPU_AVX512_BF16;
#endif
	return mask ? features & (unsigned)strtoul(mask, NULL, 0) : features;
}

const struct kernels *kernels_choose(void)
{
#ifdef ARCH_X86_64
	unsigned features = cpu_features();

	if (features & CPU_AVX512)
		return &kernels_avx512;
	if (features & CPU_AVX2)
		return &kernels_avx2;
#endif
	return &kernels_generic;
}
