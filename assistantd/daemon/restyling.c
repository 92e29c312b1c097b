/* SPDX-License-Identifier: MIT */
/*
 * A request for a tone that rules know: they propose, and the model says which of several ways
 * to say a sentence is the likeliest. Without it, or where there is but one way, the rules' own
 * first one is taken.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "assistantd/daemon/job.h"
#include "assistantd/daemon/restyle.h"
#include "assistantd/daemon/terms.h"
#include "assistantd/daemon/tones.h"
#include "util/macro.h"

/* What is read of a text, for longer ones are hardly meant for one tone; ways in one question to
 * the model. */
enum { RESTYLE_BYTES = 64 * 1024, TEXTS_AT_ONCE = 96 };
/* Of at least so many words, one in so many. */
enum { FOREIGN_WORDS = 3, FOREIGN_SHARE = 3 };

struct restyling {
	struct job *job;	/* NULL: it is gone */
	const struct tones *tones;
	const struct tone *tone;
	const struct terms *rarity;
	struct work work;
	bool at_work;
	struct buf text;	/* that is read */
	bool foreign;
	struct restyle found;
	size_t from, to;	/* parts that the model is asked about */
	struct engine_call call;
};

void restyling_stop(struct job *job)
{
	if (job->restyling)
		engine_cancel(job->d->engine, &job->restyling->call);
}

void restyling_free(struct restyling *r)
{
	if (!r)
		return;
	r->job = NULL;
	if (r->at_work)
		return;
	restyle_deinit(&r->found);
	buf_deinit(&r->text);
	free(r);
}

static void finish(struct restyling *r)
{
	struct job *job = r->job;
	size_t len = r->text.len;

	if (restyle_join(&r->found, r->text.data, len, &job->result) < 0 ||
	    buf_append(&job->result, job->input.data + job->text.start + len,
		       job->text.len - len) < 0) {
		job_finish(job, "Internal", "out of memory");
		return;
	}
	answer_delta(job, 0, job->result.data ? job->result.data : "", job->result.len);
	job_done(job);
}

/* Whether there is something to choose; where nothing is one of the ways, that is the rules'
 * to say and not a text that could be likely. */
static bool is_open(const struct restyle_part *p)
{
	for (size_t i = 0; i < p->n_ways; i++)
		if (!*p->ways[i])
			return false;
	return p->n_ways > 1;
}

/* As a line, for behind the beginning of a document models know other things than sentences. */
static int add_line(struct engine_score *score, const char *way)
{
	_cleanup_(buf_deinit) struct buf line = BUF_NULL;
	int e = buf_printf(&line, "\n%s", way);

	return e < 0 ? e : engine_score_add(score, line.data, line.len);
}

/* The next parts to ask about: false when there are none, or a negative error. */
static int collect(struct restyling *r, struct engine_score *score)
{
	int e = 0;

	r->from = r->to;
	for (; e == 0 && r->to < r->found.n; r->to++) {
		const struct restyle_part *p = &r->found.parts[r->to];

		if (!is_open(p))
			continue;
		if (score->n_texts && score->n_texts + p->n_ways > TEXTS_AT_ONCE)
			break;
		for (size_t i = 0; e == 0 && i < p->n_ways; i++)
			e = add_line(score, p->ways[i]);
	}
	return e < 0 ? e : score->n_texts > 0;
}

static void ask(struct restyling *r);

static void choose(struct restyle_part *p, const double *scores)
{
	double best = (double)-INFINITY;

	for (size_t i = 0; i < p->n_ways; i++)
		if (scores[i] > best) {
			best = scores[i];
			p->chosen = i;
		}
}

static void on_counted(void *arg, const struct engine_counted *counted)
{
	struct restyling *r = arg;

	(void)counted;
	answer_progress(r->job, STAGE_READING);
}

static void on_scored(void *arg, const struct engine_scored *scored)
{
	struct restyling *r = arg;
	struct job *job = r->job;
	uint32_t at = 0;

	for (size_t i = r->from; i < r->to; i++) {
		struct restyle_part *p = &r->found.parts[i];

		if (!is_open(p) || at + p->n_ways > scored->n)
			continue;
		choose(p, scored->scores + at);
		at += (uint32_t)p->n_ways;
	}
	job->source = "model";
	digest_to_hex(&engine_model(job->d->engine)->digest, job->base_digest);
	job->generation = library_generation(job->d->library);
	job->tokens_in += scored->tokens_in;
	job->loading_ms += scored->loading_ms;
	job->reading_ms += scored->reading_ms;
	ask(r);
}

/* The rules do without it. */
static void on_failed(void *arg, int error, const struct engine_failed *failed)
{
	struct restyling *r = arg;

	(void)error;
	(void)failed;
	job_warn(r->job, "the model could not be asked for the best way to say it; the first one "
		 "was taken");
	finish(r);
}

static const struct engine_call_ops call_ops = { .counted = on_counted, .scored = on_scored,
						 .failed = on_failed };

static void ask(struct restyling *r)
{
	struct engine_score *score = malloc(sizeof(*score));
	int e = -ENOMEM;

	if (score) {
		*score = (struct engine_score)ENGINE_SCORE_NULL;
		score->prompt.lane = r->job->options.priority;
		e = collect(r, score);
		if (e > 0)
			e = engine_score_call(r->job->d->engine, &r->call, score);
		else if (e == 0)
			e = -ENODATA;
		engine_score_deinit(score);
		free(score);
	}
	if (e == -ENODATA)
		finish(r);
	else if (e != 0)
		on_failed(r, 0, NULL);
}

/* Of a text of some words hardly any is among the commonest of the language of the rules. */
static bool is_foreign(const struct restyling *r)
{
	size_t words = 0, usual = 0, at = 0;
	struct term term;

	while (r->rarity && terms_next(r->text.data, r->text.len, &at, &term)) {
		words += term.word;
		usual += term.word && terms_find(r->rarity, term.text) < terms_rows(r->rarity);
	}
	return words >= FOREIGN_WORDS && FOREIGN_SHARE * usual < words;
}

/* On the worker's thread: some 50 ms for the longest text. */
static int propose(struct work *w, struct store *s)
{
	struct restyling *r = container_of(w, struct restyling, work);

	(void)s;
	r->foreign = is_foreign(r);
	return r->foreign ? 0 : restyle_find(&r->found, r->tones, r->tone, r->text.data,
					     r->text.len);
}

static void on_proposed(struct work *w, int result)
{
	struct restyling *r = container_of(w, struct restyling, work);

	r->at_work = false;
	if (!r->job) {
		restyling_free(r);
		return;
	}
	if (r->job->state != JOB_RUNNING)
		return;
	if (r->foreign)
		job_warn(r->job, "the text was left as it was: its language is not the one that "
			 "the rules are for");
	if (result < 0)
		job_finish(r->job, "Internal", "%s", strerror(-result));
	else if (engine_state(r->job->d->engine) == ENGINE_READY)
		ask(r);
	else
		finish(r);
}

void restyling_begin(struct job *job)
{
	size_t len = MIN(job->text.len, (size_t)RESTYLE_BYTES);
	struct restyling *r = calloc(1, sizeof(*r));

	job->source = "baseline";
	job->restyling = r;
	if (!r || buf_append(&r->text, job->input.data + job->text.start, len) < 0) {
		job_finish(job, "Internal", "out of memory");
		return;
	}
	if (len < job->text.len)
		job_warn(job, "only the beginning of the text was put into the tone");
	r->job = job;
	r->tones = job->d->tones;
	r->tone = tones_find(r->tones, job->options.style);
	r->rarity = job->d->rarity;
	r->call.ops = &call_ops;
	r->call.arg = r;
	r->work = (struct work){ .run = propose, .done = on_proposed };
	r->at_work = true;
	worker_post(job->d->worker, &r->work);
}
