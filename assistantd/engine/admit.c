/* SPDX-License-Identifier: MIT */
/*
 * From a START, SCORE, COUNT, LOAD or PIN message through the preparer to a request that runs or an
 * answer. An adapter is read once at a time: who wants the same one meanwhile is held back
 * until that reading ends, and takes its result or tries with a descriptor of its own. Who
 * is held back keeps the adapters that it has, so that waiting for several ends.
 */
#include <errno.h>
#include <string.h>

#include "assistantd/engine/scheduler-private.h"
#include "util/macro.h"

static enum engine_error adapter_error(int err)
{
	switch (err) {
	case -EBADMSG:
		return ENGINE_E_DIGEST;
	case -ENOMEM:
		return ENGINE_E_MEMORY;
	case -EBUSY:
	case -ENOSPC:
		return ENGINE_E_BUSY;
	case -EFBIG:
		return ENGINE_E_LIMIT;
	default:
		return ENGINE_E_ADAPTER;
	}
}

static const char *adapter_text(int err)
{
	switch (err) {
	case -EBUSY:
		return "the adapter is pinned or in use";
	case -ENOENT:
		return "the adapter is not in memory";
	case -ENOSPC:
		return "no room for the adapter beside those that are pinned or in use";
	case -EFBIG:
		return "the adapter is larger than the memory for adapters";
	default:
		return strerror(-err);
	}
}

void scheduler_tell_adapter(struct scheduler *s, uint64_t id, int result,
			    const struct digest *adapter, const struct diag *d)
{
	struct engine_done done = { 0 };

	if (result < 0 && d && d->code != DIAG_NONE)
		scheduler_tell_diag(s, id, adapter_error(result), adapter, d, result);
	else if (result < 0)
		scheduler_tell_failed(s, id, adapter_error(result), NULL, adapter_text(result));
	else
		scheduler_tell_done(s, id, &done);
}

/* What @p is to read of this adapter, or NULL. */
static struct wanted *reading_of(struct preparation *p, const struct digest *digest)
{
	for (size_t i = 0; i < p->n_wanted; i++)
		if (p->wanted[i].reads && digest_equal(&p->wanted[i].digest, digest))
			return &p->wanted[i];
	return NULL;
}

/* The preparation that is given and reads the adapter, or NULL. */
static struct preparation *reader_of(const struct scheduler *s, const struct digest *digest)
{
	for (struct preparation *p = s->preparing; p; p = p->sibling)
		if (p->given && reading_of(p, digest))
			return p;
	return NULL;
}

/* Gives it to the preparer, unless another one reads an adapter that it wants. */
static void give(struct scheduler *s, struct preparation *p)
{
	bool waits = false;

	for (size_t i = 0; i < p->n_wanted; i++) {
		struct wanted *w = &p->wanted[i];
		struct preparation *reader = w->reads ? reader_of(s, &w->digest) : NULL;

		if (reader && !p->ahead)
			preparer_hurry(s->preparer, reader);
		waits |= reader != NULL;
	}
	if (waits)
		return;
	p->given = true;
	preparer_give(s->preparer, p);
}

/* In order of arrival. */
static void add_preparing(struct scheduler *s, struct preparation *p)
{
	struct preparation **at = &s->preparing;

	while (*at)
		at = &(*at)->sibling;
	*at = p;
}

static void remove_preparing(struct scheduler *s, struct preparation *p)
{
	struct preparation **at = &s->preparing;

	while (*at != p)
		at = &(*at)->sibling;
	*at = p->sibling;
	p->sibling = NULL;
}

/* Requests that run or will: each keeps a place. */
static size_t places_taken(const struct scheduler *s)
{
	size_t n = s->n_requests;

	for (const struct preparation *p = s->preparing; p; p = p->sibling)
		n += preparation_runs(p) && !p->cancelled;
	return n;
}

static void submit(struct scheduler *s, struct preparation *p)
{
	p->began_us = request_clock();
	for (size_t i = 0; i < p->n_wanted; i++) {
		struct wanted *w = &p->wanted[i];

		/* Only what will be served is a use. */
		w->adapter = preparation_runs(p) ? residents_find(s->residents, &w->digest)
						 : residents_peek(s->residents, &w->digest);
		w->reads = !w->adapter;
	}
	add_preparing(s, p);
	give(s, p);
}

static bool has_twice(const struct engine_start *start)
{
	for (uint32_t i = 0; i < start->n_uses; i++)
		for (uint32_t k = 0; k < i; k++)
			if (digest_equal(&start->uses[i].digest, &start->uses[k].digest))
				return true;
	return false;
}

static void want(struct preparation *p, const struct digest *digest, float scale, int fd)
{
	p->wanted[p->n_wanted++] = (struct wanted){ .digest = *digest, .scale = scale, .fd = fd };
}

static int decode_score(struct preparation *p, struct ipc_message *m)
{
	struct engine_score *score = malloc(sizeof(*score));
	int r = score ? engine_get_score(m, score) : -ENOMEM;

	if (r < 0) {
		free(score);
		return r;
	}
	p->score = score;
	p->start = &score->prompt;
	return 0;
}

static int decode_start(struct preparation *p, struct ipc_message *m)
{
	struct engine_start *start = malloc(sizeof(*start));
	int r = start ? engine_get_start(m, start) : -ENOMEM;

	if (r < 0) {
		free(start);
		return r;
	}
	p->start = start;
	return 0;
}

static int decode(struct preparation *p, struct ipc_message *m)
{
	int r = p->type == ENGINE_SCORE ? decode_score(p, m) : decode_start(p, m);
	struct engine_start *start = p->start;

	if (r < 0)
		return r;
	if (has_twice(start))
		return -EEXIST;
	for (uint32_t i = 0; i < start->n_uses; i++)
		if (start->uses[i].scale != 0.0f)
			want(p, &start->uses[i].digest, start->uses[i].scale,
			     TAKE_FD(start->uses[i].fd));
	return 0;
}

static enum engine_error decode_error(int err)
{
	return err == -ENOMEM ? ENGINE_E_MEMORY : err == -EEXIST ? ENGINE_E_INVALID :
								   ENGINE_E_INTERNAL;
}

void scheduler_prepare_request(struct scheduler *s, struct ipc_message *m)
{
	_cleanup_(preparation_freep) struct preparation *p =
		preparation_new(m->id, m->type, s->model, s->context);
	int r = p ? decode(p, m) : -ENOMEM;

	if (r < 0)
		scheduler_tell_failed(s, m->id, decode_error(r), NULL,
				      r == -EEXIST ? "the same adapter twice" : strerror(-r));
	else if (!s->model)
		scheduler_tell_failed(s, m->id, ENGINE_E_NO_MODEL, NULL, "no model is loaded");
	else if (preparation_runs(p) && places_taken(s) == ENGINE_REQUESTS_MAX)
		scheduler_tell_failed(s, m->id, ENGINE_E_BUSY, NULL, "too many requests");
	else
		submit(s, TAKE(p));
}

void scheduler_prepare_adapter(struct scheduler *s, uint64_t id, uint32_t type,
			       struct engine_adapter *v)
{
	struct preparation *p = preparation_new(id, type, s->model, 0);

	if (!p) {
		scheduler_tell_adapter(s, id, -ENOMEM, NULL, NULL);
		return;
	}
	p->ahead = v->ahead;
	want(p, &v->digest, 0.0f, TAKE_FD(v->fd));
	submit(s, p);
}

/* Interactive ones may take the room of the background. */
static int make_request(struct scheduler *s, struct preparation *p, struct request **ret)
{
	int r;

	if (!scheduler_lets_in(s))
		return -ENOSPC;
	do
		r = request_new(ret, s->model, s->residents, p);
	while (r == -ENOSPC && p->start->lane != 0 && scheduler_park_one(s));
	return r;
}

static void begin(struct scheduler *s, struct preparation *p)
{
	struct request *request = NULL;
	int r = make_request(s, p, &request);

	if (r == 0) {
		scheduler_add(s, request);
		scheduler_tell_counted(s, ENGINE_STARTED, p->id, &p->prompt.counted);
	} else if (r == -ENOSPC) {
		scheduler_tell_failed(s, p->id, ENGINE_E_BUSY, &p->prompt.counted,
				      "no room for the request beside those that run");
	} else {
		scheduler_tell_diag(s, p->id, r == -ENOMEM ? ENGINE_E_MEMORY : ENGINE_E_INVALID,
				    NULL, &p->diag, r);
	}
}

static void answer(struct scheduler *s, struct preparation *p)
{
	int r = p->prompt_result;

	if (!p->start || p->adapter_result < 0)
		scheduler_tell_adapter(s, p->id, p->adapter_result, p->fault, &p->diag);
	else if (p->type == ENGINE_COUNT && r >= 0)
		scheduler_tell_counted(s, ENGINE_COUNTED, p->id, &p->prompt.counted);
	else if (r == PROMPT_E_TOO_LONG)
		scheduler_tell_failed(s, p->id, ENGINE_E_TOO_LONG, &p->prompt.counted,
				      "the text does not fit the context");
	else if (r < 0)
		scheduler_tell_diag(s, p->id, r == -ENOMEM ? ENGINE_E_MEMORY : ENGINE_E_INVALID,
				    p->fault, &p->diag, r);
	else
		begin(s, p);
}

/* Whoever waits for the reading that ended with @read (NULL: without an adapter) has it. */
static void hand_out(struct scheduler *s, const struct digest *digest, struct adapter *read)
{
	for (struct preparation *p = s->preparing; p; p = p->sibling) {
		struct wanted *w = p->given ? NULL : reading_of(p, digest);

		if (!w)
			continue;
		/* It was counted as missing when it came. */
		w->adapter = residents_peek(s->residents, digest);
		/* The cache may have had no room for it. */
		if (!w->adapter && read)
			w->adapter = adapter_ref(read);
		w->reads = !w->adapter;
	}
}

/* @p, which is off the list, has read what it should, or will not: nobody waits for it. */
static void end_reading(struct scheduler *s, struct preparation *p)
{
	for (size_t i = 0; i < p->n_wanted; i++) {
		struct wanted *w = &p->wanted[i];

		if (w->reads) {
			w->reads = false;
			hand_out(s, &w->digest, w->adapter);
		}
	}
	for (struct preparation *held = s->preparing; held; held = held->sibling)
		if (!held->given)
			give(s, held);
}

/* A stored beginning that memory has not is read by the preparer, too: true while it does. */
static bool read_prefix(struct scheduler *s, struct preparation *p)
{
	struct prefix_key key;

	if (p->type != ENGINE_START || p->adapter_result < 0 || p->prompt_result != 0 ||
	    p->prompt.n_fixed == 0)
		return false;
	key = request_key(p);
	if (p->pages)
		residents_restore(s->residents, &key, p->prompt.tokens.ids, &p->prefix, p->pages);
	if (p->reads_prefix)
		return false;
	p->prefix = residents_head(s->residents, &s->digests.file, &key, p->prompt.n_fixed);
	if (p->start->prefix_fd < 0 ||
	    residents_know(s->residents, &key, p->prompt.tokens.ids, p->prompt.n_fixed))
		return false;
	p->reads_prefix = true;
	add_preparing(s, p);
	give(s, p);
	return true;
}

/* What was read stays, as far as that is what was asked for. */
static int keep_adapter(struct scheduler *s, const struct preparation *p, const struct wanted *w)
{
	if (p->start)
		return w->reads ? residents_add(s->residents, w->adapter) : 0;
	if (p->ahead)
		return residents_add_ahead(s->residents, w->adapter);
	return residents_hold(s->residents, w->adapter, p->type == ENGINE_PIN);
}

static void keep_adapters(struct scheduler *s, struct preparation *p)
{
	for (size_t i = 0; i < p->n_wanted; i++) {
		int r = p->wanted[i].adapter ? keep_adapter(s, p, &p->wanted[i]) : 0;

		if (r < 0)
			p->adapter_result = r;
	}
}

void scheduler_begin_prepared(struct scheduler *s)
{
	struct preparation *p;

	while ((p = preparer_take(s->preparer))) {
		remove_preparing(s, p);
		keep_adapters(s, p);
		end_reading(s, p);
		if (!p->cancelled && read_prefix(s, p))
			continue;
		if (!p->cancelled)
			answer(s, p);
		preparation_free(p);
		residents_tidy(s->residents);
		scheduler_tell_usage(s);
	}
}

bool scheduler_cancel_preparing(struct scheduler *s, uint64_t id)
{
	struct preparation *p = s->preparing;

	while (p && (p->id != id || p->cancelled))
		p = p->sibling;
	if (!p)
		return false;
	p->cancelled = true;
	if (p->given && !preparer_withdraw(s->preparer, p))
		return true;
	remove_preparing(s, p);
	if (p->given)
		end_reading(s, p);
	preparation_free(p);
	return true;
}

bool scheduler_is_preparing(struct scheduler *s)
{
	for (const struct preparation *p = s->preparing; p; p = p->sibling)
		if (!p->cancelled)
			return true;
	preparer_wait(s->preparer);
	scheduler_begin_prepared(s);
	return false;
}

void scheduler_end_preparing(struct scheduler *s)
{
	struct preparation *p, *next;

	/* The preparer frees what was given to it, which is still listed here. */
	for (struct preparation **at = &s->preparing; (p = *at); ) {
		next = p->sibling;
		if (p->given)
			*at = next;
		else
			at = &p->sibling;
	}
	s->preparer = preparer_free(s->preparer);
	for (p = s->preparing; p; p = next) {
		next = p->sibling;
		preparation_free(p);
	}
}
