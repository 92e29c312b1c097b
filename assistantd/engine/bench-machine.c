/* SPDX-License-Identifier: MIT */
/* What the machine could do at most, and the kernels by themselves. */
#include <errno.h>
#include <stdio.h>

#include "assistantd/engine/bench.h"

int bench_read(struct bench *b)
{
	/* About as long as the generation that it stands beside: a shorter one meets the
	 * machine's best moments, or its worst. */
	uint64_t n = (b->generate + 1) / 2;
	double seconds = 0.0;

	for (uint64_t i = 0; i < n; i++)
		seconds += 1.0 / bm_peak_read(b->vm.model);
	return bench_sample(b, "read", "mapping", (double)n / seconds, "bytes/s", NULL);
}

int bench_int8(struct bench *b)
{
	double peak = bm_peak_int8(b->vm.model);

	if (peak == 0.0)
		return bench_unavailable(b, "int8", "registers",
					 "these kernels have no int8 products of their own");
	return bench_sample(b, "int8", "registers", peak, "operations/s", NULL);
}

static int tell_line(void *arg, const struct bm_kernel_speed *s)
{
	json_t *line = json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:f, s:f, s:f}", "measurement",
				 "kernels", "set", s->set, "kernel", s->kernel, "rows",
				 (int)s->rows, "cols", (int)s->cols, "vectors", (int)s->vectors,
				 "seconds", s->seconds, "operations", s->operations, "bytes",
				 s->bytes);

	if (!line || json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) < 0) {
		json_decref(line);
		return -ENOMEM;
	}
	putchar('\n');
	json_decref(line);
	return 0;
}

static int tell_row(void *arg, const struct bm_kernel_speed *s)
{
	printf("%-12s %-10s %5u x %-5u %3u vectors %10.3f us %8.1f Gop/s %7.1f GB/s\n", s->set,
	       s->kernel, s->rows, s->cols, s->vectors, 1e6 * s->seconds,
	       1e-9 * s->operations / s->seconds, 1e-9 * s->bytes / s->seconds);
	return 0;
}

int bench_kernels(uint32_t rows, uint32_t cols, bool as_json)
{
	return bm_kernel_speeds(rows, cols, as_json ? tell_line : tell_row, NULL);
}
