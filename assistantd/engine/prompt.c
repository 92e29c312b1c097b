/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/prompt.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "util/cleanup.h"
#include "util/macro.h"
#include "util/utf8.h"

/* Joining two pieces of text may give more tokens than both have alone: some slack. */
#define CUT_SLACK 4

static const char *const role_names[ENGINE_ROLE_COUNT] = { "system", "user", "assistant" };

/* Turns as chat_encode() takes them. */
struct conversation {
	json_t *messages;
	struct chat_own own[ENGINE_SEGMENTS_MAX];
	size_t n_own;
};

/* The turn that begins at segment *@i, which moves behind it. */
static int add_turn(struct conversation *c, const struct engine_start *s, uint32_t *i)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	const char *role = role_names[s->segments[*i].role];
	uint32_t turn = s->segments[*i].turn;
	int r = 0;

	for (; r == 0 && *i < s->n_segments && s->segments[*i].turn == turn; ++*i) {
		const struct engine_segment *at = &s->segments[*i];

		if (at->own)
			c->own[c->n_own++] = (struct chat_own){
				json_array_size(c->messages), { text.len, text.len + at->text.len },
			};
		if (at->text.len)
			r = buf_append(&text, at->text.data, at->text.len);
	}
	/* jansson takes UTF-8 only; the front end has checked what it passes on. */
	if (r == 0 && json_array_append_new(c->messages,
			json_pack("{s:s, s:s%}", "role", role, "content",
				  text.len ? text.data : "", text.len)) < 0)
		r = -EINVAL;
	return r;
}

static int encode(const struct bm_model *m, const struct tokenizer *t,
		  const struct engine_start *s, struct token_list *out, struct diag *d)
{
	struct conversation c = { .messages = json_array(), .n_own = 0 };
	struct chat_input input = { .messages = c.messages, .own = c.own };
	time_t now = time(NULL);
	char date[16] = "";
	struct tm tm;
	int r = c.messages ? 0 : -ENOMEM;

	out->n = 0;
	for (uint32_t i = 0; r == 0 && i < s->n_segments;)
		r = add_turn(&c, s, &i);
	input.n_own = c.n_own;
	if (gmtime_r(&now, &tm) && strftime(date, sizeof(date), "%Y-%m-%d", &tm))
		input.date = date;
	if (r == 0)
		r = chat_encode(out, bm_model_gguf(m), t, &input, d);
	json_decref(c.messages);
	return r;
}

/* Takes @n tokens' worth of text off one end, at least one character. */
static int shorten(const struct tokenizer *t, struct engine_segment *s, size_t n)
{
	_cleanup_(token_list_deinit) struct token_list tokens = TOKEN_LIST_NULL;
	_cleanup_(buf_deinit) struct buf kept = BUF_NULL;
	size_t from = 0, to, size = 1;
	int r = tokenizer_encode(t, s->text.data, s->text.len, 0, &tokens);

	if (r < 0)
		return r;
	n += CUT_SLACK;
	if (n >= tokens.n) {
		buf_reset(&s->text);
		return 0;
	}

	/* Decoded text has the bytes of the original, so its length is where to cut. */
	if (s->cut == ENGINE_CUT_HEAD)
		r = tokenizer_decode(t, tokens.ids, n, &kept);
	else
		r = tokenizer_decode(t, tokens.ids, tokens.n - n, &kept);
	if (r < 0)
		return r;
	from = s->cut == ENGINE_CUT_HEAD ? MIN(kept.len, s->text.len) : 0;
	to = s->cut == ENGINE_CUT_HEAD ? s->text.len : MIN(kept.len, s->text.len - 1);
	while (from < to && utf8_decode(s->text.data + from, to - from, &size) == UTF8_INVALID)
		from++;
	to -= utf8_incomplete_tail(s->text.data + from, to - from);
	memmove(s->text.data, s->text.data + from, to - from);
	s->text.len = to - from;
	s->text.data[s->text.len] = '\0';
	return 0;
}

/* The segment that gives way next, or NULL. */
static struct engine_segment *weakest(struct engine_start *s)
{
	struct engine_segment *found = NULL;

	for (uint32_t i = 0; i < s->n_segments; i++) {
		struct engine_segment *at = &s->segments[i];

		if (at->cut != ENGINE_CUT_NEVER && at->text.len &&
		    (!found || at->priority < found->priority))
			found = at;
	}
	return found;
}

/* Tokens that the answer needs beside a prompt of @n. */
static uint64_t answer_room(const struct engine_start *s, size_t n)
{
	uint64_t room = s->answer_share > 0 ? (uint64_t)(s->answer_share * (float)n) : 0;

	room = MAX(room, (uint64_t)s->max_tokens);
	return MAX(room, (uint64_t)1);
}

static size_t common(const struct token_list *a, const struct token_list *b)
{
	size_t n = 0;

	while (n < a->n && n < b->n && a->ids[n] == b->ids[n])
		n++;
	return n;
}

/* The tokens of @start with @text in place of each segment that varies. */
static int encode_with(const struct bm_model *m, const struct tokenizer *t,
		       const struct engine_start *start, const char *text,
		       struct token_list *out, struct diag *d)
{
	_cleanup_free_ struct engine_start *other = malloc(sizeof(*other));

	if (!other)
		return -ENOMEM;
	/* Its texts are borrowed. */
	*other = *start;
	for (uint32_t i = start->n_fixed; i < start->n_segments; i++)
		other->segments[i].text = (struct buf){ .data = (char *)text,
							.len = strlen(text) };
	return encode(m, t, other, out, d);
}

/*
 * What two other texts have in common, so that nothing of this one is counted as fixed. Where
 * this one's first letters join the last fixed token, none is.
 */
static int count_fixed(struct prompt *p, const struct bm_model *m, const struct tokenizer *t,
		       const struct engine_start *start, struct diag *d)
{
	_cleanup_(token_list_deinit) struct token_list a = TOKEN_LIST_NULL, b = TOKEN_LIST_NULL;
	int r = 0;
	size_t n;

	if (start->n_fixed)
		r = encode_with(m, t, start, "a", &a, d);
	if (r == 0 && start->n_fixed)
		r = encode_with(m, t, start, "1", &b, d);
	if (r < 0)
		return r;
	n = common(&a, &b) / BM_SEQUENCE_PAGE * BM_SEQUENCE_PAGE;
	p->n_fixed = common(&a, &p->tokens) >= n ? (uint32_t)n : 0;
	return 0;
}

int prompt_build(struct prompt *ret, const struct bm_model *m, const struct tokenizer *t,
		 uint32_t context, struct engine_start *start, struct diag *d)
{
	size_t first = 0;

	*ret = (struct prompt){ .counted.limit = context };
	for (;;) {
		struct engine_segment *weak;
		uint64_t total;
		int r = encode(m, t, start, &ret->tokens, d);

		if (r == 0 && ret->tokens.n == 0)
			r = diag_set(d, -EINVAL, DIAG_RANGE, "prompt", "it is empty");
		if (r < 0)
			return r;
		first = first ? first : ret->tokens.n;
		total = ret->tokens.n + answer_room(start, ret->tokens.n);
		ret->counted.needed = (uint32_t)MIN(total, (uint64_t)UINT32_MAX);
		ret->counted.cut = (uint32_t)(first > ret->tokens.n ? first - ret->tokens.n : 0);
		if (total <= context)
			break;
		weak = weakest(start);
		if (!weak)
			return PROMPT_E_TOO_LONG;
		r = shorten(t, weak, (size_t)(total - context));
		if (r < 0)
			return r;
	}

	ret->max_answer = context - (uint32_t)ret->tokens.n;
	if (start->max_tokens)
		ret->max_answer = MIN(ret->max_answer, start->max_tokens);
	else if (start->answer_share > 0)
		ret->max_answer = MIN(ret->max_answer,
				      2 * (uint32_t)answer_room(start, ret->tokens.n) + 16);
	return count_fixed(ret, m, t, start, d);
}

void prompt_deinit(struct prompt *p)
{
	token_list_deinit(&p->tokens);
}
