/* SPDX-License-Identifier: MIT */
#include "tests/engine/front-alone.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/engine/prompt.h"
#include "util/macro.h"

uint32_t front_below(uint64_t *state, uint32_t n)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*state >> 33) % n);
}

static struct adapter *load_adapter(const struct front *f, const struct bm_model *m, size_t i)
{
	struct adapter *a = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(adapter_load_fd(&a, m, f->adapter_fds[i], &d) == 0, "%s: %s", d.field,
		      d.text);
	return a;
}

void front_fill(struct engine_start *s, const struct front_case *c)
{
	*s = (struct engine_start)ENGINE_START_NULL;
	s->max_tokens = c->max_tokens;
	s->temperature = c->temperature;
	s->seed = c->seed;
	for (size_t at = 0, end; at < c->prompt_len; at = end) {
		end = at < c->fixed_len ? c->fixed_len : c->prompt_len;
		ck_assert_int_eq(engine_start_add(s, ENGINE_ROLE_USER, 0, ENGINE_CUT_NEVER, 0,
						  c->prompt + at, end - at), 0);
		s->segments[0].own = c->own;
	}
	s->n_fixed = c->fixed_len > 0;
}

static void keep_answer(struct front_case *c, const struct tokenizer *t, const int32_t *tokens)
{
	_cleanup_(bm_stream_freep) struct bm_stream *stream = NULL;
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;

	ck_assert_int_eq(bm_stream_new(&stream, NULL, 0), 0);
	ck_assert_int_eq(bm_stream_push_tokens(stream, t, tokens, c->n_answer, &text), 0);
	ck_assert_int_eq(bm_stream_finish(stream, &text), 0);
	ck_assert_uint_le(text.len, sizeof(c->answer));
	c->answer_len = text.len;
	if (text.len)
		memcpy(c->answer, text.data, text.len);
}

static const char *const extra[] = FRONT_TOKENS;

static bool brings_tokens(const struct front *f, const struct front_case *c)
{
	for (size_t i = 0; i < c->n_uses; i++)
		if (c->uses[i].adapter == f->extends && c->uses[i].scale != 0.0f)
			return true;
	return false;
}

const struct tokenizer *front_tokenizer(const struct front *f, const struct front_case *c)
{
	return brings_tokens(f, c) ? adapter_tokenizer(f->adapters[f->extends]) :
				     bm_model_tokenizer(f->model);
}

/* Bytes of the token at @at of a prompt, where the first @own may have some that are brought. */
static size_t token_len(const struct front_case *c, size_t at, size_t own)
{
	for (size_t i = 0; i < ARRAY_SIZE(extra); i++) {
		size_t len = strlen(extra[i]);

		if (at + len <= own && memcmp(c->prompt + at, extra[i], len) == 0)
			return len;
	}
	return 1;
}

/* Tokens of the first @end bytes of the prompt, and in *@first (may be NULL) those before the first
 * that is brought. */
static size_t count_tokens(const struct front *f, const struct front_case *c, size_t end,
			   size_t *first)
{
	size_t own = c->fixed_len ? c->fixed_len : c->prompt_len, n = 0, len;
	bool found = false;

	own = c->own && brings_tokens(f, c) ? own : 0;
	for (size_t at = 0; at < end; at += len, n++) {
		len = token_len(c, at, own);
		if (first && !found)
			*first = n;
		found |= len > 1;
	}
	return n;
}

/* From which token of a prompt of @n it acts; -1: it is not invoked. */
static int64_t from_of(const struct front *f, const struct front_case *c, int adapter, size_t n)
{
	const char *invocation = f->invocations[adapter];
	size_t len = invocation ? strlen(invocation) : 0, first = c->prompt_len;
	size_t before = n - count_tokens(f, c, c->prompt_len, &first);

	for (size_t end = c->prompt_len; len && end >= len; end--)
		if (memcmp(c->prompt + end - len, invocation, len) == 0) {
			size_t at = count_tokens(f, c, end - len, NULL);

			return (int64_t)(before + (adapter == f->extends ? MIN(at, first) : at));
		}
	return len ? -1 : 0;
}

/* One pass for a piece of the prompt on which the same adapters act, one for each token: no
 * batch, no guesses, no scheduler, and nothing that was known before. */
static void answer_alone(struct front *f, struct front_case *c, const struct prompt *prompt,
			 const struct front_acting *acting)
{
	const struct tokenizer *t = front_tokenizer(f, c);
	struct bm_sampling sampling = BM_SAMPLING_GREEDY;
	_cleanup_(bm_sampler_freep) struct bm_sampler *sampler = NULL;
	struct front_alone alone;
	int32_t tokens[FRONT_ANSWER_MAX], token;
	size_t n = prompt->tokens.n;

	sampling.temperature = c->temperature;
	sampling.seed = c->seed;
	front_alone_init(&alone, f, t, acting);
	ck_assert_int_eq(bm_sampler_new(&sampler, &sampling, tokenizer_n_tokens(t)), 0);
	for (size_t pos = 0, end; c->n_answer < c->max_tokens; pos = end) {
		end = front_alone_pass(&alone, pos < n ? prompt->tokens.ids + pos : &token,
				       pos < n ? n - pos : 1);
		if (end < n)
			continue;
		token = bm_sampler_pick(sampler, alone.logits);
		c->ends = tokenizer_is_end(t, token);
		if (c->ends)
			break;
		tokens[c->n_answer++] = token;
	}
	keep_answer(c, t, tokens);
	front_alone_deinit(&alone);
}

void front_solve(struct front *f, struct front_case *c)
{
	struct front_acting acting = { 0 };
	struct engine_start start;
	struct prompt prompt;

	front_fill(&start, c);
	ck_assert_int_eq(prompt_build(&prompt, f->model, front_tokenizer(f, c), f->context,
				      &start, NULL), 0);
	engine_start_deinit(&start);
	c->n_prompt = (uint32_t)prompt.tokens.n;
	c->n_answer = 0;
	c->ends = false;
	c->not_invoked = -1;
	for (size_t i = 0; i < c->n_uses; i++) {
		int adapter = c->uses[i].adapter;

		acting.scales[adapter] = c->uses[i].scale;
		acting.from[adapter] = from_of(f, c, adapter, prompt.tokens.n);
		if (acting.from[adapter] < 0 && acting.scales[adapter] != 0.0f)
			c->not_invoked = adapter;
	}
	if (c->not_invoked < 0) {
		answer_alone(f, c, &prompt, &acting);
		front_solve_texts(f, c, &prompt.tokens, &acting);
	}
	prompt_deinit(&prompt);
}

bool front_invoke(const struct front *f, struct front_case *c, int adapter, size_t at)
{
	const char *invocation = f->invocations[adapter];
	size_t len = strlen(invocation);

	if (c->prompt_len + len > sizeof(c->prompt))
		return false;
	memmove(c->prompt + at + len, c->prompt + at, c->prompt_len - at);
	memcpy(c->prompt + at, invocation, len);
	c->prompt_len += len;
	return true;
}

static int first_adapter(const struct front_case *c)
{
	return c->n_uses ? c->uses[0].adapter : -1;
}

/* Phrases, and what was answered with the same first adapter, so that some answers repeat
 * their prompt. */
static void make_prompt(struct front *f, struct front_case *c, size_t index,
			const struct front_words *words, uint64_t *state)
{
	size_t most = front_below(state, 3) ? words->max_bytes / 4 : words->max_bytes;
	size_t want = 1 + front_below(state, (uint32_t)most);

	while (c->prompt_len < want) {
		const struct front_case *other = &f->cases[front_below(state, (uint32_t)index + 1)];
		const char *text = other->answer;
		size_t len = other->answer_len;

		if (first_adapter(other) != first_adapter(c) || len == 0 ||
		    front_below(state, 4) == 0) {
			text = words->phrases[front_below(state, (uint32_t)words->n_phrases)];
			len = strlen(text);
		}
		if (c->prompt_len + len > words->max_bytes)
			break;
		memcpy(c->prompt + c->prompt_len, text, len);
		c->prompt_len += len;
	}
}

/* None, one, or several adapters, some of them without effect; most prompts invoke them. */
static void make_uses(struct front *f, struct front_case *c, uint64_t *state)
{
	uint32_t first = front_below(state, (uint32_t)f->n_adapters), n = front_below(state, 6);

	c->n_uses = n < 3 ? n : n == 5 ? 3 : n - 3;
	for (size_t i = 0; i < c->n_uses; i++)
		c->uses[i] = (struct front_use){ (int)((first + i) % f->n_adapters),
						 0.25f * (float)front_below(state, 9) };
}

static void invoke_some(struct front *f, struct front_case *c, uint64_t *state)
{
	for (size_t i = 0; i < c->n_uses; i++)
		if (f->invocations[c->uses[i].adapter] && front_below(state, 8))
			front_invoke(f, c, c->uses[i].adapter,
				     front_below(state, (uint32_t)c->prompt_len + 1));
}

static void make_cases(struct front *f, const struct front_words *words, uint64_t seed)
{
	uint64_t state = seed;

	for (size_t i = 0; i < FRONT_CASES; i++) {
		struct front_case *c = &f->cases[i];

		make_uses(f, c, &state);
		make_prompt(f, c, i, words, &state);
		front_make_texts(f, c, words, &state);
		invoke_some(f, c, &state);
		c->own = front_below(&state, 2);
		c->max_tokens = 1 + front_below(&state, FRONT_ANSWER_MAX);
		c->temperature = front_below(&state, 2) ? 0.0f : 0.5f;
		c->seed = front_below(&state, 1000);
		front_solve(f, c);
	}
}

/* Opens everything, but makes no cases. */
static void open_files(struct front *f, int model_fd, const int *adapter_fds, size_t n_adapters)
{
	struct bm_params params = { .threads = 1 };
	struct bm_kv_pool *kv = NULL;

	f->model_fd = model_fd;
	f->extends = -1;
	f->n_adapters = n_adapters;
	memcpy(f->adapter_fds, adapter_fds, n_adapters * sizeof(*adapter_fds));
	ck_assert_int_eq(bm_model_open_fd(&f->model, model_fd, &params, NULL), 0);
	f->context = bm_model_config(f->model)->context;
	ck_assert_int_eq(bm_kv_pool_new(&kv, f->model, BM_KV_F16, SIZE_MAX), 0);
	f->context_bytes = bm_kv_pool_need(kv, f->context);
	bm_kv_pool_unref(kv);
	for (size_t i = 0; i < n_adapters; i++) {
		f->adapters[i] = load_adapter(f, f->model, i);
		f->digests[i] = *adapter_digest(f->adapters[i]);
		f->adapter_bytes = MAX(f->adapter_bytes, adapter_bytes(f->adapters[i]));
	}
}

void front_init_files(struct front *f, int model_fd, const int *adapter_fds, size_t n_adapters,
		      const struct front_words *words, uint64_t seed)
{
	memset(f, 0, sizeof(*f));
	open_files(f, model_fd, adapter_fds, n_adapters);
	make_cases(f, words, seed);
}

void front_init(struct front *f, uint64_t seed)
{
	static const char *const matrices[FRONT_ADAPTERS] = {
		"blk.0.attn_q.weight", "blk.1.attn_q.weight", "blk.0.attn_output.weight",
		"blk.1.attn_output.weight", "blk.1.attn_q.weight", "blk.0.attn_q.weight",
	};
	static const char *const letters[] = { "a", "b", "c", "i", "j", "k", "x", "y", "z", "<on>",
					       "<off" };
	const struct token_fixture tokens = { .texts = extra, .n = ARRAY_SIZE(extra),
					      .size = 1.5f };
	static const char *const invocations[FRONT_ADAPTERS] = { [4] = "!", [5] = "?#" };
	const struct front_words words = { letters, ARRAY_SIZE(letters), 250 };
	struct fixture model = FIXTURE;
	int adapters[FRONT_ADAPTERS], extends = seed % 2 ? 3 : 5;

	model.vocab = 130;
	model.context = 320;
	model.tokenizer = true;
	model.seed = seed;
	for (int i = 0; i < FRONT_ADAPTERS; i++) {
		struct lora_fixture lora = LORA_FIXTURE;
		uint32_t invocation[2];

		lora.seed = seed + 10 + (uint64_t)i;
		lora.matrix = matrices[i];
		for (const char *at = invocations[i]; at && *at; at++)
			invocation[lora.n_invocation++] = (uint32_t)*at;
		lora.invocation = invocations[i] ? invocation : NULL;
		lora.tokens = i == extends ? &tokens : NULL;
		adapters[i] = fixture_lora_fd(&lora);
	}
	memset(f, 0, sizeof(*f));
	memcpy(f->invocations, invocations, sizeof(invocations));
	open_files(f, fixture_model_fd(&model), adapters, FRONT_ADAPTERS);
	f->extends = extends;
	make_cases(f, &words, seed);
}

void front_deinit(struct front *f)
{
	close(f->model_fd);
	for (size_t i = 0; i < f->n_adapters; i++) {
		close(f->adapter_fds[i]);
		adapter_unref(f->adapters[i]);
	}
	bm_model_free(f->model);
}

bool front_uses_only(const struct front_case *c, int adapter)
{
	return c->n_uses == 1 && c->uses[0].adapter == adapter && c->uses[0].scale != 0.0f &&
	       c->not_invoked < 0;
}
