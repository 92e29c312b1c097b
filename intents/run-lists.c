/* SPDX-License-Identifier: MIT */
/* Lists whose values are no templates: numbers, names, and words of any kind. */
#include "intents/run.h"
#include "util/macro.h"

/* Digits of a number that is looked at. */
#define DIGITS_MAX 9

/*
 * A wildcard may end behind any character that is no blank and no mark; but when only marks
 * are left, it takes all of them. It does not begin with those, nor inside quotes that it
 * could take.
 */
void run_wildcard(struct run *r, uint32_t pos, struct results *to)
{
	const struct heard *h = &r->heard;
	struct result one = { 0 };

	if (pos >= h->len || h->closing[pos] || heard_at(h, pos) == ' ' || h->joined[pos] ||
	    (pos > 0 && fold_is_quote(heard_at(h, pos - 1))))
		return;
	for (uint32_t end = pos + 1; end <= h->end && !r->error; end++) {
		bool inside = heard_at(h, end - 1) == ' ' || h->mark[end - 1] || h->joined[end] ||
			      h->closing[end] || end == h->len;

		if (end != h->end && inside)
			continue;
		one.end = (uint16_t)end;
		one.d.wildcard = (uint16_t)(end - pos);
		run_result(r, to, &one);
	}
}

static bool digit_at(const struct run *r, uint32_t pos)
{
	return fold_is_digit(heard_at(&r->heard, pos));
}

static bool in_range(const struct range *range, int64_t tenths)
{
	return tenths >= range->from && tenths <= range->to &&
	       (!range->step || (tenths - range->from) % range->step == 0);
}

static void add_number(struct run *r, const struct range *range, int64_t tenths, uint32_t pos,
		       uint32_t end, struct results *to)
{
	struct result one = { .value = (uint32_t)(int32_t)tenths, .end = (uint16_t)end };

	for (uint32_t i = pos; i < end; i++)
		one.d.literal += heard_at(&r->heard, i) != ' ';
	if (in_range(range, tenths))
		run_result(r, to, &one);
}

/* All digits that stand there, and a fraction behind a point or a comma if the range has such. */
static void run_digits(struct run *r, const struct range *range, uint32_t pos,
		       struct results *to)
{
	bool minus = range->from < 0 && heard_at(&r->heard, pos) == '-';
	uint32_t at = pos + minus, tenth, c;
	int64_t n = 0;

	if (!digit_at(r, at) || (pos > 0 && digit_at(r, pos - 1)))
		return;
	for (uint32_t i = 0; i < DIGITS_MAX && digit_at(r, at); i++, at++)
		n = 10 * n + (heard_at(&r->heard, at) - '0');
	if (digit_at(r, at))
		return;
	add_number(r, range, minus ? -10 * n : 10 * n, pos, at, to);
	c = heard_at(&r->heard, at);
	if ((c != '.' && c != ',') || !digit_at(r, at + 1) || digit_at(r, at + 2))
		return;
	tenth = heard_at(&r->heard, at + 1) - '0';
	n = 10 * n + tenth;
	if (range->tenths || (range->halves && tenth == 5))
		add_number(r, range, minus ? -n : n, pos, at + 2, to);
}

static void run_half(struct run *r, const struct range *range, int64_t tenths, uint32_t pos,
		     uint32_t end, struct results *to)
{
	uint32_t at = heard_at(&r->heard, end) == ' ' ? end + 1 : end;

	for (uint32_t i = run_unit(r, r->p->halves, at); i && !r->error; i = r->results[i].next)
		if (r->results[i].end > at)
			add_number(r, range, tenths + (tenths < 0 ? -5 : 5), pos,
				   r->results[i].end, to);
}

void run_range(struct run *r, const struct unit *u, uint32_t pos, struct results *to)
{
	const struct range *range = &u->range;

	run_digits(r, range, pos, to);
	for (uint32_t i = run_unit(r, r->p->numbers, pos); i && !r->error;
	     i = r->results[i].next) {
		int64_t tenths = (int32_t)r->results[i].value;
		uint32_t end = r->results[i].end;

		if (end == pos)
			continue;
		add_number(r, range, tenths, pos, end, to);
		if (range->halves || range->tenths)
			run_half(r, range, tenths, pos, end, to);
	}
}

void run_names(struct run *r, const struct unit *u, uint32_t pos, struct results *to)
{
	const struct names *t = u->names == NONE ? NULL : &r->set->names[u->names];
	struct name_span span = { .hi = t ? t->n : 0 };
	struct result one = { 0 };

	while (span.lo < span.hi && !r->error) {
		uint32_t c = heard_at(&r->heard, pos);
		struct name_span more;

		if (span.n > 0 && names_complete(t, span) > 0) {
			one.value = VALUE_NAME | (uint32_t)span.lo;
			one.end = (uint16_t)pos;
			run_result(r, to, &one);
		}
		if (!c)
			break;
		more = names_narrow(t, span, c);
		if (more.lo < more.hi || span.n == 0 || !r->heard.mark[pos]) {
			span = more;
			one.d.literal += c != ' ';
		}
		pos++;
	}
}
