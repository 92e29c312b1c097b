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
	s->scale = c->scale;
	ck_assert_int_eq(engine_start_add(s, ENGINE_ROLE_USER, 0, ENGINE_CUT_NEVER, 0, c->prompt,
					  c->prompt_len), 0);
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

/* One pass for the prompt, one for each token: no batch, no guesses, no scheduler. */
static void answer_alone(struct bm_model *m, struct front_case *c, const struct adapter *a)
{
	const struct tokenizer *t = bm_model_tokenizer(m);
	const struct bm_config *config = bm_model_config(m);
	const struct bm_delta *delta = a ? adapter_delta(a) : NULL;
	struct bm_sampling sampling = BM_SAMPLING_GREEDY;
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = NULL;
	_cleanup_(bm_sampler_freep) struct bm_sampler *sampler = NULL;
	_cleanup_free_ float *logits = reallocarray(NULL, config->n_vocab, sizeof(*logits));
	struct bm_item item = { .deltas = &delta, .scales = &c->scale, .n_deltas = a ? 1 : 0,
				.logits = logits };
	int32_t tokens[FRONT_ANSWER_MAX], token;
	struct engine_start start;
	struct prompt prompt;

	sampling.temperature = c->temperature;
	sampling.seed = c->seed;
	fill_start(&start, c);
	ck_assert_int_eq(prompt_build(&prompt, m, config->context, &start, NULL), 0);
	engine_start_deinit(&start);
	ck_assert_int_eq(bm_sequence_new(&s, m, config->context, BM_KV_F16), 0);
	ck_assert_int_eq(bm_sampler_new(&sampler, &sampling, config->n_vocab), 0);
	item.seq = s;
	item.tokens = prompt.tokens.ids;
	item.n_tokens = c->n_prompt = (uint32_t)prompt.tokens.n;
	while (c->n_answer < c->max_tokens) {
		ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
		token = bm_sampler_pick(sampler, logits);
		c->ends = tokenizer_is_end(t, token);
		if (c->ends)
			break;
		tokens[c->n_answer++] = token;
		item.tokens = &token;
		item.n_tokens = 1;
	}
	prompt_deinit(&prompt);
	keep_answer(c, t, tokens);
}

/* Phrases, and what was answered with the same adapter, so that some answers repeat their
 * prompt. */
static void make_prompt(struct front *f, struct front_case *c, size_t index,
			const struct front_words *words, uint64_t *state)
{
	size_t most = front_below(state, 3) ? words->max_bytes / 4 : words->max_bytes;
	size_t want = 1 + front_below(state, (uint32_t)most);

	while (c->prompt_len < want) {
		const struct front_case *other = &f->cases[front_below(state, (uint32_t)index + 1)];
		const char *text = other->answer;
		size_t len = other->answer_len;

		if (other->adapter != c->adapter || len == 0 || front_below(state, 4) == 0) {
			text = words->phrases[front_below(state, (uint32_t)words->n_phrases)];
			len = strlen(text);
		}
		if (c->prompt_len + len > words->max_bytes)
			break;
		memcpy(c->prompt + c->prompt_len, text, len);
		c->prompt_len += len;
	}
}

static void make_cases(struct front *f, struct bm_model *m, const struct front_words *words,
		       uint64_t seed)
{
	struct adapter *adapters[FRONT_ADAPTERS];
	uint64_t state = seed;

	for (size_t i = 0; i < f->n_adapters; i++) {
		adapters[i] = load_adapter(f, m, i);
		f->digests[i] = *adapter_digest(adapters[i]);
		f->adapter_bytes = MAX(f->adapter_bytes, adapter_bytes(adapters[i]));
	}
	for (size_t i = 0; i < FRONT_CASES; i++) {
		struct front_case *c = &f->cases[i];

		c->adapter = (int)front_below(&state, (uint32_t)f->n_adapters + 1) - 1;
		make_prompt(f, c, i, words, &state);
		c->max_tokens = 1 + front_below(&state, FRONT_ANSWER_MAX);
		c->scale = 0.25f * (float)(1 + front_below(&state, 8));
		c->temperature = front_below(&state, 2) ? 0.0f : 0.5f;
		c->seed = front_below(&state, 1000);
		answer_alone(m, c, c->adapter < 0 ? NULL : adapters[c->adapter]);
	}
	for (size_t i = 0; i < f->n_adapters; i++)
		adapter_unref(adapters[i]);
}

void front_init_files(struct front *f, int model_fd, const int *adapter_fds, size_t n_adapters,
		      const struct front_words *words, uint64_t seed)
{
	struct bm_params params = { .threads = 1 };
	struct bm_kv_pool *kv = NULL;
	struct bm_model *m = NULL;

	memset(f, 0, sizeof(*f));
	f->model_fd = model_fd;
	f->n_adapters = n_adapters;
	memcpy(f->adapter_fds, adapter_fds, n_adapters * sizeof(*adapter_fds));
	ck_assert_int_eq(bm_model_open_fd(&m, model_fd, &params, NULL), 0);
	f->context = bm_model_config(m)->context;
	ck_assert_int_eq(bm_kv_pool_new(&kv, m, BM_KV_F16, SIZE_MAX), 0);
	f->context_bytes = bm_kv_pool_need(kv, f->context);
	bm_kv_pool_unref(kv);
	make_cases(f, m, words, seed);
	bm_model_free(m);
}

void front_init(struct front *f, uint64_t seed)
{
	static const char *const matrices[FRONT_ADAPTERS] = {
		"blk.0.attn_q.weight", "blk.1.attn_q.weight", "blk.0.attn_output.weight",
		"blk.1.attn_output.weight", "blk.1.attn_q.weight", "blk.0.attn_q.weight",
	};
	static const char *const letters[] = { "a", "b", "c", "i", "j", "k", "x", "y", "z" };
	const struct front_words words = { letters, ARRAY_SIZE(letters), 250 };
	struct fixture model = FIXTURE;
	int adapters[FRONT_ADAPTERS];

	model.vocab = 130;
	model.context = 320;
	model.tokenizer = true;
	model.seed = seed;
	for (int i = 0; i < FRONT_ADAPTERS; i++) {
		struct lora_fixture lora = LORA_FIXTURE;

		lora.seed = seed + 10 + (uint64_t)i;
		lora.matrix = matrices[i];
		adapters[i] = fixture_lora_fd(&lora);
	}
	front_init_files(f, fixture_model_fd(&model), adapters, FRONT_ADAPTERS, &words, seed);
}

void front_deinit(struct front *f)
{
	close(f->model_fd);
	for (size_t i = 0; i < f->n_adapters; i++)
		close(f->adapter_fds[i]);
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
	if (c->adapter >= 0) {
		s.has_adapter = true;
		s.adapter = f->digests[c->adapter];
		s.adapter_fd = dup(f->adapter_fds[((size_t)c->adapter + o.wrong_file) %
						  f->n_adapters]);
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
