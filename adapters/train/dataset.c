/* SPDX-License-Identifier: MIT */
#include "adapters/train/dataset.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "adapters/train/train.h"
#include "util/buf.h"
#include "util/macro.h"

struct example {
	size_t first;
	uint32_t n;
	uint32_t prompt;	/* tokens at its beginning that are given, not learnt */
};

struct dataset {
	size_t context;
	struct token_list tokens;
	struct example *examples;
	size_t n_examples, cap_examples, skipped;
	size_t n_texts;		/* examples that are text; one kind to a file */
};

struct loader {
	struct dataset *s;
	struct tokenizer *tokenizer;
	const char *template;
	size_t template_len;
	char *bos, *eos;
	unsigned long line;
};

static int line_error(const struct loader *l, struct diag *d, const char *what)
{
	char field[32];

	snprintf(field, sizeof(field), "line %lu", l->line);
	return diag_set(d, -EINVAL, DIAG_TYPE, field, "%s", what);
}

/* What of a line is wrong, for line_error(). */
static int bad(struct diag *d, const char *what)
{
	return diag_set(d, -EINVAL, DIAG_TYPE, "", "%s", what);
}

static int add_example(struct dataset *s, size_t first, size_t prompt)
{
	size_t n = s->tokens.n - first, cap = s->cap_examples ? s->cap_examples * 2 : 1024;
	struct example *bigger;

	if (s->n_examples == s->cap_examples) {
		bigger = reallocarray(s->examples, cap, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		s->examples = bigger;
		s->cap_examples = cap;
	}
	s->examples[s->n_examples++] = (struct example){ first, (uint32_t)n, (uint32_t)prompt };
	return 0;
}

static int add_text(struct loader *l, const char *text, size_t len)
{
	struct token_list *tokens = &l->s->tokens;
	size_t first = tokens->n;
	int r = tokenizer_encode(l->tokenizer, text, len, TOKENIZE_BOS, tokens);

	if (r == 0)
		r = token_list_add(tokens, tokenizer_eos(l->tokenizer));
	l->s->n_texts++;
	return r < 0 ? r : add_example(l->s, first, 0);
}

/* A system message or none, then user and assistant by turns to the last answer. */
static int check_messages(const json_t *messages, struct diag *d)
{
	size_t n = json_array_size(messages), first = 0, i;
	const json_t *message;

	json_array_foreach(messages, i, message) {
		const char *role = json_string_value(json_object_get(message, "role"));
		const json_t *content = json_object_get(message, "content");
		const char *expected = (i - first) % 2 ? "assistant" : "user";

		if (i == 0 && role && strcmp(role, "system") == 0)
			first = 1;
		else if (!role || strcmp(role, expected) != 0)
			return diag_set(d, -EINVAL, DIAG_TYPE, "", "message %zu: role: '%s', "
					"expected %s", i, role ? role : "", expected);
		if (json_string_length(content) == 0)
			return diag_set(d, -EINVAL, DIAG_TYPE, "",
					"message %zu: content: expected a text that is not empty",
					i);
	}
	if (n < first + 2 || (n - first) % 2)
		return bad(d, "messages: expected a question and its answer at the end");
	return 0;
}

/* All but the last of @messages. */
static int add_prompt(struct loader *l, const json_t *messages, struct diag *d)
{
	_cleanup_(jinja_output_freep) struct jinja_output *text = NULL;
	json_auto_t *prompt = json_copy((json_t *)messages);
	struct chat_input input = { .messages = prompt, .bos = l->bos, .eos = l->eos };
	int r;

	if (!prompt || json_array_remove(prompt, json_array_size(prompt) - 1) < 0)
		return -ENOMEM;
	r = chat_render(&text, l->template, l->template_len, &input, d);
	return r < 0 ? r : chat_tokenize(l->tokenizer, text, &l->s->tokens);
}

static int add_messages(struct loader *l, const json_t *messages, bool whole, struct diag *d)
{
	struct token_list *tokens = &l->s->tokens;
	size_t first = tokens->n, given;
	const json_t *answer;
	int r = check_messages(messages, d);

	if (r == 0)
		r = add_prompt(l, messages, d);
	if (r < 0)
		return r;
	given = tokens->n - first;
	answer = json_object_get(json_array_get(messages, json_array_size(messages) - 1),
				 "content");
	r = tokenizer_encode(l->tokenizer, json_string_value(answer), json_string_length(answer),
			     TOKENIZE_CONTINUES, tokens);
	if (r == 0)
		r = token_list_add(tokens, tokenizer_eos(l->tokenizer));
	if (r < 0)
		return r;
	if (tokens->n - first > l->s->context) {
		tokens->n = first;
		l->s->skipped++;
		return 0;
	}
	return add_example(l->s, first, whole ? 0 : given);
}

static int add_line(struct loader *l, const char *line, size_t len, struct diag *d)
{
	json_auto_t *row = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL), *pair = NULL;
	const json_t *text = json_object_get(row, "text"), *whole = json_object_get(row, "whole");
	const json_t *messages = json_object_get(row, "messages");
	json_t *prompt = json_object_get(row, "prompt");
	json_t *completion = json_object_get(row, "completion");
	size_t keys = json_object_size(row) - (json_is_boolean(whole) ? 1 : 0);

	if (!json_is_object(row))
		return bad(d, "expected an object of JSON, without a key twice");
	if (json_is_string(text) && !whole && keys == 1)
		return add_text(l, json_string_value(text), json_string_length(text));
	if (json_is_string(prompt) && json_is_string(completion) && keys == 2) {
		pair = json_pack("[{s:s, s:O}, {s:s, s:O}]", "role", "user", "content", prompt,
				 "role", "assistant", "content", completion);
		return pair ? add_messages(l, pair, json_is_true(whole), d) : -ENOMEM;
	}
	if (json_is_array(messages) && keys == 1)
		return add_messages(l, messages, json_is_true(whole), d);
	return bad(d, "expected \"text\" alone, \"messages\", or \"prompt\" and \"completion\"; "
		   "the latter two with \"whole\": true or without");
}

static int load_lines(struct loader *l, FILE *file, struct diag *d)
{
	_cleanup_free_ char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	int r = 0;

	while (r == 0 && (len = getline(&line, &cap, file)) >= 0) {
		struct diag defect = DIAG_NULL;

		l->line++;
		r = add_line(l, line, (size_t)len, &defect);
		if (defect.code)
			return line_error(l, d, defect.text);
	}
	if (r == 0 && ferror(file))
		return -EIO;
	if (r == 0 && l->s->n_examples == 0)
		return line_error(l, d, "no example that fits the context");
	if (r == 0 && l->s->n_texts && l->s->n_texts != l->s->n_examples)
		return line_error(l, d, "texts and pairs in one file; put them in two");
	return r;
}

static char *spelling(const struct tokenizer *t, int32_t id)
{
	const char *name;
	size_t len;

	return id >= 0 && tokenizer_name(t, id, &name, &len) ? strndup(name, len) : strdup("");
}

static int open_tokenizer(struct loader *l, const struct gguf *g, struct diag *d)
{
	int r = tokenizer_new(&l->tokenizer, g, d);

	if (r < 0)
		return r;
	if (tokenizer_eos(l->tokenizer) < 0)
		return diag_set(d, -EINVAL, DIAG_VOCAB, "tokenizer.ggml.eos_token_id", "missing");
	r = chat_template_of(g, &l->template, &l->template_len, d);
	if (r == GGUF_E_ABSENT)
		return diag_set(d, -EINVAL, DIAG_TYPE, "tokenizer.chat_template", "missing");
	l->bos = spelling(l->tokenizer, tokenizer_bos(l->tokenizer));
	l->eos = spelling(l->tokenizer, tokenizer_eos(l->tokenizer));
	return r == 0 && (!l->bos || !l->eos) ? -ENOMEM : r;
}

int dataset_load(struct dataset **ret, const struct gguf *g, int fd, size_t context,
		 struct diag *d)
{
	_cleanup_(dataset_freep) struct dataset *s = calloc(1, sizeof(*s));
	struct loader l = { .s = s };
	FILE *file = NULL;
	int copy = -1, r = s ? open_tokenizer(&l, g, d) : -ENOMEM;

	if (r == 0) {
		s->context = context;
		copy = dup(fd);
		file = copy >= 0 ? fdopen(copy, "r") : NULL;
		r = file ? load_lines(&l, file, d) : -errno;
	}
	if (file)
		fclose(file);
	else if (copy >= 0)
		close(copy);
	tokenizer_free(l.tokenizer);
	free(l.bos);
	free(l.eos);
	if (r == 0)
		*ret = TAKE(s);
	return r;
}

struct dataset *dataset_free(struct dataset *s)
{
	if (!s)
		return NULL;
	token_list_deinit(&s->tokens);
	free(s->examples);
	free(s);
	return NULL;
}

size_t dataset_n_tokens(const struct dataset *s)
{
	return s->tokens.n;
}

size_t dataset_n_examples(const struct dataset *s)
{
	return s->n_examples;
}

size_t dataset_n_skipped(const struct dataset *s)
{
	return s->skipped;
}

static void draw_text(const struct dataset *s, uint64_t random, int32_t *tokens, int32_t *targets)
{
	size_t n = s->tokens.n, at = n > s->context ? random % (n - s->context) : 0;

	for (size_t i = 0; i < s->context; i++, at++) {
		tokens[i] = s->tokens.ids[MIN(at, n - 1)];
		targets[i] = at + 1 < n ? s->tokens.ids[at + 1] : TRAIN_IGNORE;
	}
}

void dataset_draw(const struct dataset *s, uint64_t random, int32_t *tokens, int32_t *targets)
{
	size_t at = 0, which = random % s->n_examples;

	if (s->n_texts) {
		draw_text(s, random, tokens, targets);
		return;
	}
	/* Whole examples while they fit; the rest of the sequence is padding. */
	for (;; which = (which + 1) % s->n_examples) {
		const struct example *e = &s->examples[which];
		const int32_t *ids = s->tokens.ids + e->first;

		if (at + e->n > s->context)
			break;
		for (uint32_t i = 0; i < e->n; i++, at++) {
			tokens[at] = ids[i];
			targets[at] = i + 1 >= e->prompt && i + 1 < e->n ? ids[i + 1]
									 : TRAIN_IGNORE;
		}
	}
	for (; at < s->context; at++) {
		tokens[at] = 0;
		targets[at] = TRAIN_IGNORE;
	}
}
