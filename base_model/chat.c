/* SPDX-License-Identifier: MIT */
#include "base_model/chat.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "util/macro.h"

#define MAX_VARIABLES 32

/* Roles join the template's text, where control tokens are recognised: so they are words. */
static int check_roles(const json_t *messages, struct diag *d)
{
	size_t i;
	json_t *message;

	if (!json_is_array(messages) || json_array_size(messages) == 0)
		return diag_set(d, -EINVAL, DIAG_TYPE, "messages", "expected a list of messages");
	json_array_foreach((json_t *)messages, i, message) {
		const char *role = json_string_value(json_object_get(message, "role"));
		size_t n = 0;

		while (role && (islower((unsigned char)role[n]) || role[n] == '_'))
			n++;
		if (!role || role[n] || n == 0 || n > 32)
			return diag_set(d, -EINVAL, DIAG_TYPE, "messages",
					"message %zu: role: expected a word of a-z", i);
	}
	return 0;
}

struct variables {
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

static int collect(struct variables *v, const struct chat_input *input)
{
	const char *name;
	json_t *value;
	int r = add(v, "messages", input->messages, CHAT_DATA);

	v->items[0].template_key = "role";
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

int chat_tokenize(const struct tokenizer *t, const struct jinja_output *prompt,
		  struct token_list *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < jinja_output_count(prompt); i++) {
		struct jinja_segment s = jinja_output_at(prompt, i);
		unsigned flags = s.label == CHAT_TEMPLATE ? TOKENIZE_SPECIAL : 0;

		r = tokenizer_encode(t, s.text, s.len, flags | (i ? TOKENIZE_CONTINUES : 0), out);
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

int chat_encode(struct token_list *out, const struct gguf *g, const struct tokenizer *t,
		const json_t *messages, const char *date, struct diag *d)
{
	_cleanup_free_ char *bos = spelling(t, tokenizer_bos(t));
	_cleanup_free_ char *eos = spelling(t, tokenizer_eos(t));
	_cleanup_(jinja_output_freep) struct jinja_output *prompt = NULL;
	const struct chat_input input = { .messages = messages, .bos = bos, .eos = eos,
					  .date = date };
	const char *source;
	size_t len;
	int r = chat_template_of(g, &source, &len, d);

	if (r == 0 && !(bos && eos))
		r = -ENOMEM;
	if (r == 0)
		r = chat_render(&prompt, source, len, &input, d);
	return r == 0 ? chat_tokenize(t, prompt, out) : r;
}
