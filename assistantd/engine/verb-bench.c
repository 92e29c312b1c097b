/* SPDX-License-Identifier: MIT */
/* bench MODEL …: speed and memory, beside what the machine could do. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/bench.h"
#include "assistantd/engine/verbs.h"
#include "util/macro.h"

#define MAX_ROUNDS 100
#define MAX_NAMES 32

struct measurement {
	const char *name;
	int (*run)(struct bench *b);
	bool usual;		/* measured where no name is given */
};

static const struct measurement measurements[] = {
	{ "read", bench_read, true },
	{ "int8", bench_int8, true },
	{ "speed", bench_speed, true },
	{ "batch", bench_batch, false },
	{ "adapter", bench_adapter, false },
	{ "context", bench_context, false },
	{ "draft", bench_draft, false },
	{ "prefix", bench_prefix, false },
	{ "stolen", bench_stolen, false },
	{ "loading", bench_loading, false },
	{ "train", bench_train, false },
	{ "open", bench_open, false },
};

struct job {
	struct bench bench;
	const struct measurement *chosen[MAX_NAMES];	/* in the order in which they run */
	size_t n_chosen;
	bool kernels;
	uint64_t rows, cols;	/* of the kernels' matrices */
};

static int usage(void)
{
	fputs("usage: assistant-engine bench MODEL [MEASUREMENT]… [--lora FILE[:SCALE]]… [-p N] "
	      "[-n N] [-c N] [-t N] [-r ROUNDS] [--json]\n"
	      "       assistant-engine bench --kernels [--rows N] [--cols N] [--json]\n"
	      "measurements:", stderr);
	for (size_t i = 0; i < ARRAY_SIZE(measurements); i++)
		fprintf(stderr, " %s", measurements[i].name);
	fputc('\n', stderr);
	return VERB_USAGE;
}

static bool choose(struct job *job, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(measurements); i++)
		if (strcmp(measurements[i].name, name) == 0 && job->n_chosen < MAX_NAMES) {
			job->chosen[job->n_chosen++] = &measurements[i];
			return true;
		}
	return false;
}

/* An option, the model or a measurement at argv[i]: how many words; 0: none of them. */
static int take(struct job *job, int argc, char **argv, int i)
{
	struct bench *b = &job->bench;
	const struct verb_option own[] = {
		{ .name = "--json", .flag = &b->as_json },
		{ .name = "--kernels", .flag = &job->kernels },
		{ .name = "-p", .number = &b->prompt, .min = 1, .max = 65536 },
		{ .name = "-n", .number = &b->generate, .min = 1, .max = 65536 },
		{ .name = "-c", .number = &b->long_context, .min = 1, .max = 65536 },
		{ .name = "-r", .number = &b->rounds, .min = 1, .max = MAX_ROUNDS },
		{ .name = "--rows", .number = &job->rows, .min = 1, .max = 65536 },
		{ .name = "--cols", .number = &job->cols, .min = 256, .max = 65536 },
	};

	if (argv[i][0] == '-')
		return verb_option_take(own, ARRAY_SIZE(own), argc, argv, i);
	if (!b->path) {
		b->path = argv[i];
		return 1;
	}
	return choose(job, argv[i]);
}

static bool parse(struct job *job, int argc, char **argv)
{
	int took;

	verb_options_init(&job->bench.options);
	for (int i = 1; i < argc; i += took) {
		took = verb_options_take(&job->bench.options, argc, argv, i);
		if (took == 0)
			took = take(job, argc, argv, i);
		if (took <= 0)
			return false;
	}
	for (size_t i = 0; !job->n_chosen && i < ARRAY_SIZE(measurements); i++)
		if (measurements[i].usual)
			choose(job, measurements[i].name);
	return job->kernels != !!job->bench.path;
}

static int tell_run(struct bench *b)
{
	const struct bm_model *m = b->vm.model;
	json_t *line = json_pack("{s:s, s:s, s:i, s:i, s:I, s:I, s:I, s:I}", "model", b->path,
				 "kernels", bm_model_kernels(m), "threads",
				 (int)b->options.threads, "adapters", (int)b->vm.n_adapters,
				 "file_bytes", (json_int_t)gguf_size(bm_model_gguf(m)),
				 "token_bytes", (json_int_t)bench_token_bytes(b), "weights",
				 (json_int_t)bench_weights(b), "max_batch",
				 (json_int_t)bm_model_max_batch(m));
	int r = line ? json_dumpf(line, stdout, b->as_json ? JSON_COMPACT : 0) : -1;

	json_decref(line);
	if (r < 0)
		return -ENOMEM;
	putchar('\n');
	return 0;
}

static int measure(struct job *job)
{
	struct bench *b = &job->bench;
	int r = tell_run(b);

	b->logits = reallocarray(NULL, bm_model_config(b->vm.model)->n_vocab, sizeof(float));
	if (!b->logits)
		return -ENOMEM;
	/* The mapping's pages are found for the first time. */
	bm_peak_read(b->vm.model);
	for (; r == 0 && b->round < b->rounds; b->round++)
		for (size_t i = 0; r == 0 && i < job->n_chosen; i++)
			r = job->chosen[i]->run(b);
	if (r == 0 && !b->as_json)
		bench_print_table(b);
	return r;
}

static int bench_model(struct job *job)
{
	struct bench *b = &job->bench;
	struct identity identity;
	double begin = bench_clock();
	int status = verb_model_init(&b->vm, b->path, &b->options), r;

	/* As serve opens a file whose digests are known. */
	if (status == VERB_OK)
		(void)bm_identify_text(bm_model_gguf(b->vm.model), &identity, NULL);
	b->open_s = bench_clock() - begin;
	if (status == VERB_OK) {
		r = measure(job);
		if (r < 0) {
			fprintf(stderr, "error: %s: tokens: %s\n", b->path,
				r == -EINVAL ? "more than the model's context" : strerror(-r));
			status = VERB_BAD_INPUT;
		}
	}
	bench_deinit(b);
	return status;
}

int verb_bench(int argc, char **argv)
{
	/* A million weights: the second-level cache holds most types. */
	struct job job = { .rows = 341, .cols = 3072,
			   .bench = { .prompt = 256, .generate = 32, .long_context = 4000,
				      .rounds = 3 } };
	int r;

	if (!parse(&job, argc, argv))
		return usage();
	if (!job.kernels)
		return bench_model(&job);
	r = bench_kernels((uint32_t)job.rows, (uint32_t)job.cols, job.bench.as_json);
	if (r < 0)
		fprintf(stderr, "error: --cols: %s\n",
			r == -EINVAL ? "expected a multiple of 256" : strerror(-r));
	return r < 0 ? VERB_BAD_INPUT : VERB_OK;
}
