/* SPDX-License-Identifier: MIT */
#include "intents/heard.h"

#include "util/macro.h"

int heard_init(struct heard *h, const char *text, size_t len, struct script script)
{
	int r;

	*h = (struct heard){ .script = script, .n_bytes = len };
	r = fold_text(&h->folded, text, len, script, HEARD_MAX + 1);
	if (r < 0)
		return r;
	h->len = (uint32_t)MIN(h->folded.n, (size_t)HEARD_MAX);
	h->end = h->len + (h->folded.n > h->len);
	for (uint32_t i = 0; i < h->len; i++) {
		h->mark[i] = fold_may_pass(&h->folded, i, script);
		h->joined[i] = fold_is_joined(h->folded.chars[i].c);
	}
	h->closing[h->end] = true;
	for (uint32_t i = h->end; i-- > 0 && (h->mark[i] || heard_at(h, i) == ' ');)
		h->closing[i] = true;
	return 0;
}

void heard_deinit(struct heard *h)
{
	fold_deinit(&h->folded);
}

static bool part_of_word(const struct heard *h, uint32_t pos)
{
	uint32_t c = heard_at(h, pos);

	return (c >= 0x80 || c == '\'' || fold_is_digit(c) || (c >= 'a' && c <= 'z')) &&
	       !h->mark[pos];
}

static bool is_sign(uint32_t c)
{
	return c > ' ' && c < 0x80 && !fold_is_digit(c) && !(c >= 'a' && c <= 'z') && c != '\'';
}

bool heard_boundary(const struct heard *h, uint32_t pos)
{
	uint32_t c = heard_at(h, pos), before;

	if (pos == 0 || pos >= h->len)
		return true;
	before = heard_at(h, pos - 1);
	return before == ' ' || (fold_is_digit(before) && !fold_is_digit(c)) ||
	       (is_sign(before) && fold_is_digit(c));
}

bool heard_begins_word(const struct heard *h, uint32_t pos)
{
	return h->script.blankless || pos == 0 || !part_of_word(h, pos - 1);
}

bool heard_ends_word(const struct heard *h, uint32_t pos)
{
	return h->script.blankless || !part_of_word(h, pos);
}

uint32_t heard_next_word(const struct heard *h, uint32_t pos)
{
	while (pos < h->len && h->mark[pos])
		pos++;
	return pos < h->len && heard_at(h, pos) == ' ' ? pos + 1 : pos;
}

/* Characters that are put in order may stand before what they came from: the least and the
 * greatest count. */
void heard_bytes(const struct heard *h, uint32_t from, uint32_t to, size_t *start, size_t *end)
{
	*start = h->n_bytes;
	*end = 0;
	for (uint32_t i = from; i < to && i < h->len; i++) {
		*start = MIN(*start, (size_t)h->folded.chars[i].start);
		*end = MAX(*end, (size_t)h->folded.chars[i].end);
	}
	if (to > h->len)
		*end = h->n_bytes;
}
