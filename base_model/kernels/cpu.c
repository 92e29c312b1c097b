/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base_model/kernels/kernels.h"

#if defined(ARCH_X86_64)
#include <cpuid.h>

static unsigned features_present(void)
{
	unsigned features = 0, a, b, c, d;

	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
	    __get_cpuid(1, &a, &b, &c, &d) && c & bit_F16C)
		features |= CPU_AVX2;
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
		features |= CPU_AVX512_PAIRS;
	if (features & CPU_AVX512_PAIRS && __builtin_cpu_supports("avx512vnni"))
		features |= CPU_AVX512;
	if (__builtin_cpu_supports("avx512bf16"))
		features |= CPU_AVX512_BF16;
	return features;
}

#elif defined(ARCH_AARCH64)
#include <sys/auxv.h>

#include <asm/hwcap.h>

static unsigned features_present(void)
{
	return getauxval(AT_HWCAP) & HWCAP_ASIMDDP ? CPU_NEON_DOT : 0;
}

#else

static unsigned features_present(void)
{
	return 0;
}

#endif

unsigned cpu_features(void)
{
	const char *mask = getenv("ASSISTANTD_CPU_MASK");
	unsigned features = features_present();

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
	{ CPU_AVX2 | CPU_AVX512_PAIRS, &kernels_avx512_pairs },
	{ CPU_AVX512, &kernels_avx512 },
#elif defined(ARCH_AARCH64)
	{ CPU_NEON_DOT, &kernels_neon },
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

void cpu_relax(void)
{
#if defined(ARCH_X86_64)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}
