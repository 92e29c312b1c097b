/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/language.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assistantd/daemon/suggestions-words.h"
#include "util/macro.h"

/* In the levels of the list of words. */
enum { EVERYWHERE_LEVEL = 14, COMMON_LEVEL = 11, OFTEN_LEVEL = 8, SOMETIMES_LEVEL = 5 };

/* What it costs to change the language there. */
static const double change_within = 5.0, change_between = 2.0;

bool language_same(const char *a, const char *b)
{
	size_t len = strcspn(a, "-_");

	return strcspn(b, "-_") == len && strncasecmp(a, b, len) == 0;
}

/* Letters beyond ASCII, and not only signs. */
static bool has_far_letters(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c >= 0xc3 && c <= 0xdf) || (c >= 0xe3 && c <= 0xed))
			return true;
	}
	return false;
}

/* Of a word that the dictionary knows or the list has. */
static double of_known(const struct finding *f, const struct word *w)
{
	unsigned level = w->usual ? w->usual->level : 0;
	bool listed = confusions_has(f->p->confusions, CONFUSIONS_FOREIGN, w->low);

	/* Words of both. */
	if (listed && level >= COMMON_LEVEL)
		return level >= EVERYWHERE_LEVEL ? 0.5 : 0;
	if (listed)
		return level >= OFTEN_LEVEL && finding_spells(f, w) ? -1.5 : -3.0;
	if (level >= OFTEN_LEVEL)
		return 2.0;
	/* Those of others that books quote are usual, too. */
	if (!finding_spells(f, w))
		return 0.5;
	return level >= SOMETIMES_LEVEL ? 1.5 : 0.5;
}

/* By how much more likely the word is in the proofreader's language than in another, in nats. */
static double evidence(const struct finding *f, const struct word *w)
{
	const struct wordlist_word *near;
	double e;

	if (!w->plain)
		return has_far_letters(f->text + w->start, w->len) &&
		       !finding_spells(f, w) ? -2.5 : 0;
	if (w->len == 1)
		return 0;
	if (w->known || confusions_has(f->p->confusions, CONFUSIONS_FOREIGN, w->low))
		e = of_known(f, w);
	else if (wordlist_slips(f->p->words, w->low, &near, 1) && near->level >= SOMETIMES_LEVEL)
		e = w->len > 3 ? 0.3 : 0;
	else
		e = -1.5;
	/* A name is at home everywhere. */
	return w->capital && !w->first ? e / 4 : e;
}

/* What it costs between a word and the one before it. */
static double change_before(const struct finding *f, const struct word *w)
{
	static const char *const marks[] = { "\"", ":", "\xe2\x80\x9c", "\xe2\x80\x9d",
					     "\xe2\x80\x9e", "\xc2\xab", "\xc2\xbb" };
	size_t from = w == f->words ? 0 : w[-1].start + w[-1].len;

	if (w->first)
		return change_between;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (memmem(f->text + from, w->start - from, marks[i], strlen(marks[i])))
			return change_between;
	return change_within;
}

static double at_most(double x, double limit)
{
	return fmax(-limit, fmin(limit, x));
}

/* By how much the best way through the words to each, with itself, that is in the language is
 * better than the best one that is not; that of the last one is returned. */
static double sum_up(const struct finding *f, const double *evidence, double lean, double *sums)
{
	for (size_t i = 0; i < f->n_words; i++) {
		lean = at_most(lean, change_before(f, &f->words[i])) + evidence[i];
		sums[i] = lean;
	}
	return lean;
}

/* The same from the end, without the word itself. */
static double sum_up_behind(const struct finding *f, const double *evidence, double lean,
			    double *sums)
{
	for (size_t i = f->n_words; i-- > 0;) {
		sums[i] = lean;
		lean = at_most(lean + evidence[i], change_before(f, &f->words[i]));
	}
	return lean;
}

/* For each word, and room for as many sums; the caller frees it. */
static double *all_evidence(struct finding *f)
{
	double *e = calloc(f->n_words + 1, 3 * sizeof(*e));

	if (!e)
		f->err = -ENOMEM;
	for (size_t i = 0; e && i < f->n_words; i++)
		e[i] = evidence(f, &f->words[i]);
	return e;
}

bool language_mark(struct finding *f)
{
	_cleanup_free_ double *e = f->err == 0 ? all_evidence(f) : NULL;
	double *before, *behind;
	bool any = false;

	if (!e)
		return false;
	before = e + f->n_words;
	behind = before + f->n_words;
	sum_up(f, e, f->around->before, before);
	sum_up_behind(f, e, f->around->behind, behind);
	for (size_t i = 0; i < f->n_words; i++) {
		f->words[i].foreign = before[i] + behind[i] < 0;
		any |= f->words[i].foreign;
	}
	return any;
}

static int read_around(const struct proofreader *p, const char *text, size_t len, double *lean,
		       double (*sum)(const struct finding *f, const double *evidence, double lean,
				     double *sums))
{
	static const struct surroundings whole = { true, true, 0, 0 };
	struct finding f = { .p = p, .text = text, .len = len, .around = &whole };
	_cleanup_free_ double *e = NULL;

	finding_read(&f);
	if (f.err == 0)
		e = all_evidence(&f);
	if (e)
		*lean = sum(&f, e, *lean, e + f.n_words);
	finding_deinit(&f);
	return f.err;
}

int language_before(const struct proofreader *p, const char *text, size_t len, double *lean)
{
	return read_around(p, text, len, lean, sum_up);
}

int language_behind(const struct proofreader *p, const char *text, size_t len, double *lean)
{
	return read_around(p, text, len, lean, sum_up_behind);
}
