/* SPDX-License-Identifier: MIT */
/* quantize MODEL …: the same model in fewer bits, which go where they save most. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/engine/quantizing.h"
#include "assistantd/engine/verb-model.h"
#include "assistantd/engine/verbs.h"
#include "util/macro.h"

struct job {
	const char *model, *out, *data[QUANTIZING_DATA];
	struct verb_options options;
	size_t n_data;
	float bits;
	uint64_t context, rows;
};

static int usage(void)
{
	fputs("usage: assistant-engine quantize MODEL --bits B --data FILE.jsonl [--data …]\n"
	      "  [--context N] [--rows N] [--threads N] --out FILE.gguf\n", stderr);
	return VERB_USAGE;
}

static bool parse(struct job *job, int argc, char **argv)
{
	const char *data = NULL;
	const struct verb_option own[] = {
		{ .name = "--out", .text = &job->out },
		{ .name = "--bits", .real = &job->bits },
		{ .name = "--data", .text = &data },
		{ .name = "--context", .number = &job->context, .min = 1, .max = 1 << 15 },
		{ .name = "--rows", .number = &job->rows, .min = 1, .max = 4096 },
	};
	int took = 1;

	*job = (struct job){ .model = argc > 1 ? argv[1] : NULL, .context = 256, .rows = 6 };
	verb_options_init(&job->options);
	for (int i = 2; took > 0 && i < argc; i += took) {
		took = verb_options_take(&job->options, argc, argv, i);
		if (took == 0)
			took = verb_option_take(own, ARRAY_SIZE(own), argc, argv, i);
		if (data && job->n_data == QUANTIZING_DATA)
			return false;
		if (data)
			job->data[job->n_data++] = TAKE(data);
	}
	return took > 0 && job->model && job->out && job->n_data && job->bits > 0 &&
	       job->bits <= 32;
}

/* A model with the job's data to measure it by. */
struct measured {
	struct verb_model vm;
	struct quantizing q;
};

static void measured_deinit(struct measured *m)
{
	quantizing_deinit(&m->q);
	verb_model_deinit(&m->vm);
}

static int add_data(struct measured *m, const struct job *job)
{
	struct diag d = DIAG_NULL;

	for (size_t i = 0; i < job->n_data; i++) {
		_cleanup_close_ int fd = verb_open(job->data[i], &d);
		int r = fd < 0 ? -EINVAL : quantizing_add_data(&m->q, fd, &d);

		if (r < 0) {
			diag_set(&d, r, DIAG_SYSTEM, "", "%s", strerror(-r));
			return verb_fail(job->data[i], &d);
		}
	}
	return VERB_OK;
}

static int measured_init(struct measured *m, const struct job *job, const char *path)
{
	struct diag d = DIAG_NULL;
	int status, r;

	*m = (struct measured){ 0 };
	status = verb_model_init(&m->vm, path, &job->options);
	if (status != VERB_OK)
		return status;
	r = quantizing_init(&m->q, m->vm.model, (uint32_t)job->context, job->rows,
			    job->options.threads, &d);
	if (r < 0)
		status = verb_fail(path, &d);
	else
		status = add_data(m, job);
	if (status != VERB_OK)
		measured_deinit(m);
	return status;
}

static int fail(const char *path, int r)
{
	struct diag d = DIAG_NULL;

	diag_set(&d, r, DIAG_SYSTEM, "", "%s", strerror(-r));
	return verb_fail(path, &d);
}

static int write_out(struct quantizing *q, const char *path)
{
	_cleanup_free_ char *fresh = NULL;
	struct diag d = DIAG_NULL;
	int fd = verb_create(path, &fresh, &d), r;

	if (fd < 0)
		return verb_fail(path, &d);
	r = quantizing_write(q, fd);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	r = verb_place(fresh, path, r, &d);
	if (r == 0)
		return VERB_OK;
	diag_set(&d, r, DIAG_SYSTEM, "", "%s", strerror(-r));
	return verb_fail(path, &d);
}

/* The loss before, @bits and the file; what it holds is measured again as it is read. */
static int run(struct measured *m, const struct job *job)
{
	double before, after, bits;
	struct measured written;
	int r = quantizing_loss(&m->q, &before), status;

	if (r == 0)
		r = quantizing_measure(&m->q);
	if (r < 0)
		return fail(job->model, r);
	bits = quantizing_choose(&m->q, (double)job->bits);
	status = write_out(&m->q, job->out);
	if (status == VERB_OK)
		status = measured_init(&written, job, job->out);
	if (status != VERB_OK)
		return status;
	r = quantizing_loss(&written.q, &after);
	measured_deinit(&written);
	if (r < 0)
		return fail(job->out, r);
	printf("%.2f bits a weight; loss %.4f, before %.4f\n", bits, after, before);
	return VERB_OK;
}

int verb_quantize(int argc, char **argv)
{
	struct measured m;
	struct job job;
	int status;

	if (!parse(&job, argc, argv))
		return usage();
	status = measured_init(&m, &job, job.model);
	if (status != VERB_OK)
		return status;
	status = run(&m, &job);
	measured_deinit(&m);
	return status;
}
