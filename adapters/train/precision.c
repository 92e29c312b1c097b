/* SPDX-License-Identifier: MIT */
#include "adapters/train/precision.h"

/* The step up that saves most loss for a byte: false where none fits or saves any. */
static bool find_step(const struct precision *p, size_t n, size_t types, uint64_t left,
		      size_t *matrix, size_t *type)
{
	double most = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = p[i].chosen + 1; k < types; k++) {
			uint64_t bytes = p[i].bytes[k] - p[i].bytes[p[i].chosen];
			double saved = p[i].loss[p[i].chosen] - p[i].loss[k];

			if (bytes == 0 || bytes > left || saved / (double)bytes <= most)
				continue;
			most = saved / (double)bytes;
			*matrix = i;
			*type = k;
		}
	return most > 0;
}

uint64_t precision_choose(struct precision *p, size_t n, size_t types, uint64_t budget)
{
	size_t matrix, type;
	uint64_t all = 0;

	for (size_t i = 0; i < n; i++) {
		p[i].chosen = 0;
		all += p[i].bytes[0];
	}
	while (all < budget && find_step(p, n, types, budget - all, &matrix, &type)) {
		all += p[matrix].bytes[type] - p[matrix].bytes[p[matrix].chosen];
		p[matrix].chosen = type;
	}
	return all;
}
