/* SPDX-License-Identifier: MIT */
#include "adapters/canary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/adapters.h"
#include "adapters/answers.h"
#include "base_model/base_model.h"
#include "util/macro.h"

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

int canary_text(struct buf *ret, const struct manifest *manifest, const char *turn, size_t len,
		struct diag *d)
{
	static const char any[] = "x";
	_cleanup_(turn_deinit) struct turn t = { BUF_NULL, NULL, 0 };
	_cleanup_(jinja_freep) struct jinja *prompt = NULL;
	size_t before, behind, own = 0;
	int r = jinja_parse(&prompt, manifest->prompt, strlen(manifest->prompt), d);

	if (r == 0)
		r = render(&t, prompt, any, manifest->style, d);
	if (r < 0)
		return r;
	for (size_t i = 0; i < t.n_own; i++)
		own += t.own[i].span.to - t.own[i].span.from;
	/* What is not the prompt's own is the text, once. */
	if (own + strlen(any) != t.text.len)
		return CANARY_E_OTHER_PROMPT;
	before = t.n_own && t.own[0].span.from == 0 ? t.own[0].span.to : 0;
	behind = own - before;
	if (len <= own || memcmp(turn, t.text.data, before) != 0 ||
	    memcmp(turn + len - behind, t.text.data + t.text.len - behind, behind) != 0)
		return CANARY_E_OTHER_PROMPT;
	return buf_append(ret, turn + before, len - own);
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

/* The tokens of the @i-th canary, for which the model has room. */
static int ask(struct token_list *out, const struct bm_model *m, const struct tokenizer *t,
	       const struct jinja *prompt, const struct manifest *manifest, size_t i,
	       struct diag *d)
{
	_cleanup_(turn_deinit) struct turn turn = { BUF_NULL, NULL, 0 };
	uint32_t context = bm_model_config(m)->context;
	char field[32];
	int r = render(&turn, prompt, manifest->canaries[i].text, manifest->style, d);

	if (r == 0)
		r = encode(out, m, t, &turn, d);
	snprintf(field, sizeof(field), "canaries[%zu]", i);
	if (r == 0 && (out->n == 0 || out->n >= context))
		r = diag_set(d, -EINVAL, DIAG_LIMIT, field, "%zu tokens of prompt leave no room in "
			     "the model's context of %u", out->n, context);
	return r;
}

static int ask_all(struct token_list *tokens, struct answer_prompt *prompts,
		   const struct bm_model *m, const struct adapter *a,
		   const struct manifest *manifest, struct diag *d)
{
	const struct tokenizer *own = adapter_tokenizer(a);
	_cleanup_(jinja_freep) struct jinja *prompt = NULL;
	int r = jinja_parse(&prompt, manifest->prompt, strlen(manifest->prompt), d);

	for (size_t i = 0; r == 0 && i < manifest->n_canaries; i++) {
		r = ask(&tokens[i], m, own ? own : bm_model_tokenizer(m), prompt, manifest, i, d);
		prompts[i] = (struct answer_prompt){ tokens[i].ids, tokens[i].n,
						     manifest->canaries[i].max_tokens };
	}
	return r;
}

_Static_assert(MANIFEST_MAX_CANARIES <= ANSWERS_MAX, "all are answered at once");

int canaries_answer(struct buf *answers, struct bm_model *m, const struct adapter *a, float scale,
		    const struct manifest *manifest, const struct stop *stop, struct diag *d)
{
	struct token_list tokens[MANIFEST_MAX_CANARIES] = { TOKEN_LIST_NULL };
	struct answer_prompt prompts[MANIFEST_MAX_CANARIES];
	int r;

	if (manifest->n_canaries > MANIFEST_MAX_CANARIES)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "canaries", "%zu, expected at most %d",
				manifest->n_canaries, MANIFEST_MAX_CANARIES);
	r = ask_all(tokens, prompts, m, a, manifest, d);
	if (r == 0)
		r = answers_write(answers, m, a, scale, prompts, manifest->n_canaries, stop, d);
	for (size_t i = 0; i < manifest->n_canaries; i++)
		token_list_deinit(&tokens[i]);
	return r < 0 ? diag_set(d, r, DIAG_SYSTEM, "canaries", "%s", strerror(-r)) : 0;
}

int canaries_check(struct bm_model *m, const struct adapter *a, float scale,
		   const struct manifest *manifest, const struct stop *stop, uint32_t *first,
		   struct diag *d)
{
	struct buf answers[MANIFEST_MAX_CANARIES] = { BUF_NULL };
	int r = canaries_answer(answers, m, a, scale, manifest, stop, d);

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
