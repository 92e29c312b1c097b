/* SPDX-License-Identifier: MIT */
#include "tests/engine/front.h"

#include <check.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/macro.h"

uint32_t front_below(uint64_t *state, uint32_t n)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*state >> 33) % n);
}

static struct adapter *load_adapter(const struct front *f, const struct bm_model *m, int i)
{
	struct adapter *a = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(adapter_load_fd(&a, m, f->adapter_fds[i], &d) == 0, "%s: %s", d.field,
		      d.text);
	return a;
}

/* One pass for the prompt, one for each token: no batch, no guesses, no scheduler. */
static void answer_alone(struct bm_model *m, struct front_case *c, const struct adapter *a)
{
	const struct tokenizer *t = bm_model_tokenizer(m);
	const struct bm_delta *delta = a ? adapter_delta(a) : NULL;
	struct bm_sampling sampling = BM_SAMPLING_GREEDY;
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = NULL;
	_cleanup_(bm_sampler_freep) struct bm_sampler *sampler = NULL;
	_cleanup_(token_list_deinit) struct token_list prompt = TOKEN_LIST_NULL;
	float logits[FRONT_VOCAB];
	struct bm_item item = { .deltas = &delta, .scales = &c->scale, .n_deltas = a ? 1 : 0,
				.logits = logits };
	int32_t token;

	sampling.temperature = c->temperature;
	sampling.seed = c->seed;
	ck_assert_int_eq(bm_sequence_new(&s, m, FRONT_CONTEXT, BM_KV_F16), 0);
	ck_assert_int_eq(bm_sampler_new(&sampler, &sampling, FRONT_VOCAB), 0);
	ck_assert_int_eq(tokenizer_encode(t, c->prompt, c->n_prompt, TOKENIZE_BOS, &prompt), 0);
	item.seq = s;
	item.tokens = prompt.ids;
	item.n_tokens = prompt.n;
	c->n_tokens_in = (uint32_t)prompt.n;
	while (c->n_tokens < c->max_tokens) {
		ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
		token = bm_sampler_pick(sampler, logits);
		c->ends = tokenizer_is_end(t, token);
		if (c->ends)
			break;
		c->n_tokens++;
		if (token < 128)
			c->answer[c->n_answer++] = (char)token;
		item.tokens = &token;
		item.n_tokens = 1;
	}
}

/* Pieces of what was answered with the same adapter, so that some answers repeat their prompt. */
static void make_prompt(struct front *f, struct front_case *c, size_t index, uint64_t *state)
{
	uint32_t want = 1 + front_below(state, front_below(state, 3) ? 60 : 250);

	while (c->n_prompt < want) {
		const struct front_case *other = &f->cases[front_below(state, (uint32_t)index + 1)];
		uint32_t n = MIN(other->n_answer, want - c->n_prompt);

		if (other->adapter == c->adapter && front_below(state, 4)) {
			memcpy(c->prompt + c->n_prompt, other->answer, n);
			c->n_prompt += n;
		} else if (front_below(state, 4) == 0) {
			c->prompt[c->n_prompt++] = (char)('a' + front_below(state, 26));
		}
	}
}

static void make_cases(struct front *f, struct bm_model *m, uint64_t *state)
{
	struct adapter *adapters[FRONT_ADAPTERS];

	for (int i = 0; i < FRONT_ADAPTERS; i++) {
		adapters[i] = load_adapter(f, m, i);
		f->digests[i] = *adapter_digest(adapters[i]);
		f->adapter_bytes = adapter_bytes(adapters[i]);
	}
	for (size_t i = 0; i < FRONT_CASES; i++) {
		struct front_case *c = &f->cases[i];

		c->adapter = (int)front_below(state, FRONT_ADAPTERS + 1) - 1;
		make_prompt(f, c, i, state);
		c->max_tokens = 1 + front_below(state, FRONT_ANSWER_MAX);
		c->scale = 0.25f * (float)(1 + front_below(state, 8));
		c->temperature = front_below(state, 2) ? 0.0f : 0.5f;
		c->seed = front_below(state, 1000);
		answer_alone(m, c, c->adapter < 0 ? NULL : adapters[c->adapter]);
	}
	for (int i = 0; i < FRONT_ADAPTERS; i++)
		adapter_unref(adapters[i]);
}

void front_init(struct front *f, uint64_t seed)
{
	static const char *const matrices[FRONT_ADAPTERS] = {
		"blk.0.attn_q.weight", "blk.1.attn_q.weight", "blk.0.attn_output.weight",
		"blk.1.attn_output.weight", "blk.1.attn_q.weight", "blk.0.attn_q.weight",
	};
	struct bm_params params = { .threads = 1 };
	struct fixture model = FIXTURE;
	struct bm_model *m = NULL;

	memset(f, 0, sizeof(*f));
	model.vocab = FRONT_VOCAB;
	model.context = FRONT_CONTEXT;
	model.tokenizer = true;
	model.seed = seed;
	f->model_fd = fixture_model_fd(&model);
	for (int i = 0; i < FRONT_ADAPTERS; i++) {
		struct lora_fixture lora = LORA_FIXTURE;

		lora.seed = seed + 10 + (uint64_t)i;
		lora.matrix = matrices[i];
		f->adapter_fds[i] = fixture_lora_fd(&lora);
	}
	ck_assert_int_eq(bm_model_open_fd(&m, f->model_fd, &params, NULL), 0);
	make_cases(f, m, &seed);
	bm_model_free(m);
}

void front_deinit(struct front *f)
{
	close(f->model_fd);
	for (int i = 0; i < FRONT_ADAPTERS; i++)
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

void front_start(struct front *f, unsigned threads, size_t adapters)
{
	struct engine_open open = { .fd = f->model_fd, .threads = threads,
				    .adapter_budget = adapters * f->adapter_bytes };
	struct engine_model v = { 0 };
	struct ipc_message m;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	f->sock = pair[0];
	f->engine_sock = pair[1];
	ck_assert_int_eq(scheduler_new(&f->scheduler, f->engine_sock, threads), 0);
	ck_assert_int_eq(pthread_create(&f->reader, NULL, read_all, f), 0);
	ipc_message_init(&m, ENGINE_OPEN_MODEL, ++f->next_id);
	send_message(f, &m, engine_put_open(&m, &open));
	ck_assert(front_receive(f, &m, true));
	ck_assert_uint_eq(m.type, ENGINE_MODEL);
	ck_assert_int_eq(engine_get_model(&m, &v), 0);
	ck_assert_msg(v.ok, "%s", v.error.data ? v.error.data : "");
	engine_model_deinit(&v);
	ipc_message_deinit(&m);
}

void front_stop(struct front *f)
{
	ck_assert_int_eq(shutdown(f->sock, SHUT_RDWR), 0);
	ck_assert_int_eq(pthread_join(f->reader, NULL), 0);
	f->scheduler = scheduler_free(f->scheduler);
	close(f->sock);
	close(f->engine_sock);
}

uint64_t front_request(struct front *f, const struct front_case *c, struct front_options o,
		       bool count)
{
	struct engine_start s = ENGINE_START_NULL;
	struct ipc_message m;

	if (c->adapter >= 0) {
		int file = (c->adapter + o.wrong_file) % FRONT_ADAPTERS;

		s.has_adapter = true;
		s.adapter = f->digests[c->adapter];
		s.adapter_fd = dup(f->adapter_fds[file]);
		s.scale = c->scale;
	}
	s.max_tokens = c->max_tokens;
	s.temperature = c->temperature;
	s.seed = c->seed;
	s.lane = o.interactive;
	s.draft = o.draft;
	ck_assert_int_eq(engine_start_add(&s, ENGINE_ROLE_USER, 0, ENGINE_CUT_NEVER, 0, c->prompt,
					  c->n_prompt), 0);
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
