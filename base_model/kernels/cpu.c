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

/* Each as fast as the one before it, or faster. */
static const struct {
	unsigned needs;
	const struct kernels *kernels;
} sets[] = {
	{ 0, &kernels_generic },
#ifdef ARCH_X86_64
	{ CPU_AVX2, &kernels_avx2 },
	{ CPU_AVX512, &kernels_avx512 },
#endif
};

const struct kernels *kernels_at(size_t index)
{
	unsigned features = cpu_features();

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		if ((features & sets[i].needs) == sets[i].needs && index-- == 0)
			return sets[i].kernels;
	return NULL;
}

const struct kernels *kernels_choose(void)
{
	const struct kernels *best = NULL, *k;

	for (size_t i = 0; (k = kernels_at(i)); i++)
		best = k;
	return best;
}
