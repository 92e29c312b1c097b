/* SPDX-License-Identifier: MIT */
/* Samples and rows, and the model as the measurements use it. */
#include "assistantd/engine/bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "adapters/train/train.h"
#include "util/clock.h"
#include "util/macro.h"

#define LARGEST_BATCH 4096

struct bench_row {
	char measurement[24], variant[40], unit[16];
	double *samples;
	size_t n_samples;
};

double bench_clock(void)
{
	return clock_seconds(CLOCK_MONOTONIC);
}

static struct bench_row *find_row(struct bench *b, const char *measurement, const char *variant,
				  const char *unit)
{
	struct bench_row *grown;

	for (size_t i = 0; i < b->n_rows; i++)
		if (strcmp(b->rows[i].measurement, measurement) == 0 &&
		    strcmp(b->rows[i].variant, variant) == 0)
			return &b->rows[i];
	grown = reallocarray(b->rows, b->n_rows + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	b->rows = grown;
	grown = &b->rows[b->n_rows++];
	*grown = (struct bench_row){ 0 };
	snprintf(grown->measurement, sizeof(grown->measurement), "%s", measurement);
	snprintf(grown->variant, sizeof(grown->variant), "%s", variant);
	snprintf(grown->unit, sizeof(grown->unit), "%s", unit);
	return grown;
}

static int keep(struct bench *b, const char *measurement, const char *variant, double value,
		const char *unit)
{
	struct bench_row *row = find_row(b, measurement, variant, unit);
	double *grown;

	if (!row)
		return -ENOMEM;
	grown = reallocarray(row->samples, row->n_samples + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	grown[row->n_samples++] = value;
	row->samples = grown;
	return 0;
}

/* Takes over @line: one line of JSON, at once, for a reader that waits for it. */
static int put_line(json_t *line)
{
	int r = line ? json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) : -1;

	json_decref(line);
	if (r < 0)
		return -ENOMEM;
	putchar('\n');
	fflush(stdout);
	return 0;
}

int bench_sample(struct bench *b, const char *measurement, const char *variant, double value,
		 const char *unit, json_t *detail)
{
	json_t *line;

	if (!b->as_json) {
		json_decref(detail);
		return keep(b, measurement, variant, value, unit);
	}
	line = json_pack("{s:s, s:s, s:I, s:f, s:s}", "measurement", measurement, "variant",
			 variant, "round", (json_int_t)b->round, "value", value, "unit", unit);
	if (line && detail && json_object_update(line, detail) < 0) {
		json_decref(line);
		line = NULL;
	}
	json_decref(detail);
	return put_line(line);
}

int bench_unavailable(struct bench *b, const char *measurement, const char *variant,
		      const char *why)
{
	if (b->as_json)
		return put_line(json_pack("{s:s, s:s, s:s}", "measurement", measurement, "variant",
					  variant, "unavailable", why));
	if (b->round == 0)
		fprintf(stderr, "%s, %s: not measured: %s\n", measurement, variant, why);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double bench_median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2.0;
}

void bench_print_table(const struct bench *b)
{
	for (size_t i = 0; i < b->n_rows; i++) {
		const struct bench_row *row = &b->rows[i];

		printf("%-12s %-28s %12.6g %s\n", row->measurement, row->variant,
		       bench_median(row->samples, row->n_samples), row->unit);
	}
}

void bench_deinit(struct bench *b)
{
	for (size_t i = 0; i < b->n_rows; i++)
		free(b->rows[i].samples);
	free(b->rows);
	for (size_t i = 0; i < ARRAY_SIZE(b->filled); i++)
		bm_sequence_free(b->filled[i]);
	trainer_free(b->trainer);
	free(b->logits);
	verb_model_deinit(&b->vm);
}

int64_t bench_anonymous_bytes(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	long long kib = -1;
	char line[256];

	if (!f)
		return -errno;
	while (kib < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "Anonymous: %lld kB", &kib) != 1)
			kib = -1;
	fclose(f);
	return kib < 0 ? -ENODATA : kib * 1024;
}

int32_t bench_token(const struct bench *b, uint64_t at)
{
	return (int32_t)((300 + at * 7919) % bm_model_config(b->vm.model)->n_vocab);
}

struct bm_item bench_item(struct bench *b, struct bm_sequence *seq, int adapter,
			  const int32_t *tokens, size_t n_tokens)
{
	struct bm_item item = { .seq = seq, .tokens = tokens, .n_tokens = n_tokens,
				.logits = b->logits };

	if (adapter != BENCH_NO_ADAPTER) {
		item.deltas = &b->vm.deltas[adapter];
		item.scales = &b->vm.scales[adapter];
		item.n_deltas = 1;
	}
	return item;
}

int bench_feed(struct bench *b, struct bm_sequence *seq, int adapter, uint64_t n, uint32_t batch)
{
	int32_t tokens[LARGEST_BATCH];
	int r = 0;

	for (uint64_t at = 0; r == 0 && at < n; at += batch) {
		size_t n_now = MIN((uint64_t)batch, n - at);
		struct bm_item item = bench_item(b, seq, adapter, tokens, n_now);

		for (size_t i = 0; i < n_now; i++)
			tokens[i] = bench_token(b, at + i);
		r = bm_forward(b->vm.model, &item, 1, NULL);
	}
	return r;
}

uint64_t bench_token_bytes(const struct bench *b)
{
	const struct gguf *g = bm_model_gguf(b->vm.model);
	bool tied = !gguf_tensor(g, "output.weight");
	uint64_t bytes = 0;

	/* Without an output matrix of its own, the embedding is that, and read whole. */
	for (size_t i = 0; i < gguf_n_tensors(g); i++)
		if (tied || strcmp(gguf_tensor_at(g, i)->name, "token_embd.weight") != 0)
			bytes += gguf_tensor_at(g, i)->size;
	return bytes;
}

uint64_t bench_weights(const struct bench *b)
{
	const struct gguf *g = bm_model_gguf(b->vm.model);
	uint64_t weights = 0;

	for (size_t i = 0; i < gguf_n_tensors(g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(g, i);

		if (strncmp(t->name, "blk.", 4) == 0 && t->n_dims == 2)
			weights += t->ne[0] * t->ne[1];
	}
	return weights;
}
