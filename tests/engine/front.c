/* SPDX-License-Identifier: MIT */
#include "tests/engine/front.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
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

/* What a case asks for; adapters are the caller's. */
static void fill_start(struct engine_start *s, const struct front_case *c)
{
	*s = (struct engine_start)ENGINE_START_NULL;
	s->max_tokens = c->max_tokens;
	s->temperature = c->temperature;
	s->seed = c->seed;
	for (size_t at = 0, end; at < c->prompt_len; at = end) {
		end = at < c->fixed_len ? c->fixed_len : c->prompt_len;
		ck_assert_int_eq(engine_start_add(s, ENGINE_ROLE_USER, 0, ENGINE_CUT_NEVER, 0,
						  c->prompt + at, end - at), 0);
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

/* From which token of a prompt of @n it acts; -1: it is not invoked. */
static int64_t from_of(const struct front *f, const struct front_case *c, int adapter, size_t n)
{
	const char *invocation = f->invocations[adapter];
	size_t len = invocation ? strlen(invocation) : 0;

	for (size_t end = c->prompt_len; len && end >= len; end--)
		if (memcmp(c->prompt + end - len, invocation, len) == 0)
			return (int64_t)(n - c->prompt_len + end - len);
	return len ? -1 : 0;
}

/* One that acts on the token at @pos, by digest: its place among the adapters, or -1. */
static int next_acting(const struct front *f, const int64_t *from, const float *scales,
		       int64_t pos, int last)
{
	int next = -1;

	for (int i = 0; i < (int)f->n_adapters; i++)
		if (scales[i] != 0.0f && from[i] <= pos &&
		    (last < 0 || memcmp(&f->digests[i], &f->digests[last],
					sizeof(struct digest)) > 0) &&
		    (next < 0 || memcmp(&f->digests[i], &f->digests[next],
					sizeof(struct digest)) < 0))
			next = i;
	return next;
}

/* One pass for a piece of the prompt on which the same adapters act, one for each token: no
 * batch, no guesses, no scheduler, and nothing that was known before. */
static void answer_alone(struct front *f, struct front_case *c, const struct prompt *prompt,
			 const int64_t *from, const float *scales)
{
	const struct bm_config *config = bm_model_config(f->model);
	const struct tokenizer *t = bm_model_tokenizer(f->model);
	struct bm_sampling sampling = BM_SAMPLING_GREEDY;
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = NULL;
	_cleanup_(bm_sampler_freep) struct bm_sampler *sampler = NULL;
	_cleanup_free_ float *logits = reallocarray(NULL, config->n_vocab, sizeof(*logits));
	int32_t tokens[FRONT_ANSWER_MAX], token;
	size_t n = prompt->tokens.n;

	sampling.temperature = c->temperature;
	sampling.seed = c->seed;
	ck_assert_int_eq(bm_sequence_new(&s, f->model, config->context, BM_KV_F16), 0);
	ck_assert_int_eq(bm_sampler_new(&sampler, &sampling, config->n_vocab), 0);
	for (size_t pos = 0, end; c->n_answer < c->max_tokens; pos = end) {
		const struct bm_delta *deltas[FRONT_ADAPTERS];
		float their_scales[FRONT_ADAPTERS];
		struct bm_item item = { .seq = s, .deltas = deltas, .scales = their_scales,
					.logits = logits };

		end = pos < n ? n : pos + 1;
		for (size_t i = 0; i < f->n_adapters; i++)
			if (scales[i] != 0.0f && from[i] > (int64_t)pos)
				end = MIN(end, (size_t)from[i]);
		for (int i = -1; (i = next_acting(f, from, scales, (int64_t)pos, i)) >= 0;) {
			deltas[item.n_deltas] = adapter_delta(f->adapters[i]);
			their_scales[item.n_deltas++] = scales[i];
		}
		item.tokens = pos < n ? prompt->tokens.ids + pos : &token;
		item.n_tokens = end - pos;
		ck_assert_int_eq(bm_forward(f->model, &item, 1, NULL), 0);
		if (end < n)
			continue;
		token = bm_sampler_pick(sampler, logits);
		c->ends = tokenizer_is_end(t, token);
		if (c->ends)
			break;
		tokens[c->n_answer++] = token;
	}
	keep_answer(c, t, tokens);
}

void front_solve(struct front *f, struct front_case *c)
{
	float scales[FRONT_ADAPTERS] = { 0 };
	int64_t from[FRONT_ADAPTERS] = { 0 };
	struct engine_start start;
	struct prompt prompt;

	fill_start(&start, c);
	ck_assert_int_eq(prompt_build(&prompt, f->model, f->context, &start, NULL), 0);
	engine_start_deinit(&start);
	c->n_prompt = (uint32_t)prompt.tokens.n;
	c->n_answer = 0;
	c->ends = false;
	c->not_invoked = -1;
	for (size_t i = 0; i < c->n_uses; i++) {
		int adapter = c->uses[i].adapter;

		scales[adapter] = c->uses[i].scale;
		from[adapter] = from_of(f, c, adapter, prompt.tokens.n);
		if (from[adapter] < 0 && scales[adapter] != 0.0f)
			c->not_invoked = adapter;
	}
	if (c->not_invoked < 0)
		answer_alone(f, c, &prompt, from, scales);
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
		invoke_some(f, c, &state);
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
	static const char *const letters[] = { "a", "b", "c", "i", "j", "k", "x", "y", "z" };
	static const char *const invocations[FRONT_ADAPTERS] = { [4] = "!", [5] = "?#" };
	const struct front_words words = { letters, ARRAY_SIZE(letters), 250 };
	struct fixture model = FIXTURE;
	int adapters[FRONT_ADAPTERS];

	model.vocab = 130;
	model.context = 320;
	model.tokenizer = true;
	model.seed = seed;
	for (int i = 0; i < FRONT_ADAPTERS; i++) {
		struct lora_fixture lora = LORA_FIXTURE;
		uint32_t tokens[2];

		lora.seed = seed + 10 + (uint64_t)i;
		lora.matrix = matrices[i];
		for (const char *at = invocations[i]; at && *at; at++)
			tokens[lora.n_invocation++] = (uint32_t)*at;
		lora.invocation = invocations[i] ? tokens : NULL;
		adapters[i] = fixture_lora_fd(&lora);
	}
	memset(f, 0, sizeof(*f));
	memcpy(f->invocations, invocations, sizeof(invocations));
	open_files(f, fixture_model_fd(&model), adapters, FRONT_ADAPTERS);
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

static void *read_all(void *arg)
{
	struct front *f = arg;

	ck_assert_int_eq(scheduler_read(f->scheduler), 0);
	return NULL;
}

static void send_message(struct front *f, struct ipc_message *m, int encoded)
{
	ck_assert_int_eq(encoded, 0);
	ck_assert_int_eq(ipc_send(f->sock, m), 0);
	ipc_message_deinit(m);
}

static void check_identity(const struct front *f, const struct engine_model *v)
{
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	struct identity identity;
	struct digest file;

	ck_assert_int_eq(gguf_open_fd(&g, f->model_fd, NULL), 0);
	ck_assert_int_eq(bm_identify(g, &identity, NULL), 0);
	ck_assert_mem_eq(&v->identity, &identity, sizeof(identity));
	ck_assert_int_eq(digest_of_fd(f->model_fd, &file), 0);
	ck_assert(digest_equal(&v->digest, &file));
}

static void open_model(struct front *f, unsigned threads, struct front_room room)
{
	struct engine_open open = { .fd = f->model_fd, .threads = threads,
				    .has_digests = f->opened, .digest = f->model_digest,
				    .weights = f->model_identity.weights,
				    .adapter_budget = room.adapters * f->adapter_bytes };
	struct engine_model v = { 0 };
	struct ipc_message m;

	if (room.contexts)
		open.budget = open.adapter_budget + room.contexts * f->context_bytes;
	ipc_message_init(&m, ENGINE_OPEN_MODEL, ++f->next_id);
	send_message(f, &m, engine_put_open(&m, &open));
	ck_assert(front_receive(f, &m, true));
	ck_assert_uint_eq(m.type, ENGINE_MODEL);
	ck_assert_int_eq(engine_get_model(&m, &v), 0);
	ck_assert_msg(v.ok, "%s", v.error.data ? v.error.data : "");
	check_identity(f, &v);
	f->model_digest = v.digest;
	f->model_identity = v.identity;
	f->opened = true;
	engine_model_deinit(&v);
	ipc_message_deinit(&m);
}

void front_start(struct front *f, unsigned threads, struct front_room room)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	f->sock = pair[0];
	f->engine_sock = pair[1];
	ck_assert_int_eq(scheduler_new(&f->scheduler, f->engine_sock, threads), 0);
	ck_assert_int_eq(pthread_create(&f->reader, NULL, read_all, f), 0);
	open_model(f, threads, room);
}

void front_spawn(struct front *f, const char *engine, unsigned threads, struct front_room room)
{
	enum { SERVE_SOCKET = 3 };
	struct ipc_message m;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	f->sock = pair[0];
	f->pid = fork();
	ck_assert_int_ge(f->pid, 0);
	if (f->pid == 0) {
		/* Where it is the right one already, dup2() would leave it to close. */
		if (pair[1] == SERVE_SOCKET)
			fcntl(SERVE_SOCKET, F_SETFD, 0);
		else
			dup2(pair[1], SERVE_SOCKET);
		execl(engine, engine, "serve", NULL);
		_exit(127);
	}
	close(pair[1]);
	ck_assert(front_receive(f, &m, true));
	ck_assert_uint_eq(m.type, ENGINE_HELLO);
	ipc_message_deinit(&m);
	open_model(f, threads, room);
}

void front_stop(struct front *f)
{
	int status = 0;

	ck_assert_int_eq(shutdown(f->sock, SHUT_RDWR), 0);
	if (f->pid) {
		ck_assert_int_eq(waitpid(f->pid, &status, 0), f->pid);
		ck_assert_int_eq(status, 0);
		f->pid = 0;
	} else {
		ck_assert_int_eq(pthread_join(f->reader, NULL), 0);
		f->scheduler = scheduler_free(f->scheduler);
		close(f->engine_sock);
	}
	close(f->sock);
}

uint64_t front_request(struct front *f, const struct front_case *c, struct front_options o,
		       bool count)
{
	struct engine_start s;
	struct ipc_message m;

	fill_start(&s, c);
	/* In any order. */
	for (size_t i = 0; i < c->n_uses; i++) {
		const struct front_use *use = &c->uses[(i + f->next_id) % c->n_uses];
		size_t file = (size_t)use->adapter + o.wrong_file;

		s.uses[s.n_uses++] = (struct engine_use){
			.fd = dup(f->adapter_fds[file % f->n_adapters]),
			.digest = f->digests[use->adapter], .scale = use->scale };
	}
	if (o.stored) {
		s.prefix_fd = *o.stored < 0 ? -1 : dup(*o.stored);
		s.keeps_prefix = true;
	}
	s.lane = o.interactive;
	s.draft = o.draft;
	ipc_message_init(&m, count ? ENGINE_COUNT : ENGINE_START, ++f->next_id);
	send_message(f, &m, engine_put_start(&m, &s));
	engine_start_deinit(&s);
	return f->next_id;
}

void front_cancel(struct front *f, uint64_t id)
{
	struct ipc_message m;

	ipc_message_init(&m, ENGINE_CANCEL, id);
	send_message(f, &m, 0);
}

uint64_t front_adapter(struct front *f, uint32_t type, int adapter, bool pinned)
{
	struct engine_adapter v = { .fd = type == ENGINE_LOAD ? f->adapter_fds[adapter] : -1,
				    .digest = f->digests[adapter], .pinned = pinned };
	struct ipc_message m;

	ipc_message_init(&m, type, ++f->next_id);
	send_message(f, &m, engine_put_adapter(&m, &v));
	return f->next_id;
}

bool front_receive(struct front *f, struct ipc_message *m, bool wait)
{
	struct pollfd p = { .fd = f->sock, .events = POLLIN };

	ipc_message_init(m, 0, 0);
	if (!wait && poll(&p, 1, 0) == 0)
		return false;
	ck_assert_int_eq(ipc_recv(f->sock, m), 0);
	return true;
}
