/* SPDX-License-Identifier: MIT */
#include "adapters/train/dataset.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/train/row.h"
#include "adapters/train/train.h"
#include "util/buf.h"
#include "util/macro.h"

struct example {
	size_t first;
	uint32_t n, given, prompt;	/* as in struct dataset_example */
	unsigned long line;
	uint64_t offset;
	size_t length;
};

struct dataset {
	size_t context;
	struct token_list tokens;
	struct example *examples;
	size_t n_examples, cap_examples;
	size_t n_skipped;
	unsigned long skipped[DATASET_SKIPPED_TOLD];
	size_t n_texts;		/* examples that are text; one kind to a file */
};

struct loader {
	struct dataset *s;
	const struct gguf *model;
	struct tokenizer *tokenizer;
	unsigned long line;
	uint64_t offset;	/* of the line */
	size_t length;
};

/* Names the line before the member. */
static int line_error(const struct loader *l, int r, const struct diag *defect, struct diag *d)
{
	char field[sizeof(defect->field) + 32];

	snprintf(field, sizeof(field), "line %lu%s%s", l->line, *defect->field ? ": " : "",
		 defect->field);
	return diag_set(d, r, defect->code, field, "%s", defect->text);
}

static int add_example(const struct loader *l, size_t first, size_t given, size_t prompt)
{
	struct dataset *s = l->s;
	size_t n = s->tokens.n - first, cap = s->cap_examples ? s->cap_examples * 2 : 1024;
	struct example *bigger;

	if (s->n_examples == s->cap_examples) {
		bigger = reallocarray(s->examples, cap, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		s->examples = bigger;
		s->cap_examples = cap;
	}
	s->examples[s->n_examples++] = (struct example){
		first, (uint32_t)n, (uint32_t)given, (uint32_t)prompt, l->line, l->offset,
		l->length,
	};
	return 0;
}

static int add_text(struct loader *l, const json_t *text)
{
	struct token_list *tokens = &l->s->tokens;
	size_t first = tokens->n;
	int r = tokenizer_encode(l->tokenizer, json_string_value(text), json_string_length(text),
				 TOKENIZE_BOS, tokens);

	if (r == 0)
		r = token_list_add(tokens, tokenizer_eos(l->tokenizer));
	l->s->n_texts++;
	return r < 0 ? r : add_example(l, first, 0, 0);
}

/* All but the last of @messages. */
static int add_prompt(struct loader *l, const json_t *messages, struct diag *d)
{
	json_auto_t *prompt = json_copy((json_t *)messages);
	const struct chat_input input = { .messages = prompt };

	if (!prompt || json_array_remove(prompt, json_array_size(prompt) - 1) < 0)
		return -ENOMEM;
	return chat_encode(&l->s->tokens, l->model, l->tokenizer, &input, d);
}

/* The tokens behind @first are taken back. */
static int skip(struct loader *l, size_t first)
{
	struct dataset *s = l->s;

	s->tokens.n = first;
	if (s->n_skipped < DATASET_SKIPPED_TOLD)
		s->skipped[s->n_skipped] = l->line;
	s->n_skipped++;
	return 0;
}

static int add_conversation(struct loader *l, const struct row *row, struct diag *d)
{
	struct token_list *tokens = &l->s->tokens;
	const json_t *answer = row_answer(row);
	size_t first = tokens->n, prompt;
	int r = add_prompt(l, row->messages, d);

	if (r < 0)
		return r;
	prompt = tokens->n - first;
	r = tokenizer_encode(l->tokenizer, json_string_value(answer), json_string_length(answer),
			     TOKENIZE_CONTINUES, tokens);
	if (r == 0)
		r = token_list_add(tokens, tokenizer_eos(l->tokenizer));
	if (r < 0)
		return r;
	if (prompt == 0)
		return -EINVAL;
	if (tokens->n - first > l->s->context)
		return skip(l, first);
	return add_example(l, first, row->whole ? 0 : prompt, prompt);
}

static int add_line(struct loader *l, const char *line, struct diag *d)
{
	_cleanup_(row_deinit) struct row row;
	int r = row_parse(&row, line, l->length, d);

	if (r < 0)
		return r;
	r = row.text ? add_text(l, row.text) : add_conversation(l, &row, d);
	if (r == -EINVAL || r == -ELOOP)
		diag_set(d, r, DIAG_VOCAB, "", "cannot be cut into tokens of the model");
	return r;
}

static bool is_blank(const char *line, size_t len)
{
	return strspn(line, " \t\r\n") == len;
}

/* What can only be said of all lines together. */
static int check_whole(const struct dataset *s, struct diag *d)
{
	if (s->n_examples == 0 && s->n_skipped)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "", "all of the %zu rows are longer than "
				"%zu tokens", s->n_skipped, s->context);
	if (s->n_examples == 0)
		return diag_set(d, -EINVAL, DIAG_TRUNC, "", "has no row");
	if (s->n_texts && s->n_texts != s->n_examples + s->n_skipped)
		return diag_set(d, -EINVAL, DIAG_TYPE, "",
				"has texts and conversations; put them in two files");
	return 0;
}

static int load_lines(struct loader *l, FILE *file, struct diag *d)
{
	_cleanup_free_ char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	int r = 0;

	for (; r == 0 && (len = getline(&line, &cap, file)) >= 0; l->offset += l->length) {
		struct diag defect = DIAG_NULL;

		l->line++;
		l->length = (size_t)len;
		r = is_blank(line, l->length) ? 0 : add_line(l, line, &defect);
		if (defect.code)
			r = line_error(l, -EINVAL, &defect, d);
	}
	if (r == 0 && ferror(file))
		r = -EIO;
	return r < 0 ? r : check_whole(l->s, d);
}

static int open_tokenizer(struct loader *l, struct diag *d)
{
	int r = tokenizer_new(&l->tokenizer, l->model, d);

	if (r == 0 && tokenizer_eos(l->tokenizer) < 0)
		r = diag_set(d, -EINVAL, DIAG_VOCAB, "tokenizer.ggml.eos_token_id", "missing");
	return r;
}

int dataset_load(struct dataset **ret, const struct gguf *g, int fd, size_t context,
		 struct diag *d)
{
	_cleanup_(dataset_freep) struct dataset *s = calloc(1, sizeof(*s));
	struct loader l = { .s = s, .model = g };
	FILE *file = NULL;
	int copy = -1, r = s ? open_tokenizer(&l, d) : -ENOMEM;

	if (r == 0) {
		s->context = context;
		copy = lseek(fd, 0, SEEK_SET) < 0 ? -1 : dup(fd);
		file = copy >= 0 ? fdopen(copy, "r") : NULL;
		r = file ? load_lines(&l, file, d) : -errno;
	}
	if (file)
		fclose(file);
	else if (copy >= 0)
		close(copy);
	tokenizer_free(l.tokenizer);
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
	return s->n_skipped;
}

bool dataset_is_text(const struct dataset *s)
{
	return s->n_texts > 0;
}

const unsigned long *dataset_skipped(const struct dataset *s, size_t *n)
{
	*n = MIN(s->n_skipped, (size_t)DATASET_SKIPPED_TOLD);
	return s->skipped;
}

struct dataset_example dataset_example(const struct dataset *s, size_t i)
{
	const struct example *e = &s->examples[i];

	return (struct dataset_example){ s->tokens.ids + e->first, e->n, e->given, e->prompt,
					 e->line, e->offset, e->length };
}

size_t dataset_put(const struct dataset_example *e, size_t at, int32_t *tokens, int32_t *targets,
		   uint32_t *begins)
{
	size_t learnt = 0;

	for (size_t i = 0; i < e->n; i++) {
		bool learns = i + 1 >= e->given && i + 1 < e->n;

		tokens[at + i] = e->ids[i];
		targets[at + i] = learns ? e->ids[i + 1] : TRAIN_IGNORE;
		begins[at + i] = (uint32_t)at;
		learnt += learns;
	}
	return learnt;
}

void dataset_pad(size_t from, size_t to, int32_t *tokens, int32_t *targets, uint32_t *begins)
{
	for (size_t i = from; i < to; i++) {
		tokens[i] = 0;
		targets[i] = TRAIN_IGNORE;
		begins[i] = (uint32_t)i;
	}
}

static void draw_text(const struct dataset *s, uint64_t random, int32_t *tokens, int32_t *targets,
		      uint32_t *begins)
{
	size_t n = s->tokens.n, at = n > s->context ? random % (n - s->context) : 0;

	for (size_t i = 0; i < s->context; i++, at++) {
		tokens[i] = s->tokens.ids[MIN(at, n - 1)];
		targets[i] = at + 1 < n ? s->tokens.ids[at + 1] : TRAIN_IGNORE;
		begins[i] = 0;
	}
}

void dataset_draw(const struct dataset *s, uint64_t random, int32_t *tokens, int32_t *targets,
		  uint32_t *begins)
{
	size_t at = 0, which = random % s->n_examples;

	if (s->n_texts) {
		draw_text(s, random, tokens, targets, begins);
		return;
	}
	/* Whole examples while they fit. */
	for (;; which = (which + 1) % s->n_examples) {
		struct dataset_example e = dataset_example(s, which);

		if (at + e.n > s->context)
			break;
		dataset_put(&e, at, tokens, targets, begins);
		at += e.n;
	}
	dataset_pad(at, s->context, tokens, targets, begins);
}
