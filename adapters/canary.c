/* SPDX-License-Identifier: MIT */
#include "adapters/canary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/adapters.h"
#include "base_model/base_model.h"
#include "util/macro.h"

/* One answer in progress. */
struct canary {
	struct bm_writer *writer;	/* NULL: answered */
	struct bm_stream *stream;
	struct adapter_uses uses;
	struct buf *answer;
};

/* All of them go through the model together. */
struct canaries {
	struct bm_model *model;
	struct adapter_uses uses;	/* not placed */
	struct canary items[MANIFEST_MAX_CANARIES];
	size_t n;
	const struct tokenizer *tokenizer;	/* with the tokens that the adapter brings, */
	uint32_t n_extra;			/* so many */
	float *logits;			/* [n][n_vocab + n_extra] */
};

static int no_room(struct diag *d, const char *field, size_t n_prompt, uint32_t context)
{
	return diag_set(d, -EINVAL, DIAG_LIMIT, field,
			"%zu tokens of prompt leave no room in the model's context of %u",
			n_prompt, context);
}

/* What the user's turn says. */
struct turn {
	struct buf text;
	struct chat_own *own;		/* of the manifest's prompt */
	size_t n_own;
};

static void turn_deinit(struct turn *t)
{
	buf_deinit(&t->text);
	free(t->own);
}

/* The manifest's prompt over the text. */
static int render(struct turn *out, const struct jinja *prompt, const char *text, const char *style,
		  struct diag *d)
{
	_cleanup_(jinja_output_freep) struct jinja_output *output = NULL;
	_cleanup_(json_decrefp) json_t *text_value = json_string(text);
	_cleanup_(json_decrefp) json_t *style_value = json_string(style ? style : "");
	const struct jinja_variable variables[] = { { "text", text_value, 1, NULL },
						    { "style", style_value, 1, NULL } };
	int r = text_value && style_value
		? jinja_render(&output, prompt, variables, ARRAY_SIZE(variables), NULL, d)
		: -ENOMEM;

	if (r == 0)
		out->own = calloc(jinja_output_count(output) + 1, sizeof(*out->own));
	if (r == 0 && !out->own)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < jinja_output_count(output); i++) {
		struct jinja_segment s = jinja_output_at(output, i);

		if (!s.label)
			out->own[out->n_own++] = (struct chat_own){
				0, { out->text.len, out->text.len + s.len },
			};
		r = buf_append(&out->text, s.text, s.len);
	}
	return r;
}

static int encode(struct token_list *out, const struct bm_model *m, const struct tokenizer *t,
		  const struct turn *turn, struct diag *d)
{
	const struct buf *text = &turn->text;
	_cleanup_(json_decrefp) json_t *messages =
		json_pack("[{s:s, s:s%}]", "role", "user", "content", text->len ? text->data : "",
			  text->len);
	const struct chat_input input = { .messages = messages, .own = turn->own,
					  .n_own = turn->n_own };

	return messages ? chat_encode(out, bm_model_gguf(m), t, &input, d) : -ENOMEM;
}

/* The adapter, from where it is invoked on. */
static int place(struct canary *c, const struct canaries *all, const struct token_list *tokens,
		 struct diag *d)
{
	size_t at;
	int r;

	c->uses = all->uses;
	r = adapter_uses_place(&c->uses, tokens->ids, tokens->n, &at, d);
	return r == -ENOENT ? -EINVAL : r;
}

static int begin(struct canary *c, const struct canaries *all, const struct jinja *prompt,
		 const struct manifest_canary *from, const char *style, const char *field,
		 struct diag *d)
{
	struct bm_model *m = all->model;
	uint32_t context = bm_model_config(m)->context;
	_cleanup_(token_list_deinit) struct token_list tokens = TOKEN_LIST_NULL;
	_cleanup_(turn_deinit) struct turn turn = { BUF_NULL, NULL, 0 };
	struct bm_writer_params params = { .kv = BM_KV_F16, .sampling = BM_SAMPLING_GREEDY,
					   .max_tokens = from->max_tokens,
					   .n_extra = all->n_extra };
	int r = render(&turn, prompt, from->text, style, d);

	if (r == 0)
		r = encode(&tokens, m, all->tokenizer, &turn, d);
	if (r < 0)
		return r;
	if (tokens.n == 0 || tokens.n >= context)
		return no_room(d, field, tokens.n, context);
	r = place(c, all, &tokens, d);
	if (r < 0)
		return r;
	params.prompt = tokens.ids;
	params.n_prompt = tokens.n;
	params.context = (uint32_t)MIN((uint64_t)context, tokens.n + (uint64_t)from->max_tokens);
	r = bm_writer_new(&c->writer, m, &params);
	return r < 0 ? r : bm_stream_new(&c->stream, NULL, 0);
}

static int end(struct canary *c)
{
	c->writer = bm_writer_free(c->writer);
	return bm_stream_finish(c->stream, c->answer);
}

static int advance(const struct canaries *all, struct canary *c, const struct bm_item *item)
{
	const int32_t *tokens;
	size_t n;
	int state = bm_writer_advance(c->writer, item, &tokens, &n), r = state;

	if (r >= 0)
		r = bm_stream_push_tokens(c->stream, all->tokenizer, tokens, n, c->answer);
	return r == 0 && state != BM_WRITER_GOES_ON ? end(c) : r;
}

/* A token for each that writes, and of prompts what room is left. */
static int pass(struct canaries *all, size_t active)
{
	size_t n_logits = bm_model_config(all->model)->n_vocab + all->n_extra;
	size_t room = bm_model_max_batch(all->model) - active, n = 0;
	struct bm_item items[MANIFEST_MAX_CANARIES];
	struct canary *owners[MANIFEST_MAX_CANARIES];
	int r;

	for (size_t i = 0; i < all->n; i++) {
		struct canary *c = &all->items[i];
		struct bm_item *item = &items[n];
		size_t wanted;

		if (!c->writer)
			continue;
		wanted = adapter_uses_item(&c->uses, c->writer, room + 1, 0, item);
		room -= item->n_tokens - 1;
		item->logits = wanted ? all->logits + n * n_logits : NULL;
		owners[n++] = c;
	}
	r = bm_forward(all->model, items, n, NULL);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = advance(all, owners[i], &items[i]);
	return r;
}

static int run(struct canaries *all)
{
	int r = 0;

	while (r == 0) {
		size_t active = 0;

		for (size_t i = 0; i < all->n; i++)
			active += all->items[i].writer != NULL;
		if (active == 0)
			break;
		r = pass(all, active);
	}
	return r;
}

static int begin_all(struct canaries *all, struct buf *answers, const struct manifest *manifest,
		     struct diag *d)
{
	_cleanup_(jinja_freep) struct jinja *prompt = NULL;
	int r = jinja_parse(&prompt, manifest->prompt, strlen(manifest->prompt), d);

	all->n = manifest->n_canaries;
	for (size_t i = 0; r == 0 && i < all->n; i++) {
		char field[32];

		snprintf(field, sizeof(field), "canaries[%zu]", i);
		buf_reset(&answers[i]);
		all->items[i].answer = &answers[i];
		r = begin(&all->items[i], all, prompt, &manifest->canaries[i],
			  manifest->style, field, d);
	}
	if (r < 0)
		return r;
	all->logits = reallocarray(NULL, all->n * sizeof(float),
				   (size_t)bm_model_config(all->model)->n_vocab + all->n_extra);
	return all->logits ? 0 : -ENOMEM;
}

int canaries_answer(struct buf *answers, struct bm_model *m, const struct adapter *a, float scale,
		    const struct manifest *manifest, struct diag *d)
{
	struct canaries all = { .model = m };
	int r;

	if (manifest->n_canaries > MIN((size_t)MANIFEST_MAX_CANARIES,
				       (size_t)bm_model_max_batch(m)))
		return diag_set(d, -EINVAL, DIAG_LIMIT, "canaries", "%zu, expected at most %d",
				manifest->n_canaries, MANIFEST_MAX_CANARIES);
	r = adapter_uses_add(&all.uses, a, scale);
	all.tokenizer = adapter_uses_tokenizer(&all.uses, bm_model_tokenizer(m), &all.n_extra);
	if (r == 0)
		r = begin_all(&all, answers, manifest, d);
	if (r == 0)
		r = run(&all);
	for (size_t i = 0; i < all.n; i++) {
		bm_writer_free(all.items[i].writer);
		bm_stream_free(all.items[i].stream);
	}
	free(all.logits);
	return r < 0 ? diag_set(d, r, DIAG_SYSTEM, "canaries", "%s", strerror(-r)) : 0;
}

int canaries_check(struct bm_model *m, const struct adapter *a, float scale,
		   const struct manifest *manifest, uint32_t *first, struct diag *d)
{
	struct buf answers[MANIFEST_MAX_CANARIES] = { BUF_NULL };
	int r = canaries_answer(answers, m, a, scale, manifest, d);

	for (size_t i = 0; r == 0 && i < manifest->n_canaries; i++) {
		const char *output = manifest->canaries[i].output;
		size_t len = strlen(output);

		if (answers[i].len != len || (len && memcmp(answers[i].data, output, len) != 0)) {
			*first = (uint32_t)i;
			r = CANARY_E_MISMATCH;
		}
	}
	for (size_t i = 0; i < MANIFEST_MAX_CANARIES; i++)
		buf_deinit(&answers[i]);
	return r;
}
