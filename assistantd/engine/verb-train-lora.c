/* SPDX-License-Identifier: MIT */
/* train-lora: the run that the service starts for its user, from the command line. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/run.h"
#include "assistantd/engine/verb-model.h"
#include "assistantd/engine/verbs.h"
#include "util/file.h"
#include "util/macro.h"

enum { TELL_SECONDS = 15, CHECKPOINT_SECONDS = 180 };

struct options {
	const char *base, *data, *held_out, *checkpoint, *out, *report;
	const char *name, *task, *style, *title, *prompt, *languages;
	uint64_t rank, context, rows, epochs, tokens, seed;
	float alpha, rate;
	struct verb_options common;
};

/* What was last told on stderr. */
struct teller {
	uint32_t stage;
	uint64_t step;
	double seconds;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

static int usage(void)
{
	fputs("usage: assistant-engine train-lora BASE.gguf --data FILE.jsonl --checkpoint FILE\n"
	      "  --out ADAPTER.gguf [--report FILE.html] [--held-out FILE.jsonl]\n"
	      "  [--name NAME] [--task NAME] [--style NAME] [--title TEXT] [--languages en,de]\n"
	      "  [--prompt '{{ text }}'] [--rank N] [--alpha A] [--rate R] [--context N]\n"
	      "  [--rows N] [--epochs N] [--tokens N] [--seed N] [--threads N]\n", stderr);
	return VERB_USAGE;
}

static bool parse(struct options *o, int argc, char **argv)
{
	const struct verb_option own[] = {
		{ .name = "--data", .text = &o->data },
		{ .name = "--held-out", .text = &o->held_out },
		{ .name = "--checkpoint", .text = &o->checkpoint },
		{ .name = "--out", .text = &o->out },
		{ .name = "--report", .text = &o->report },
		{ .name = "--name", .text = &o->name },
		{ .name = "--task", .text = &o->task },
		{ .name = "--style", .text = &o->style },
		{ .name = "--title", .text = &o->title },
		{ .name = "--prompt", .text = &o->prompt },
		{ .name = "--languages", .text = &o->languages },
		{ .name = "--rank", .number = &o->rank, .min = 1, .max = 256 },
		{ .name = "--context", .number = &o->context, .min = 8, .max = 1 << 15 },
		{ .name = "--rows", .number = &o->rows, .min = 1, .max = 4096 },
		{ .name = "--epochs", .number = &o->epochs, .min = 1, .max = 1000 },
		{ .name = "--tokens", .number = &o->tokens, .min = 1, .max = 1ull << 40 },
		{ .name = "--seed", .number = &o->seed, .max = UINT64_MAX },
		{ .name = "--alpha", .real = &o->alpha },
		{ .name = "--rate", .real = &o->rate },
	};

	*o = (struct options){ .name = "adapter", .seed = 1 };
	return verb_parse(argc, argv, &o->base, &o->common, own, ARRAY_SIZE(own)) &&
	       !o->common.n_loras && !o->common.context && o->data && o->checkpoint && o->out;
}

static int set_text(struct buf *b, const char *text)
{
	return text ? buf_append_str(b, text) : 0;
}

static int set_languages(struct train_begin *b, const char *list)
{
	int r = 0;

	while (r == 0 && list && *list && b->n_languages < TRAIN_LANGUAGES_MAX) {
		size_t len = strcspn(list, ",");

		r = buf_append(&b->languages[b->n_languages++], list, len);
		list += len + (list[len] == ',');
	}
	return r;
}

static int set_texts(struct train_begin *b, const struct options *o)
{
	int r = set_text(&b->name, o->name);

	if (r == 0)
		r = set_text(&b->task, o->task ? o->task : o->name);
	if (r == 0)
		r = set_text(&b->style, o->style);
	if (r == 0)
		r = set_text(&b->title, o->title);
	if (r == 0)
		r = set_text(&b->prompt, o->prompt);
	return r < 0 ? r : set_languages(b, o->languages);
}

/* @file is the one that an error is of. */
static int open_files(struct train_begin *b, const struct options *o, const char **file,
		      struct diag *d)
{
	*file = o->base;
	b->base_fd = verb_open(o->base, d);
	if (b->base_fd >= 0) {
		*file = o->data;
		b->data_fd = verb_open(o->data, d);
	}
	if (b->data_fd >= 0 && o->held_out) {
		*file = o->held_out;
		b->held_out_fd = verb_open(o->held_out, d);
	}
	if (b->data_fd < 0 || (o->held_out && b->held_out_fd < 0))
		return -EINVAL;
	*file = o->checkpoint;
	b->checkpoint_fd = open(o->checkpoint, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	return b->checkpoint_fd >= 0 ? 0
		: diag_set(d, -errno, DIAG_SYSTEM, "", "%s", strerror(errno));
}

static int make_begin(struct train_begin *b, const struct options *o, const char **file,
		      struct diag *d)
{
	int r;

	*b = (struct train_begin)TRAIN_BEGIN_NULL;
	b->rank = (uint32_t)o->rank;
	b->context = (uint32_t)o->context;
	b->rows = (uint32_t)o->rows;
	b->epochs = (uint32_t)o->epochs;
	b->threads = o->common.threads;
	b->tokens = o->tokens;
	b->seed = o->seed;
	b->alpha = o->alpha;
	b->rate = o->rate;
	r = open_files(b, o, file, d);
	return r < 0 ? r : set_texts(b, o);
}

static void tell(void *arg, const struct train_progress *p)
{
	static const char *const stages[] = { "reading", "measuring the base alone", "training",
					      "proving" };
	struct teller *t = arg;
	double now = run_seconds();

	if (p->stage != t->stage) {
		fprintf(stderr, "%s\n", stages[p->stage]);
		t->stage = p->stage;
	} else if (p->stage == TRAIN_TRAINING && p->step != t->step &&
		   now - t->seconds >= TELL_SECONDS) {
		fprintf(stderr, "step %llu of %llu, %.2f M tokens, loss %.4f, ",
			(unsigned long long)p->step, (unsigned long long)p->total,
			(double)p->tokens / 1e6, (double)p->loss);
		if (p->held_out > 0)
			fprintf(stderr, "held out %.4f (the base alone %.4f), ",
				(double)p->held_out, (double)p->held_out_base);
		fprintf(stderr, "%.0f tokens/s, at most %u min left\n", (double)p->tokens_per_s,
			p->seconds_left / 60);
		t->step = p->step;
		t->seconds = now;
	}
}

static bool is_interrupted(void *arg)
{
	(void)arg;
	return interrupted;
}

/* Whose file an error is of; what is of none is an option. */
static const char *file_of(const struct options *o, uint32_t error)
{
	switch (error) {
	case TRAIN_E_DATA:
		return o->data;
	case TRAIN_E_HELD_OUT:
		return o->held_out;
	case TRAIN_E_BASE:
		return o->base;
	case TRAIN_E_CHECKPOINT:
	case TRAIN_E_SPACE:
		return o->checkpoint;
	default:
		return "train-lora";
	}
}

static int say_failure(const struct options *o, const struct train_failed *failed)
{
	const struct ipc_defect *v = &failed->defect;

	if (failed->error == TRAIN_E_STOPPED)
		fprintf(stderr, "interrupted; run the same command to go on\n");
	else
		fprintf(stderr, "error: %s: %s%s%s\n", file_of(o, failed->error),
			v->field.len ? v->field.data : "", v->field.len ? ": " : "",
			v->text.len ? v->text.data : "");
	return VERB_BAD_INPUT;
}

/* Beside the target and renamed, so that a reader never meets half a file. */
static int write_out(const char *path, int from, struct diag *d)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_NULL;
	_cleanup_free_ char *fresh = NULL;
	_cleanup_close_ int fd = -1;
	int r = file_read_all(from, PACKAGE_MAX_SIZE, &bytes, d);

	if (r < 0)
		return r;
	fd = verb_create(path, &fresh, d);
	if (fd < 0)
		return fd;
	r = file_write(fd, bytes.data, bytes.len);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	diag_set(d, r, DIAG_SYSTEM, "", "%s", strerror(-r));
	return verb_place(fresh, path, r, d);
}

static int hand_over(const struct options *o, const struct train_done *done)
{
	struct diag d = DIAG_NULL;

	fprintf(stderr, "%s\n", done->text.data);
	if (o->report && write_out(o->report, done->report_fd, &d) < 0)
		return verb_fail(o->report, &d);
	if (!done->better)
		return VERB_BAD_INPUT;
	return write_out(o->out, done->package_fd, &d) < 0 ? verb_fail(o->out, &d) : VERB_OK;
}

static int run(const struct options *o, const struct train_begin *begin)
{
	struct teller teller = { .stage = TRAIN_STAGE_COUNT };
	const struct run_front front = { .progress = tell, .stopped = is_interrupted,
					 .arg = &teller, .checkpoint_seconds = CHECKPOINT_SECONDS };
	struct train_done done = TRAIN_DONE_NULL;
	struct train_failed failed = { .error = 0 };
	int r = run_train(begin, &front, &done, &failed), status;

	if (r == 0) {
		status = hand_over(o, &done);
	} else if (r == RUN_E_FAILED) {
		status = say_failure(o, &failed);
	} else {
		fprintf(stderr, "error: %s\n", strerror(-r));
		status = VERB_BAD_INPUT;
	}
	train_done_deinit(&done);
	train_failed_deinit(&failed);
	return status;
}

int verb_train_lora(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	const struct sigaction ignored = { .sa_handler = SIG_IGN };
	struct train_begin begin = TRAIN_BEGIN_NULL;
	struct diag d = DIAG_NULL;
	struct options o;
	const char *file;
	int r, status;

	if (!parse(&o, argc, argv))
		return usage();
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGXFSZ, &ignored, NULL);
	r = make_begin(&begin, &o, &file, &d);
	diag_set(&d, r, DIAG_SYSTEM, "", "%s", strerror(-r));
	status = r < 0 ? verb_fail(file, &d) : run(&o, &begin);
	train_begin_deinit(&begin);
	return status;
}
