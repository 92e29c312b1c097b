/* SPDX-License-Identifier: MIT */
/*
 * Each model family cuts by a regular expression of its own. They are written out here as
 * functions over classes of characters: a general engine would backtrack, and on input of
 * one character that is where others overflow their stack. The expressions stand above
 * the functions; \s, \p{L}, \p{N} and \p{P} are the classes of Unicode.
 */
#include "base_model/pretokenize.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "util/cleanup.h"
#include "util/macro.h"
#include "util/utf8.h"

enum class { OTHER, LETTER, NUMBER, PUNCTUATION, SPACE, NEWLINE };

struct chars {
	uint32_t *cps;		/* UTF8_INVALID for a byte that is no UTF-8 */
	uint32_t *offsets;	/* [n + 1] */
	uint8_t *classes;
	size_t n;
	uint64_t *n_steps;
};

/* One pass cuts the stretch from @at to @end: where the piece that begins at @at ends, or
 * @at when the expression does not match there; then the character joins the ones around it
 * that match nothing either. */
typedef size_t (*pass_fn)(const struct chars *c, size_t at, size_t end);

struct pretokenizer {
	const char *names[3];
	pass_fn passes[6];
	bool ignores_merges, adds_bos;
};

static bool is_space(uint32_t cp)
{
	return (cp >= 0x09 && cp <= 0x0d) || cp == 0x20 || cp == 0x85 || cp == 0xa0 ||
	       cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 ||
	       cp == 0x202f || cp == 0x205f || cp == 0x3000;
}

static enum class classify(uint32_t cp)
{
	if (cp == '\r' || cp == '\n')
		return NEWLINE;
	if (cp == UTF8_INVALID)
		return OTHER;
	if (is_space(cp))
		return SPACE;
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
		return LETTER;
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return NUMBER;
	case UTF8PROC_CATEGORY_PC:
	case UTF8PROC_CATEGORY_PD:
	case UTF8PROC_CATEGORY_PS:
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PI:
	case UTF8PROC_CATEGORY_PF:
	case UTF8PROC_CATEGORY_PO:
		return PUNCTUATION;
	default:
		return OTHER;
	}
}

static bool is_white(const struct chars *c, size_t i)
{
	return c->classes[i] == SPACE || c->classes[i] == NEWLINE;
}

/* Neither white space nor letter nor number. */
static bool is_mark(const struct chars *c, size_t i)
{
	return c->classes[i] == OTHER || c->classes[i] == PUNCTUATION;
}

/* Counts what a pass has looked at, also where it then cuts before @stop. */
static size_t looked(const struct chars *c, size_t at, size_t stop)
{
	*c->n_steps += stop - at;
	return stop;
}

static size_t run_of(const struct chars *c, size_t at, size_t end, enum class class)
{
	size_t begin = at;

	while (at < end && c->classes[at] == class)
		at++;
	return looked(c, begin, at);
}

static size_t run_of_marks(const struct chars *c, size_t at, size_t end)
{
	size_t begin = at;

	while (at < end && is_mark(c, at))
		at++;
	return looked(c, begin, at);
}

static size_t run_of_white(const struct chars *c, size_t at, size_t end)
{
	size_t begin = at;

	while (at < end && is_white(c, at))
		at++;
	return looked(c, begin, at);
}

/* 's 't 're 've 'm 'll 'd: the length in characters, or 0. */
static size_t contraction(const struct chars *c, size_t at, size_t end, bool any_case)
{
	static const char *const suffixes[] = { "s", "t", "re", "ve", "m", "ll", "d" };

	if (c->cps[at] != '\'')
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t n = strlen(suffixes[i]), k = 0;

		for (; k < n && at + 1 + k < end; k++) {
			uint32_t cp = c->cps[at + 1 + k];

			if (any_case && cp >= 'A' && cp <= 'Z')
				cp += 'a' - 'A';
			if (cp != (uint32_t)suffixes[i][k])
				break;
		}
		if (k == n)
			return 1 + n;
	}
	return 0;
}

/* \s+(?!\S)|\s+ : all of a run, but its last character where something follows. */
static size_t white_space(const struct chars *c, size_t at, size_t end)
{
	size_t stop = run_of_white(c, at, end);

	return stop < end && stop - at > 1 ? stop - 1 : stop;
}

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
static size_t pass_gpt2(const struct chars *c, size_t at, size_t end)
{
	size_t n = contraction(c, at, end, false), first = at;

	if (n)
		return at + n;
	if (c->cps[at] == ' ' && at + 1 < end)
		first = at + 1;
	if (is_white(c, first))
		return white_space(c, at, end);
	if (is_mark(c, first))
		return run_of_marks(c, first, end);
	return run_of(c, first, end, c->classes[first]);
}

/* With numbers of up to @digits digits:
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}|
 *  ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
static size_t pass_llama3(const struct chars *c, size_t at, size_t end, size_t digits)
{
	size_t n = contraction(c, at, end, true), first = at, stop, last;

	if (n)
		return at + n;
	if (c->classes[at] == LETTER)
		return run_of(c, at, end, LETTER);
	if (c->classes[at] == NUMBER)
		return run_of(c, at, MIN(end, at + digits), NUMBER);
	if (c->classes[at] != NEWLINE && at + 1 < end && c->classes[at + 1] == LETTER)
		return run_of(c, at + 1, end, LETTER);
	if (c->cps[at] == ' ' && at + 1 < end)
		first = at + 1;
	if (is_mark(c, first))
		return run_of(c, run_of_marks(c, first, end), end, NEWLINE);
	stop = run_of_white(c, at, end);
	for (last = stop; last > at && c->classes[last - 1] != NEWLINE;)
		last--;
	looked(c, last, stop);
	return last > at ? last : white_space(c, at, end);
}

static size_t pass_llama3_3(const struct chars *c, size_t at, size_t end)
{
	return pass_llama3(c, at, end, 3);
}

static size_t pass_llama3_1(const struct chars *c, size_t at, size_t end)
{
	return pass_llama3(c, at, end, 1);
}

/* \p{N} */
static size_t pass_number(const struct chars *c, size_t at, size_t end)
{
	return at + (c->classes[at] == NUMBER);
}

/* [\r\n] */
static size_t pass_newline(const struct chars *c, size_t at, size_t end)
{
	return at + (c->classes[at] == NEWLINE);
}

/* \s?X+ for one class of characters */
static size_t spaced_run(const struct chars *c, size_t at, size_t end, enum class class)
{
	size_t first = at + (is_white(c, at) && at + 1 < end);
	size_t stop = run_of(c, first, end, class);

	return stop > first ? stop : at;
}

static size_t pass_letters(const struct chars *c, size_t at, size_t end)
{
	return spaced_run(c, at, end, LETTER);
}

static size_t pass_punctuation(const struct chars *c, size_t at, size_t end)
{
	return spaced_run(c, at, end, PUNCTUATION);
}

/* [\u0800-\u9fa5\uac00-\ud7ff]+ : the scripts of East Asia, as DeepSeek delimits them */
static size_t pass_east_asian(const struct chars *c, size_t at, size_t end)
{
	size_t begin = at;

	while (at < end && ((c->cps[at] >= 0x0800 && c->cps[at] <= 0x9fa5) ||
			    (c->cps[at] >= 0xac00 && c->cps[at] <= 0xd7ff)))
		at++;
	return looked(c, begin, at);
}

static const struct pretokenizer pretokenizers[] = {
	{ { "gpt-2" }, { pass_gpt2 }, false, false },
	{ { "llama-bpe", "llama3", "llama-v3" }, { pass_llama3_3 }, true, true },
	{ { "qwen2" }, { pass_llama3_1 }, false, false },
	{ { "starcoder", "smollm" }, { pass_number, pass_gpt2 }, false, false },
	{ { "deepseek-coder" },
	  { pass_newline, pass_letters, pass_punctuation, pass_east_asian, pass_number },
	  false, true },
};

const struct pretokenizer *pretokenizer_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(pretokenizers); i++)
		for (size_t k = 0; k < ARRAY_SIZE(pretokenizers[i].names); k++) {
			const char *known = pretokenizers[i].names[k];

			if (known && strlen(known) == len && memcmp(known, name, len) == 0)
				return &pretokenizers[i];
		}
	return NULL;
}

bool pretokenizer_ignores_merges(const struct pretokenizer *p)
{
	return p->ignores_merges;
}

bool pretokenizer_adds_bos(const struct pretokenizer *p)
{
	return p->adds_bos;
}

static void chars_deinit(struct chars *c)
{
	free(c->cps);
	free(c->offsets);
	free(c->classes);
}

static int chars_init(struct chars *c, const char *text, size_t len)
{
	size_t size;

	c->cps = reallocarray(NULL, len, sizeof(*c->cps));
	c->offsets = reallocarray(NULL, len + 1, sizeof(*c->offsets));
	c->classes = malloc(len);
	if (!c->cps || !c->offsets || !c->classes)
		return -ENOMEM;
	for (size_t at = 0; at < len; at += size, c->n++) {
		c->offsets[c->n] = (uint32_t)at;
		c->cps[c->n] = utf8_decode(text + at, len - at, &size);
		c->classes[c->n] = (uint8_t)classify(c->cps[c->n]);
	}
	c->offsets[c->n] = (uint32_t)len;
	return 0;
}

void words_deinit(struct words *w)
{
	free(w->ends);
	*w = (struct words){ 0 };
}

/* Cuts each stretch of @from into the pieces of one pass. */
static size_t cut(pass_fn pass, const struct chars *c, const uint32_t *from, size_t n, uint32_t *to)
{
	size_t at = 0, count = 0;

	for (size_t i = 0; i < n; i++) {
		size_t rest = at;	/* begin of what matches nothing so far */

		while (at < from[i]) {
			size_t stop = pass(c, at, from[i]);

			++*c->n_steps;
			if (stop == at) {
				at++;
				continue;
			}
			if (rest < at)
				to[count++] = (uint32_t)at;
			to[count++] = (uint32_t)stop;
			at = rest = stop;
		}
		if (rest < at)
			to[count++] = (uint32_t)at;
	}
	return count;
}

int pretokenize(const struct pretokenizer *p, const char *text, size_t len, struct words *ret)
{
	_cleanup_(chars_deinit) struct chars c = { .n_steps = &ret->n_steps };
	_cleanup_free_ uint32_t *from = NULL, *to = NULL;
	size_t n = 1;

	*ret = (struct words){ 0 };
	if (len == 0)
		return 0;
	if (chars_init(&c, text, len) < 0)
		return -ENOMEM;
	from = reallocarray(NULL, c.n, sizeof(*from));
	to = reallocarray(NULL, c.n, sizeof(*to));
	if (!from || !to)
		return -ENOMEM;
	from[0] = (uint32_t)c.n;
	for (const pass_fn *pass = p->passes; *pass; pass++) {
		uint32_t *swap = from;

		n = cut(*pass, &c, from, n, to);
		from = to;
		to = swap;
	}
	for (size_t i = 0; i < n; i++)
		from[i] = c.offsets[from[i]];
	ret->ends = TAKE(from);
	ret->n = n;
	return 0;
}
