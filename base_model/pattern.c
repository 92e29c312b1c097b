/* SPDX-License-Identifier: MIT */
#include "base_model/pattern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 32	/* so that offsets count characters */
#include <pcre2.h>

#include "base_model/characters.h"
#include "util/macro.h"
#include "util/utf8.h"

#define MAX_HEAP_KIB (64u << 10)

struct pattern {
	pcre2_code *code;
};

/* Of one cut. */
struct budget {
	uint64_t steps, max;
	size_t position;
};

static pcre2_code *compile(const char *expression, size_t len, int *code, PCRE2_SIZE *where)
{
	uint32_t cps[PATTERN_MAX];
	size_t n = 0, size;

	for (size_t at = 0; at < len; at += size)
		cps[n++] = utf8_decode(expression + at, len - at, &size);
	/* Calls for every item, and none saved by looking ahead for what must come: otherwise
	 * steps would not be counted. Ends of lines are those of Ruby, as in Oniguruma. */
	return pcre2_compile(cps, n, PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_AUTO_CALLOUT |
			     PCRE2_NO_START_OPTIMIZE | PCRE2_NEVER_BACKSLASH_C, code, where, NULL);
}

int pattern_new(struct pattern **ret, const char *expression, const char *field, struct diag *d)
{
	_cleanup_(pattern_freep) struct pattern *p = calloc(1, sizeof(*p));
	size_t len = strlen(expression);
	PCRE2_SIZE where = 0;
	int code;

	if (!p)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	if (len > PATTERN_MAX)
		return diag_set(d, -EINVAL, DIAG_LIMIT, field, "%zu bytes, at most %d", len,
				PATTERN_MAX);
	if (!utf8_valid(expression, len))
		return diag_set(d, -EINVAL, DIAG_TYPE, field, "not UTF-8");
	p->code = compile(expression, len, &code, &where);
	if (!p->code)
		return diag_set(d, -EINVAL, DIAG_UNSUP, field,
				"error %d in the expression, at character %zu", code, where);
	*ret = TAKE(p);
	return 0;
}

struct pattern *pattern_free(struct pattern *p)
{
	if (!p)
		return NULL;
	pcre2_code_free(p->code);
	free(p);
	return NULL;
}

/* A step for each item, and for each character that the item before it took or gave back. */
static int count_step(pcre2_callout_block *block, void *arg)
{
	struct budget *b = arg;
	size_t at = block->current_position;

	b->steps += 1 + (at > b->position ? at - b->position : b->position - at);
	b->position = at;
	return b->steps > b->max ? PCRE2_ERROR_CALLOUT : 0;
}

struct matcher {
	pcre2_match_data *data;
	pcre2_match_context *context;
	struct budget budget;
};

static void matcher_deinit(struct matcher *m)
{
	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->context);
}

static int matcher_init(struct matcher *m, const struct pattern *p, uint64_t steps)
{
	m->budget.max = steps;
	m->data = pcre2_match_data_create_from_pattern(p->code, NULL);
	m->context = pcre2_match_context_create(NULL);
	if (!m->data || !m->context)
		return -ENOMEM;
	pcre2_set_callout(m->context, count_step, &m->budget);
	pcre2_set_heap_limit(m->context, MAX_HEAP_KIB);
	pcre2_set_match_limit(m->context, UINT32_MAX);
	pcre2_set_depth_limit(m->context, UINT32_MAX);
	return 0;
}

/* pcre2_match(), by our results: 1, 0 for none, -ELOOP, -ENOMEM. */
static int match(const struct pattern *p, struct matcher *m, const uint32_t *cps, size_t n,
		 size_t at, uint32_t options)
{
	int r;

	m->budget.position = at;
	r = pcre2_match(p->code, cps, n, at, options | PCRE2_NO_UTF_CHECK, m->data, m->context);
	if (r == PCRE2_ERROR_NOMATCH)
		return 0;
	if (r < 0)
		return r == PCRE2_ERROR_NOMEMORY ? -ENOMEM : -ELOOP;
	return 1;
}

/* The first match from @at on. */
static int find(const struct pattern *p, struct matcher *m, const struct characters *c,
		size_t begin, size_t at, size_t end, size_t *from, size_t *to)
{
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(m->data);
	int r = match(p, m, c->cps + begin, end - begin, at - begin, 0);

	if (r <= 0)
		return r;
	*from = begin + ends[0];
	*to = begin + ends[1];
	return 1;
}

/* Cuts characters @begin to @end. */
static int cut_piece(const struct pattern *p, struct matcher *m, const struct characters *c,
		     size_t begin, size_t end, uint32_t *to, size_t *n)
{
	size_t at = begin, done = begin, from, stop;
	int r = 0;

	while (at < end && (r = find(p, m, c, begin, at, end, &from, &stop)) > 0) {
		if (from > done)
			to[(*n)++] = (uint32_t)from;
		if (stop > from)
			to[(*n)++] = (uint32_t)stop;
		done = stop;
		/* What is empty cuts there, and the search goes on behind the next character. */
		at = stop + (stop == from);
	}
	if (r >= 0 && done < end)
		to[(*n)++] = (uint32_t)end;
	return MIN(r, 0);
}

int pattern_cut(const struct pattern *p, struct characters *c, const uint32_t *ends, size_t n,
		uint32_t *to, size_t *n_to)
{
	_cleanup_(matcher_deinit) struct matcher m = { 0 };
	int r = matcher_init(&m, p, (uint64_t)PATTERN_STEPS * c->n + PATTERN_STEPS_LEAST);

	*n_to = 0;
	for (size_t i = 0, at = 0; r == 0 && i < n; at = ends[i++])
		r = cut_piece(p, &m, c, at, ends[i], to, n_to);
	c->n_steps += m.budget.steps;
	return r;
}

int pattern_whole(const struct pattern *p, const char *text, size_t len, uint64_t *steps)
{
	_cleanup_(matcher_deinit) struct matcher m = { 0 };
	uint32_t cps[PATTERN_TEXT];
	size_t n = 0, size;
	int r;

	if (len > PATTERN_TEXT)
		return -EINVAL;
	for (size_t at = 0; at < len; at += size) {
		cps[n] = utf8_decode(text + at, len - at, &size);
		n += cps[n] != UTF8_INVALID;
	}
	r = matcher_init(&m, p, *steps);
	if (r == 0)
		r = match(p, &m, cps, n, 0, PCRE2_ANCHORED | PCRE2_ENDANCHORED);
	*steps -= MIN(*steps, m.budget.steps);
	return r;
}
