/* SPDX-License-Identifier: MIT */
#include "base_model/chat.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "util/macro.h"

#define MAX_VARIABLES 32

static bool is_role(const char *role)
{
	size_t n = 0;

	while (role && (islower((unsigned char)role[n]) || role[n] == '_'))
		n++;
	return role && !role[n] && n >= 1 && n <= 32;
}

/* Roles join the template's text, where control tokens are recognised: so they are words. */
static int check_roles(const json_t *messages, struct diag *d)
{
	size_t i;
	json_t *message;

	if (!json_is_array(messages) || json_array_size(messages) == 0)
		return diag_set(d, -EINVAL, DIAG_TYPE, "messages", "expected a list of messages");
	json_array_foreach((json_t *)messages, i, message) {
		if (!is_role(json_string_value(json_object_get(message, "role"))))
			return diag_set(d, -EINVAL, DIAG_TYPE, "messages",
					"message %zu: role: expected a word of a-z", i);
	}
	return 0;
}

struct variables {
	struct jinja_labelling labelling;
	struct jinja_variable items[MAX_VARIABLES];
	size_t n;
	json_t *owned[4];
	size_t n_owned;
};

static int add(struct variables *v, const char *name, const json_t *value, uint8_t label)
{
	if (v->n == MAX_VARIABLES || !value)
		return value ? -E2BIG : -ENOMEM;
	v->items[v->n++] = (struct jinja_variable){ name, value, label, NULL };
	return 0;
}

static int add_owned(struct variables *v, const char *name, json_t *value)
{
	v->owned[v->n_owned++] = value;
	return add(v, name, value, CHAT_TEMPLATE);
}

/* What of the messages is not data: roles, and the task's own text. */
static void label_text(const void *arg, const char *key, const json_t *string, uint8_t *labels)
{
	const struct chat_input *input = arg;
	size_t len = json_string_length(string);

	if (key && strcmp(key, "role") == 0 && is_role(json_string_value(string)))
		memset(labels, CHAT_TEMPLATE, len);
	for (size_t i = 0; i < input->n_own; i++) {
		const struct chat_own *o = &input->own[i];
		const json_t *message = json_array_get(input->messages, o->message);
		size_t from = MIN(o->span.from, len), to = MIN(o->span.to, len);

		if (json_object_get(message, "content") == string && from < to)
			memset(labels + from, CHAT_TASK, to - from);
	}
}

static int collect(struct variables *v, const struct chat_input *input)
{
	const char *name;
	json_t *value;
	int r = add(v, "messages", input->messages, CHAT_DATA);

	v->labelling = (struct jinja_labelling){ label_text, input };
	v->items[0].labelling = &v->labelling;
	if (r == 0)
		r = add_owned(v, "bos_token", json_string(input->bos ? input->bos : ""));
	if (r == 0)
		r = add_owned(v, "eos_token", json_string(input->eos ? input->eos : ""));
	if (r == 0)
		r = add_owned(v, "add_generation_prompt", json_true());
	json_object_foreach((json_t *)input->variables, name, value) {
		if (r == 0)
			r = add(v, name, value, CHAT_DATA);
	}
	return r;
}

int chat_render(struct jinja_output **ret, const char *source, size_t len,
		const struct chat_input *input, struct diag *d)
{
	_cleanup_(jinja_freep) struct jinja *template = NULL;
	struct variables v = { 0 };
	int r = check_roles(input->messages, d);

	if (r == 0)
		r = jinja_parse(&template, source, len, d);
	if (r == 0)
		r = collect(&v, input);
	if (r == -E2BIG)
		r = diag_set(d, -EINVAL, DIAG_LIMIT, "variables", "more than %d", MAX_VARIABLES);
	if (r == 0)
		r = jinja_render(ret, template, v.items, v.n, input->date, d);
	while (v.n_owned)
		json_decref(v.owned[--v.n_owned]);
	return r;
}

int chat_template_of(const struct gguf *g, const char **source, size_t *len, struct diag *d)
{
	return gguf_str(g, "tokenizer.chat_template", source, len, d);
}

/* From segment @i on, those that are not the template's as one text, @ret, with the task's spans
 * of it. Returns what is behind them. */
static size_t gather(const struct jinja_output *prompt, size_t i, struct jinja_segment *ret,
		     struct token_span *own, size_t *n_own)
{
	struct jinja_segment s = *ret;

	for (ret->len = 0; s.len && s.label != CHAT_TEMPLATE; s = jinja_output_at(prompt, ++i)) {
		if (s.label == CHAT_TASK)
			own[(*n_own)++] = (struct token_span){ ret->len, ret->len + s.len };
		ret->len += s.len;
	}
	return i;
}

int chat_tokenize(const struct tokenizer *t, const struct jinja_output *prompt,
		  struct token_list *out)
{
	size_t n = jinja_output_count(prompt);
	_cleanup_free_ struct token_span *own = calloc(n + 1, sizeof(*own));
	int r = own ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n;) {
		struct jinja_segment s = jinja_output_at(prompt, i);
		unsigned flags = i ? TOKENIZE_CONTINUES : 0;
		size_t n_own = 0;

		if (s.label == CHAT_TEMPLATE) {
			r = tokenizer_encode(t, s.text, s.len, flags | TOKENIZE_SPECIAL, out);
			i++;
			continue;
		}
		i = gather(prompt, i, &s, own, &n_own);
		r = tokenizer_encode_own(t, s.text, s.len, flags, own, n_own, out);
	}
	return r;
}

/* The spelling of a token, which the caller frees; empty where there is none. */
static char *spelling(const struct tokenizer *t, int32_t id)
{
	const char *name;
	size_t len;

	return id >= 0 && tokenizer_name(t, id, &name, &len) ? strndup(name, len) : strdup("");
}

static int encode_plain(struct token_list *out, const struct tokenizer *t,
			const struct chat_input *input)
{
	_cleanup_free_ struct token_span *own = calloc(input->n_own + 1, sizeof(*own));
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	size_t n_own = 0, i;
	json_t *message;
	int r = own ? 0 : -ENOMEM;

	json_array_foreach((json_t *)input->messages, i, message) {
		const json_t *content = json_object_get(message, "content");
		size_t len = json_string_length(content), at;

		if (r == 0 && text.len)
			r = buf_append_str(&text, "\n\n");
		at = text.len;
		if (r == 0 && len)
			r = buf_append(&text, json_string_value(content), len);
		for (; n_own < input->n_own && input->own[n_own].message == i; n_own++) {
			const struct token_span *span = &input->own[n_own].span;

			own[n_own] = (struct token_span){ at + MIN(span->from, len),
							  at + MIN(span->to, len) };
		}
	}
	return r < 0 ? r : tokenizer_encode_own(t, text.len ? text.data : "", text.len,
						TOKENIZE_BOS, own, n_own, out);
}

int chat_encode(struct token_list *out, const struct gguf *g, const struct tokenizer *t,
		const struct chat_input *input, struct diag *d)
{
	_cleanup_free_ char *bos = spelling(t, tokenizer_bos(t));
	_cleanup_free_ char *eos = spelling(t, tokenizer_eos(t));
	_cleanup_(jinja_output_freep) struct jinja_output *prompt = NULL;
	struct chat_input own = *input;
	const char *source;
	size_t len;
	int r = chat_template_of(g, &source, &len, d);

	if (r == GGUF_E_ABSENT)
		return encode_plain(out, t, input);
	if (r == 0 && !(bos && eos))
		r = -ENOMEM;
	own.bos = bos;
	own.eos = eos;
	if (r == 0)
		r = chat_render(&prompt, source, len, &own, d);
	return r == 0 ? chat_tokenize(t, prompt, out) : r;
}
