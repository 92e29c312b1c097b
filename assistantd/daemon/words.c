/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "util/macro.h"
#include "util/utf8.h"
#include "util/yaml.h"

struct word_list {
	struct word *items;
	size_t n;
};

struct words {
	struct yaml *yaml;	/* owns the texts */
	struct word_list lists[WORDS_KIND_COUNT];
};

static const char *const kinds[WORDS_KIND_COUNT + 1] = {
	[WORDS_BETWEEN] = "between", [WORDS_ALSO] = "also", [WORDS_IT] = "it",
	[WORDS_THEM] = "them", [WORDS_OTHER] = "other", [WORDS_SKIP] = "skip",
	[WORDS_NOT] = "not", [WORDS_ORDINALS] = "ordinals",
	[WORDS_FILLERS] = "fillers",
};

static int add(struct word_list *l, const char *text, long number)
{
	struct word *items = realloc(l->items, (l->n + 1) * sizeof(*items));

	if (!items)
		return -ENOMEM;
	l->items = items;
	items[l->n++] = (struct word){ text, number };
	return 0;
}

static int read_ordinal(const struct yaml_node *n, struct word_list *l, struct diag *d)
{
	double number;
	int r = yaml_f64(n, -1, 100, &number, d);

	if (r == 0 && (number == 0 || number != (double)(long)number))
		r = yaml_error(n, -EINVAL, DIAG_RANGE, d, "expected 1 to 100, or -1 for the last");
	return r < 0 ? r : add(l, n->key, (long)number);
}

static int read_kind(struct words *w, const struct yaml_node *n, enum words_kind kind,
		     struct diag *d)
{
	bool numbers = kind == WORDS_ORDINALS;
	int r = n ? yaml_expect(n, numbers ? YAML_MAPPING : YAML_SEQUENCE, d) : 0;

	for (const struct yaml_node *item = n ? n->first : NULL; r == 0 && item;
	     item = item->next) {
		const char *text = NULL;

		if (numbers) {
			r = read_ordinal(item, &w->lists[kind], d);
			continue;
		}
		r = yaml_str(item, &text, d);
		if (r == 0 && !*text)
			r = yaml_error(item, -EINVAL, DIAG_RANGE, d, "expected a word");
		if (r == 0)
			r = add(&w->lists[kind], text, 0);
	}
	return r;
}

static int read_language(struct words *w, const struct yaml_node *n, struct diag *d)
{
	int r = yaml_expect(n, YAML_MAPPING, d);

	if (r == 0)
		r = yaml_check_keys(n, kinds, d);
	for (int kind = 0; r == 0 && kind < WORDS_KIND_COUNT; kind++)
		r = read_kind(w, yaml_get(n, kinds[kind]), (enum words_kind)kind, d);
	return r;
}

int words_read_fd(struct words **ret, int fd, const char *const *languages, size_t n_languages,
		  struct diag *d)
{
	static const char *const keys[] = { "version", "languages", NULL };
	_cleanup_(words_freep) struct words *w = calloc(1, sizeof(*w));
	const struct yaml_node *root, *map;
	uint64_t version;
	int r = w ? yaml_read_fd(&w->yaml, fd, d) : -ENOMEM;

	if (r < 0)
		return r;
	root = yaml_root(w->yaml);
	map = yaml_get(root, "languages");
	r = yaml_check_keys(root, keys, d);
	if (r == 0 && (!map || !yaml_get(root, "version")))
		r = yaml_error(root, -EINVAL, DIAG_TYPE, d, "version and languages are needed");
	if (r == 0)
		r = yaml_u64(yaml_get(root, "version"), 1, 1, &version, d);
	if (r == 0)
		r = yaml_expect(map, YAML_MAPPING, d);
	for (size_t i = 0; r == 0 && i < n_languages; i++)
		if (yaml_get(map, languages[i]))
			r = read_language(w, yaml_get(map, languages[i]), d);
	if (r == 0)
		*ret = TAKE(w);
	return r;
}

struct words *words_free(struct words *w)
{
	if (!w)
		return NULL;
	for (size_t i = 0; i < WORDS_KIND_COUNT; i++)
		free(w->lists[i].items);
	yaml_tree_free(w->yaml);
	free(w);
	return NULL;
}

const struct word *words_at(const struct words *w, enum words_kind kind, size_t i)
{
	return w && i < w->lists[kind].n ? &w->lists[kind].items[i] : NULL;
}

bool words_has(const struct words *w, enum words_kind kind, const char *text, size_t len)
{
	for (size_t at = 0, end; at < len; at = end + 1) {
		const char *blank = memchr(text + at, ' ', len - at);

		end = blank ? (size_t)(blank - text) : len;
		if (words_find(w, kind, text + at, end - at))
			return true;
	}
	return false;
}

bool words_equal(const char *a, size_t a_len, const char *b, size_t b_len)
{
	while (a_len && b_len) {
		size_t a_size, b_size;
		uint32_t x = utf8_decode(a, a_len, &a_size), y = utf8_decode(b, b_len, &b_size);

		if (x == UTF8_INVALID || y == UTF8_INVALID ||
		    utf8proc_tolower((utf8proc_int32_t)x) != utf8proc_tolower((utf8proc_int32_t)y))
			return false;
		a += a_size;
		a_len -= a_size;
		b += b_size;
		b_len -= b_size;
	}
	return !a_len && !b_len;
}

const struct word *words_find(const struct words *w, enum words_kind kind, const char *text,
			      size_t len)
{
	const struct word *word;

	for (size_t i = 0; (word = words_at(w, kind, i)); i++)
		if (words_equal(word->text, strlen(word->text), text, len))
			return word;
	return NULL;
}
