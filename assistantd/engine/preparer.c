/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/preparer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct list {
	struct preparation *first, **end;
};

struct preparer {
	pthread_t thread;
	void (*ready)(void *arg);
	void *arg;
	/* Shared by both threads. */
	pthread_mutex_t mutex;
	pthread_cond_t wake;	/* something was given, or the end is asked for */
	pthread_cond_t idle;	/* nothing is left to do */
	struct list given, done;
	bool working, stop;
};

struct preparation *preparation_new(uint64_t id, uint32_t type, const struct bm_model *m,
				    uint32_t context)
{
	struct preparation *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->id = id;
	p->type = type;
	p->model = m;
	p->context = context;
	for (size_t i = 0; i < ENGINE_USES_MAX; i++)
		p->wanted[i].fd = -1;
	return p;
}

struct preparation *preparation_free(struct preparation *p)
{
	if (!p)
		return NULL;
	if (p->score)
		engine_score_deinit(p->score);
	else if (p->start)
		engine_start_deinit(p->start);
	free(p->score ? (void *)p->score : p->start);
	scoring_free(p->scoring);
	scoring_texts_deinit(&p->texts);
	for (size_t i = 0; i < p->n_wanted; i++) {
		closep(&p->wanted[i].fd);
		adapter_unref(p->wanted[i].adapter);
	}
	prompt_deinit(&p->prompt);
	free(p->pages);
	free(p);
	return NULL;
}

bool preparation_runs(const struct preparation *p)
{
	return p->type == ENGINE_START || p->type == ENGINE_SCORE;
}

static void list_init(struct list *l)
{
	l->first = NULL;
	l->end = &l->first;
}

static void list_add(struct list *l, struct preparation *p)
{
	p->next = NULL;
	*l->end = p;
	l->end = &p->next;
}

/* Takes out the one that *@at points to. */
static struct preparation *list_remove(struct list *l, struct preparation **at)
{
	struct preparation *p = *at;

	*at = p->next;
	if (!p->next)
		l->end = at;
	return p;
}

enum rank { RANK_WAITED_FOR, RANK_BACKGROUND, RANK_AHEAD };

/* Only what nobody waits for at a screen can wait. */
static enum rank rank_of(const struct preparation *p)
{
	if (p->ahead)
		return RANK_AHEAD;
	return preparation_runs(p) && p->start->lane == 0 ? RANK_BACKGROUND : RANK_WAITED_FOR;
}

static struct preparation **next_given(struct preparer *p)
{
	struct preparation **next = &p->given.first;

	for (struct preparation **at = next; *at; at = &(*at)->next)
		if (rank_of(*at) < rank_of(*next))
			next = at;
	return next;
}

static int read_adapter(struct preparation *p, struct wanted *w)
{
	int r = w->fd < 0 ? -ENOENT : adapter_load_fd(&w->adapter, p->model, w->fd, &p->diag);

	if (r < 0 || digest_equal(adapter_digest(w->adapter), &w->digest))
		return r;
	w->adapter = adapter_unref(w->adapter);
	return diag_set(&p->diag, -EBADMSG, DIAG_SIG, "digest",
			"the file is not the adapter of the catalogue");
}

/* All that are not there; the first that fails ends it. */
static int read_adapters(struct preparation *p)
{
	for (size_t i = 0; i < p->n_wanted; i++) {
		struct wanted *w = &p->wanted[i];
		int r = w->reads ? read_adapter(p, w) : 0;

		if (r < 0) {
			p->fault = &w->digest;
			return r;
		}
	}
	return 0;
}

static int gather_adapters(struct preparation *p)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_wanted; i++)
		r = adapter_uses_add(&p->uses, p->wanted[i].adapter, p->wanted[i].scale);
	if (r == -ENOTUNIQ)
		diag_set(&p->diag, r, DIAG_VOCAB, "adapters", "two of them bring tokens");
	return r;
}

static int place_adapters(struct preparation *p)
{
	const struct token_list *tokens = &p->prompt.tokens;
	size_t at;
	int r = adapter_uses_place(&p->uses, tokens->ids, tokens->n, &at, &p->diag);

	if (r < 0)
		p->fault = adapter_digest(p->uses.items[at].adapter);
	return r;
}

/* A prompt that one token has room behind, and those of the texts. */
static int prepare_texts(struct preparation *p)
{
	const struct engine_score *score = p->score;
	bool answers = p->start->n_segments > 0;
	const char *at = score->texts.data;
	int r;

	p->prompt.counted.limit = p->context;
	if (answers)
		r = prompt_build(&p->prompt, p->model, p->tokenizer, p->context, p->start,
				 &p->diag);
	else
		r = scoring_texts_begin(&p->prompt.tokens, p->tokenizer, &p->diag);
	if (!answers)
		p->prompt.counted.needed = (uint32_t)p->prompt.tokens.n;
	for (uint32_t i = 0; r == 0 && i < score->n_texts; i++) {
		size_t len = strlen(at);

		r = scoring_texts_add(&p->texts, p->tokenizer, at, len, answers, score->ends);
		at += len + 1;
	}
	return r;
}

/* By the vocabulary of its adapters; COUNT does not ask what of the prompt they act on. */
static int prepare_prompt(struct preparation *p)
{
	int r = gather_adapters(p);

	p->tokenizer = adapter_uses_tokenizer(&p->uses, bm_model_tokenizer(p->model), &p->n_extra);
	if (r == 0 && p->score)
		r = prepare_texts(p);
	else if (r == 0)
		r = prompt_build(&p->prompt, p->model, p->tokenizer, p->context, p->start,
				 &p->diag);
	return r == 0 && preparation_runs(p) ? place_adapters(p) : r;
}

static void prepare(struct preparation *p)
{
	if (p->reads_prefix) {
		/* What cannot be read is computed. */
		(void)prefix_file_read(p->start->prefix_fd, &p->prefix, p->prompt.tokens.ids,
				       &p->pages);
		return;
	}
	p->adapter_result = read_adapters(p);
	if (p->start && p->adapter_result == 0)
		p->prompt_result = prepare_prompt(p);
}

static void *run(void *arg)
{
	struct preparer *p = arg;

	pthread_mutex_lock(&p->mutex);
	for (;;) {
		struct preparation *it;

		while (!p->given.first && !p->stop)
			pthread_cond_wait(&p->wake, &p->mutex);
		if (p->stop)
			break;
		it = list_remove(&p->given, next_given(p));
		p->working = true;
		pthread_mutex_unlock(&p->mutex);
		prepare(it);
		pthread_mutex_lock(&p->mutex);
		p->working = false;
		list_add(&p->done, it);
		if (!p->given.first)
			pthread_cond_signal(&p->idle);
		pthread_mutex_unlock(&p->mutex);
		p->ready(p->arg);
		pthread_mutex_lock(&p->mutex);
	}
	pthread_mutex_unlock(&p->mutex);
	return NULL;
}

int preparer_new(struct preparer **ret, void (*ready)(void *arg), void *arg)
{
	struct preparer *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->ready = ready;
	p->arg = arg;
	list_init(&p->given);
	list_init(&p->done);
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->wake, NULL);
	pthread_cond_init(&p->idle, NULL);
	r = pthread_create(&p->thread, NULL, run, p);
	if (r) {
		free(p);
		return -r;
	}
	*ret = p;
	return 0;
}

struct preparer *preparer_free(struct preparer *p)
{
	struct preparation *it;

	if (!p)
		return NULL;
	pthread_mutex_lock(&p->mutex);
	p->stop = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->mutex);
	pthread_join(p->thread, NULL);
	while (p->given.first)
		preparation_free(list_remove(&p->given, &p->given.first));
	while ((it = preparer_take(p)))
		preparation_free(it);
	pthread_cond_destroy(&p->idle);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->mutex);
	free(p);
	return NULL;
}

void preparer_give(struct preparer *p, struct preparation *it)
{
	pthread_mutex_lock(&p->mutex);
	list_add(&p->given, it);
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->mutex);
}

void preparer_hurry(struct preparer *p, struct preparation *it)
{
	pthread_mutex_lock(&p->mutex);
	it->ahead = false;
	pthread_mutex_unlock(&p->mutex);
}

struct preparation *preparer_take(struct preparer *p)
{
	struct preparation *it = NULL;

	pthread_mutex_lock(&p->mutex);
	if (p->done.first)
		it = list_remove(&p->done, &p->done.first);
	pthread_mutex_unlock(&p->mutex);
	return it;
}

bool preparer_withdraw(struct preparer *p, struct preparation *it)
{
	struct preparation **at = &p->given.first;
	bool found;

	pthread_mutex_lock(&p->mutex);
	while (*at && *at != it)
		at = &(*at)->next;
	found = *at;
	if (found)
		list_remove(&p->given, at);
	pthread_mutex_unlock(&p->mutex);
	return found;
}

void preparer_wait(struct preparer *p)
{
	pthread_mutex_lock(&p->mutex);
	while (p->given.first || p->working)
		pthread_cond_wait(&p->idle, &p->mutex);
	pthread_mutex_unlock(&p->mutex);
}
