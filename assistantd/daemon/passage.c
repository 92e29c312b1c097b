/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/passage.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/choosing.h"
#include "assistantd/daemon/language.h"
#include "assistantd/daemon/pieces.h"
#include "util/macro.h"

enum { PASSAGE_BYTES = 400, ROUNDS = 2 };
/* So much around a piece tells its language where the piece alone does not. */
enum { AROUND_BYTES = 200 };
/* Some words: so far a change shows in what was asked about others. */
enum { NEAR_BYTES = 40 };
/* A sign more makes every text less likely, by some nats. */
static const double needs_of_check[] = { [CHANGE_BACK] = 6 };

/* Where something else stands now: in the text as it is. */
struct change {
	size_t start, len;
	enum change_kind kind;
	double confidence;
};

struct passage {
	struct piece *piece;		/* NULL: the request is gone */
	const struct proofreader *reader;
	struct surroundings around;
	struct buf before, behind;	/* texts that stand there */
	int round;
	bool foreign;		/* some of it is of another language */
	bool checks;		/* it is what a model wrote; what stood there is suggested */
	struct buf text;
	struct change *changes;
	size_t n_changes;
	/* Of a round. */
	struct work work;
	bool at_work;
	struct suggestions found;
	struct choosing choosing;
	struct engine_score *score;
};

static void end_round(struct passage *p)
{
	suggestions_deinit(&p->found);
	choosing_deinit(&p->choosing);
	if (p->score)
		engine_score_deinit(p->score);
	free(TAKE(p->score));
}

struct passage *passage_free(struct passage *p)
{
	if (!p)
		return NULL;
	p->piece = NULL;
	if (p->at_work)
		return NULL;
	end_round(p);
	buf_deinit(&p->text);
	buf_deinit(&p->before);
	buf_deinit(&p->behind);
	free(p->changes);
	free(p);
	return NULL;
}

/* Makes these changes, which ascend; those that were made before move along. */
static int apply(struct passage *p, const struct chosen *chosen, size_t n)
{
	_cleanup_(buf_deinit) struct buf fresh = BUF_NULL;
	_cleanup_free_ const struct suggestion **all = calloc(n + 1, sizeof(*all));
	struct change *grown = reallocarray(p->changes, p->n_changes + n + 1, sizeof(*grown));
	ptrdiff_t moved = 0;
	int r;

	if (grown)
		p->changes = grown;
	if (!all || !grown)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		all[i] = chosen[i].suggestion;
	r = suggestions_apply(p->text.data, p->text.len, all, n, &fresh);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		size_t start = (size_t)((ptrdiff_t)all[i]->start + moved);
		size_t len = strlen(all[i]->text);
		ptrdiff_t more = (ptrdiff_t)len - (ptrdiff_t)all[i]->len;

		for (size_t k = 0; k < p->n_changes; k++)
			if (p->changes[k].start >= start + all[i]->len)
				p->changes[k].start =
					(size_t)((ptrdiff_t)p->changes[k].start + more);
		p->changes[p->n_changes++] = (struct change){ start, len, all[i]->kind,
							      chosen[i].confidence };
		moved += more;
	}
	buf_deinit(&p->text);
	p->text = fresh;
	fresh = (struct buf)BUF_NULL;
	return 0;
}

/* What needs no model, and what language it is: in the first round, before all else. */
static int tidy(struct passage *p)
{
	struct suggestions certain = { 0 };
	_cleanup_free_ struct chosen *chosen = NULL;
	int r = language_before(p->reader, p->before.data, p->before.len, &p->around.before);

	if (r == 0)
		r = language_behind(p->reader, p->behind.data, p->behind.len, &p->around.behind);
	if (r == 0)
		r = suggestions_certain(p->reader, p->text.data, p->text.len, &p->around, &certain);
	p->foreign = r > 0;
	if (r >= 0)
		chosen = calloc(certain.n + 1, sizeof(*chosen));
	if (r >= 0 && !chosen)
		r = -ENOMEM;
	for (size_t i = 0; r >= 0 && i < certain.n; i++)
		chosen[i] = (struct chosen){ &certain.items[i], 1.0 };
	if (r >= 0)
		r = apply(p, chosen, certain.n);
	suggestions_deinit(&certain);
	return r;
}

static size_t gap_between(size_t a, size_t a_end, size_t b, size_t b_end)
{
	return a > b_end ? a - b_end : b > a_end ? b - a_end : 0;
}

static bool is_near_change(const struct passage *p, const struct suggestion *s)
{
	for (size_t i = 0; i < p->n_changes; i++) {
		const struct change *c = &p->changes[i];

		if (gap_between(s->start, s->start + s->len, c->start, c->start + c->len) <=
		    NEAR_BYTES)
			return true;
	}
	return false;
}

/* What was asked before and stands among the same words would be answered the same. */
static void keep_near_changes(struct passage *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->found.n; i++)
		if (is_near_change(p, &p->found.items[i]))
			p->found.items[n++] = p->found.items[i];
	p->found.n = n;
}

/* On the worker's thread. */
static int suggest(struct work *w, struct store *s)
{
	struct passage *p = container_of(w, struct passage, work);
	int r = p->round == 0 ? tidy(p) : 0;

	(void)s;
	if (r >= 0)
		r = suggestions_find(p->reader, p->text.data, p->text.len, &p->around, &p->found);
	if (r >= 0 && p->round > 0)
		keep_near_changes(p);
	if (r >= 0)
		r = choosing_ask(&p->choosing, p->text.data, p->text.len, &p->found, p->score);
	return r;
}

static void finish(struct passage *p)
{
	end_round(p);
	if (piece_set(p->piece, p->text.data, p->text.len) < 0)
		job_finish(p->piece->job, "Internal", "out of memory");
	else
		piece_finish(p->piece);
}

/* After a check, which has taken back @n changes. */
static void take_back(struct passage *p, size_t n)
{
	if (n) {
		p->piece->replaced = true;
		job_warn(p->piece->job, "some of the model's changes were less likely than what "
			 "stood there and were left out");
	}
	finish(p);
}

static void on_suggested(struct work *w, int result);
static void on_counted(void *arg, const struct engine_counted *counted);
static void on_scored(void *arg, const struct engine_scored *scored);
static void on_failed(void *arg, int error, const struct engine_failed *failed);

static bool new_question(struct passage *p)
{
	p->score = malloc(sizeof(*p->score));
	if (!p->score) {
		job_finish(p->piece->job, "Internal", "out of memory");
		return false;
	}
	*p->score = (struct engine_score)ENGINE_SCORE_NULL;
	p->score->prompt.lane = p->piece->job->options.priority;
	return true;
}

static void begin_round(struct passage *p)
{
	if (!new_question(p))
		return;
	p->work = (struct work){ .run = suggest, .done = on_suggested };
	p->at_work = true;
	worker_post(p->piece->job->d->worker, &p->work);
}

/* The engine is asked: 0, or the error of engine_score_call(). */
static int ask(struct passage *p)
{
	static const struct engine_call_ops ops = { .counted = on_counted, .scored = on_scored,
						    .failed = on_failed };
	struct engine_call *call = &p->piece->call;

	call->ops = &ops;
	call->arg = p;
	return engine_score_call(p->piece->job->d->engine, call, p->score);
}

static void on_scored(void *arg, const struct engine_scored *scored)
{
	struct passage *p = arg;
	struct job *job = p->piece->job;
	struct chosen *chosen = NULL;
	size_t n;
	int r = choosing_take(&p->choosing, &p->found,
			      p->checks ? needs_of_check : confusions_needs(p->reader->confusions),
			      scored, &chosen, &n);

	job->tokens_in += scored->tokens_in;
	job->loading_ms += scored->loading_ms;
	job->reading_ms += scored->reading_ms;
	if (r == 0)
		r = apply(p, chosen, n);
	free(chosen);
	if (r < 0) {
		job_finish(job, "Internal", "%s", strerror(-r));
	} else if (p->checks) {
		take_back(p, n);
	} else if (n == 0 || ++p->round == ROUNDS) {
		finish(p);
	} else {
		end_round(p);
		begin_round(p);
	}
}

static void on_counted(void *arg, const struct engine_counted *counted)
{
	struct passage *p = arg;

	(void)counted;
	answer_progress(p->piece->job, STAGE_READING);
}

static void on_failed(void *arg, int error, const struct engine_failed *failed)
{
	struct passage *p = arg;

	/* What cannot be checked stays as it was written. */
	if (p->checks && error == ENGINE_E_BUSY)
		piece_finish(p->piece);
	else
		piece_failed(p->piece, error, failed);
}

static void on_suggested(struct work *w, int result)
{
	struct passage *p = container_of(w, struct passage, work);
	struct job *job;

	p->at_work = false;
	if (!p->piece) {
		passage_free(p);
		return;
	}
	job = p->piece->job;
	if (job->state != JOB_RUNNING)
		return;
	if (p->foreign)
		job_warn(job, "a part was left as it was: its language is not the one that is "
			 "corrected");
	if (result == 0 && p->found.n == 0) {
		finish(p);
		return;
	}
	if (result == 0)
		result = ask(p);
	if (result != 0)
		piece_refused(p->piece, result, NULL);
}

/* Whether a sentence ends before @at, so that one begins there: lines are broken anywhere. */
static bool begins_at(const struct job *job, size_t at)
{
	const char *text = job->input.data;
	int lines = 0;

	for (; at > job->text.start && isspace((unsigned char)text[at - 1]); at--)
		lines += text[at - 1] == '\n';
	while (at > job->text.start && strchr("\"')", text[at - 1]))
		at--;
	return at == job->text.start || lines > 1 || strchr(".!?", text[at - 1]);
}

static bool ends_at(const struct job *job, size_t at)
{
	size_t end = job->text.start + job->text.len;
	const char *text = job->input.data;
	int lines = 0;

	for (; at < end && isspace((unsigned char)text[at]); at++)
		lines += text[at] == '\n';
	return at == end || lines > 1 || isupper((unsigned char)text[at]);
}

/* NULL where the request ended for want of memory. */
static struct passage *passage_new(struct piece *piece, const char *text, size_t len)
{
	struct passage *p = calloc(1, sizeof(*p));

	piece->passage = p;
	if (!p || buf_append(&p->text, text, len) < 0) {
		job_finish(piece->job, "Internal", "out of memory");
		return NULL;
	}
	p->piece = piece;
	return p;
}

/* Whole words of what stands around the piece: 0 or -ENOMEM. */
static int read_around(struct passage *p)
{
	const struct job *job = p->piece->job;
	const char *text = job->input.data;
	size_t start = p->piece->span.start, end = start + p->piece->span.len;
	size_t from = MAX(job->text.start + AROUND_BYTES, start) - AROUND_BYTES;
	size_t to = MIN(job->text.start + job->text.len, end + AROUND_BYTES);
	double lean = job->options.language ? LANGUAGE_NAMED : LANGUAGE_LIKELY;
	int r;

	while (from > job->text.start && from < start && !isspace((unsigned char)text[from]))
		from++;
	while (to < job->text.start + job->text.len && to > end &&
	       !isspace((unsigned char)text[to]))
		to--;
	p->around = (struct surroundings){
		.begins = begins_at(job, start), .ends = ends_at(job, end),
		.before = lean, .behind = job->options.language ? lean : 0,
	};
	r = buf_append(&p->before, text + from, start - from);
	return r < 0 ? r : buf_append(&p->behind, text + end, to - end);
}

static void begin_passage(struct piece *piece)
{
	struct passage *p = passage_new(piece, piece_text(piece), piece->span.len);

	if (!p)
		return;
	p->reader = piece->job->d->proofreader;
	if (read_around(p) < 0)
		job_finish(piece->job, "Internal", "out of memory");
	else
		begin_round(p);
}

void proofread_begin(struct job *job)
{
	digest_to_hex(&engine_model(job->d->engine)->digest, job->base_digest);
	job->generation = library_generation(job->d->library);
	pieces_begin(job, PASSAGE_BYTES, begin_passage);
}

/* What stood there, for each change of what was written: 0; -E2BIG where it is too long for a
 * suggestion; -ENOMEM. */
static int suggest_original(struct passage *p)
{
	struct edits edits = { 0 };
	int r = edits_compare(p->text.data, p->text.len, piece_text(p->piece),
			      p->piece->span.len, 0, &edits);

	if (r == 0)
		p->found.items = calloc(edits.n + 1, sizeof(*p->found.items));
	if (r == 0 && !p->found.items)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < edits.n; i++) {
		struct suggestion *s = &p->found.items[p->found.n++];
		const struct edit *e = &edits.items[i];

		*s = (struct suggestion){ e->start, e->len, "", CHANGE_BACK };
		if (e->replacement_len < sizeof(s->text))
			memcpy(s->text, e->replacement, e->replacement_len);
		else
			r = -E2BIG;
	}
	edits_deinit(&edits);
	return r;
}

void passage_check(struct piece *piece)
{
	struct passage *p = passage_new(piece, piece->out.data, piece->out.len);
	int r;

	if (!p || !new_question(p))
		return;
	p->checks = true;
	r = suggest_original(p);
	if (r == 0 && p->found.n)
		r = choosing_ask(&p->choosing, p->text.data, p->text.len, &p->found, p->score);
	/* What cannot be checked, by its length or by how much it is, stays as it was written. */
	if (r == -E2BIG || (r == 0 && (p->found.n == 0 || p->choosing.n < p->found.n))) {
		piece_finish(piece);
		return;
	}
	if (r == 0)
		r = ask(p);
	if (r != 0)
		piece_refused(piece, r, NULL);
}

/* Where words are compared, a change may come out a word off: the nearest is meant. */
void passage_explain(const struct passage *p, size_t start, struct edit *edits, size_t n)
{
	ptrdiff_t moved = -(ptrdiff_t)start;

	/* What a model wrote has no kinds. */
	for (size_t i = 0; i < n && !p->checks; i++) {
		struct edit *e = &edits[i];
		size_t at = (size_t)((ptrdiff_t)e->start + moved), end = at + e->replacement_len;
		size_t least = SIZE_MAX;

		for (size_t k = 0; k < p->n_changes; k++) {
			const struct change *c = &p->changes[k];
			size_t gap = gap_between(at, end, c->start, c->start + c->len);

			if (gap > least || (gap == least && e->confidence <= c->confidence))
				continue;
			least = gap;
			e->kind = change_kind_name(c->kind);
			e->confidence = c->confidence;
		}
		moved += (ptrdiff_t)e->replacement_len - (ptrdiff_t)e->len;
	}
}
