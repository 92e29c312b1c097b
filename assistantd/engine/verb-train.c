/* SPDX-License-Identifier: MIT */
/* train-base: a small model from nothing. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "adapters/train/model-file.h"
#include "assistantd/engine/training.h"
#include "assistantd/engine/verb-model.h"
#include "assistantd/engine/verbs.h"
#include "util/macro.h"

struct job {
	struct training training;
	const char *tokenizer, *out, *name;
	uint64_t width, layers, heads, kv_heads, ffn, context, rows, threads;
};

static int usage(void)
{
	fputs("usage: assistant-engine train-base --tokenizer TOKENIZER.gguf --width N "
	      "--layers N --heads N --kv-heads N --ffn N\n"
	      "  --context N --rows N --tokens N --rate R [--hold SHARE] [--minutes N] [--seed N]\n"
	      "  [--threads N] [--start CHECKPOINT]\n"
	      "  --data FILE.jsonl[:SHARE]… [--held-out FILE.jsonl] --checkpoint FILE\n"
	      "  [--name NAME] --out FILE.gguf\n", stderr);
	return VERB_USAGE;
}

static bool positive(const char *option, const char *text, double *ret)
{
	char *end;

	*ret = strtod(text, &end);
	if (end != text && !*end && *ret > 0 && *ret < 1e6)
		return true;
	fprintf(stderr, "error: %s: '%s', expected a number above 0\n", option, text);
	return false;
}

/* FILE or FILE:SHARE */
static bool add_data(struct training *t, char *spec)
{
	char *colon = strrchr(spec, ':');
	double share = 1;

	if (t->n_data == TRAINING_DATA_MAX) {
		fprintf(stderr, "error: --data: more than %d files\n", TRAINING_DATA_MAX);
		return false;
	}
	if (colon) {
		*colon = '\0';
		if (!positive("--data", colon + 1, &share))
			return false;
	}
	t->data[t->n_data++] = (struct training_data){ .path = spec, .share = share };
	return true;
}

static bool take_number(struct job *job, const char *option, const char *text, bool *known)
{
	const struct {
		const char *name;
		uint64_t *value, max;
	} numbers[] = {
		{ "--width", &job->width, 1u << 14 },	  { "--layers", &job->layers, 256 },
		{ "--heads", &job->heads, 1024 },	  { "--kv-heads", &job->kv_heads, 1024 },
		{ "--ffn", &job->ffn, 1u << 16 },	  { "--context", &job->context, 1u << 15 },
		{ "--rows", &job->rows, 4096 },		  { "--threads", &job->threads, 64 },
		{ "--tokens", &job->training.tokens, 1ull << 40 },
		{ "--seed", &job->training.seed, UINT64_MAX },
		{ "--minutes", &job->training.minutes, 100000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (strcmp(option, numbers[i].name) == 0) {
			*known = true;
			return verb_number(option, text, 1, numbers[i].max, numbers[i].value);
		}
	*known = false;
	return true;
}

static bool take_option(struct job *job, const char *option, char *value)
{
	const struct {
		const char *name;
		const char **text;
	} texts[] = {
		{ "--tokenizer", &job->tokenizer }, { "--out", &job->out },
		{ "--name", &job->name }, { "--held-out", &job->training.held_out.path },
		{ "--checkpoint", &job->training.checkpoint },
		{ "--start", &job->training.start },
	};
	double number;
	bool known;

	if (!take_number(job, option, value, &known))
		return false;
	if (known)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(option, texts[i].name) == 0) {
			*texts[i].text = value;
			return true;
		}
	if (strcmp(option, "--data") == 0)
		return add_data(&job->training, value);
	if (strcmp(option, "--hold") == 0)
		return positive(option, value, &job->training.hold) && job->training.hold <= 1;
	if (strcmp(option, "--rate") == 0 && positive(option, value, &number)) {
		job->training.rate = (float)number;
		return true;
	}
	return false;
}

static bool parse(struct job *job, int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	*job = (struct job){ .name = "assistantd", .threads = (uint64_t)CLAMP(cpus, 1L, 64L),
			     .training.seed = 1 };
	for (int i = 1; i < argc; i += 2)
		if (i + 1 >= argc || !take_option(job, argv[i], argv[i + 1]))
			return false;
	job->training.rows = job->rows;
	job->training.context = (uint32_t)job->context;
	return job->out && job->training.checkpoint && job->training.n_data && job->rows &&
	       job->context && job->training.tokens && job->training.rate > 0 &&
	       job->tokenizer && job->width && job->layers && job->heads && job->kv_heads &&
	       job->ffn;
}

/* Writes beside the target and renames, so that a reader never meets half a file. */
static int write_out(struct job *job, const struct gguf *tokenizer)
{
	_cleanup_free_ char *fresh = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	if (asprintf(&fresh, "%s.new", job->out) < 0)
		return -ENOMEM;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	r = train_write_base(job->training.trainer, tokenizer, job->name, TENSOR_Q8_0, fd);
	if (r == 0 && (fsync(fd) < 0 || rename(fresh, job->out) < 0))
		r = -errno;
	return r;
}

/* From the loaded tokenizer and trainer to the written file. */
static int run(struct job *job, const struct gguf *g)
{
	bool done = false;
	int r, status = training_load(&job->training, g);

	if (status == VERB_OK)
		status = training_run(&job->training, &done);
	if (status != VERB_OK)
		return status;
	if (!done) {
		fprintf(stderr, "interrupted; run the same command to go on\n");
		return VERB_BAD_INPUT;
	}
	r = write_out(job, g);
	if (r < 0) {
		fprintf(stderr, "error: %s: %s\n", job->out, strerror(-r));
		return VERB_BAD_INPUT;
	}
	return VERB_OK;
}

int verb_train_base(int argc, char **argv)
{
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	_cleanup_(tokenizer_freep) struct tokenizer *tokenizer = NULL;
	_cleanup_close_ int fd = -1;
	struct diag d = DIAG_NULL;
	struct train_shape shape;
	struct job job;
	int r, status;

	if (!parse(&job, argc, argv))
		return usage();
	fd = verb_open(job.tokenizer, &d);
	if (fd < 0 || gguf_open_fd(&g, fd, &d) < 0 || tokenizer_new(&tokenizer, g, &d) < 0)
		return verb_fail(job.tokenizer, &d);
	shape = (struct train_shape){
		tokenizer_n_tokens(tokenizer), (uint32_t)job.width, (uint32_t)job.layers,
		(uint32_t)job.heads, (uint32_t)job.kv_heads, (uint32_t)job.ffn,
		(uint32_t)job.context, 10000, 1e-5f,
	};
	r = trainer_new(&job.training.trainer, &shape, job.rows, (unsigned)job.threads,
			job.training.seed);
	if (r < 0) {
		fprintf(stderr, "error: shape: %s\n", r == -EINVAL ?
			"heads do not divide the width, or kv-heads the heads" : strerror(-r));
		return VERB_BAD_INPUT;
	}
	status = run(&job, g);
	training_deinit(&job.training);
	return status;
}
