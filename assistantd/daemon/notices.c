/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/notices.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/sorter.h"
#include "assistantd/daemon/summary.h"
#include "assistantd/daemon/trim.h"
#include "util/buf.h"
#include "util/macro.h"
#include "util/utf8.h"

/* Bytes of a notification that are looked at, and of its parts in a line. */
enum { TEXT_BYTES = 2048, TITLE_BYTES = 40, LINE_BYTES = 72, WORDS_BYTES = 60 };

/* What is less sure than this is put neither first nor last, and its reason says so. */
static const double sure = 0.4;

/* What is known of one notification. */
struct sorted {
	const struct notice *notice;
	size_t group;
	const char *kind;
	enum urgency urgency;
	char *reason;
};

void notice_groups_deinit(struct notice_groups *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->items[i].ids);
		free(g->items[i].text);
		free(g->items[i].reason);
	}
	free(g->items);
	*g = (struct notice_groups){ 0 };
}

/* The beginning of a text up to @max bytes, of whole characters. */
static size_t beginning(const char *text, size_t len, size_t max)
{
	size_t n = MIN(len, max);

	while (n < len && n && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* What breaks a line, or is obeyed by a terminal, is a blank in it. */
static int append_plain(struct buf *to, const char *text, size_t len)
{
	int r = 0;

	for (size_t i = 0, size; r == 0 && i < len; i += size) {
		uint32_t cp = utf8_decode(text + i, len - i, &size);

		r = cp < 0x20 || (cp >= 0x7f && cp < 0xa0) ? buf_append_char(to, ' ')
							    : buf_append(to, text + i, size);
	}
	return r;
}

static int sort_one(const struct notice *n, const struct notice_how *how, struct sorted *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL, reason = BUF_NULL;
	size_t level = terms_find(how->kinds, TERM_LEVEL);
	struct sorting s;
	int r;

	ret->notice = n;
	r = buf_append(&text, n->summary, beginning(n->summary, strlen(n->summary), TEXT_BYTES));
	if (r == 0)
		r = buf_append_char(&text, '\n');
	if (r == 0)
		r = buf_append(&text, n->body, beginning(n->body, strlen(n->body), TEXT_BYTES));
	if (r == 0)
		r = sorter_sort(how->kinds, n->app, text.data, text.len, &s);
	if (r < 0)
		return r;
	ret->kind = terms_column(how->kinds, s.kind);
	r = buf_printf(&reason, "%s%s", s.share < sure ? "perhaps " : "", ret->kind);
	if (r == 0 && s.evidence.len)
		r = buf_append_str(&reason, ": ");
	if (r == 0)
		r = append_plain(&reason, text.data + s.evidence.start,
				 beginning(text.data + s.evidence.start, s.evidence.len,
					   WORDS_BYTES));
	ret->urgency = URGENCY_NORMAL;
	if (level < terms_rows(how->kinds) && s.share >= sure)
		ret->urgency = (enum urgency)CLAMP(terms_row(how->kinds, level)[s.kind],
						   URGENCY_LOW, URGENCY_CRITICAL);
	ret->reason = r == 0 ? buf_steal(&reason) : NULL;
	return r;
}

static bool same_text(const char *a, const char *b)
{
	return words_equal(a, strlen(a), b, strlen(b));
}

/* One conversation has one title; what has no weight is put together by its kind. */
static bool belong_together(const struct sorted *a, const struct sorted *b)
{
	if (!same_text(a->notice->app, b->notice->app))
		return false;
	return same_text(a->notice->summary, b->notice->summary) ||
	       (a->kind == b->kind && a->urgency == URGENCY_LOW && b->urgency == URGENCY_LOW);
}

/* Numbers the groups in the order of their first ones; returns how many there are. */
static size_t number_groups(struct sorted *all, size_t n)
{
	size_t groups = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < i && !belong_together(&all[k], &all[i]))
			k++;
		all[i].group = k < i ? all[k].group : groups++;
	}
	return groups;
}

static int append_body(struct buf *to, const struct notice *n, const struct notice_how *how)
{
	const struct summary_of one = { .rarity = how->rarity, .words = how->words, .want = 1,
					.longest = LINE_BYTES };
	size_t len = beginning(n->body, strlen(n->body), TEXT_BYTES);
	struct summary s = { 0 };
	int r = summary_extract(n->body, len, &one, &s);

	if (r == 0 && s.n && to->len)
		r = buf_append_str(to, ": ");
	if (r == 0 && s.n)
		r = append_plain(to, n->body + s.items[0].speaker.start, s.items[0].speaker.len);
	if (r == 0 && s.n)
		r = append_plain(to, n->body + s.items[0].text.start, s.items[0].text.len);
	if (r == 0 && s.cut)
		r = buf_append_str(to, "…");
	summary_deinit(&s);
	return r;
}

static int write_line(const struct sorted *top, size_t n, const struct notice_how *how,
		      char **ret)
{
	_cleanup_(buf_deinit) struct buf line = BUF_NULL;
	const char *title = top->notice->summary;
	bool cut;
	struct span s = trim_clause(title, (struct span){ 0, strlen(title) }, TITLE_BYTES, &cut);
	int r = append_plain(&line, title, s.len);

	if (r == 0 && cut)
		r = buf_append_str(&line, "…");
	if (r == 0)
		r = append_body(&line, top->notice, how);
	if (r == 0 && n > 1)
		r = buf_printf(&line, " (and %zu more)", n - 1);
	*ret = r == 0 ? buf_steal(&line) : NULL;
	return r;
}

static bool comes_before(const struct sorted *a, const struct sorted *b)
{
	return a->urgency != b->urgency ? a->urgency > b->urgency
					: a->notice->time > b->notice->time;
}

static int make_group(struct sorted *all, size_t n, size_t number, const struct notice_how *how,
		      struct notice_group *ret)
{
	struct sorted *top = NULL;

	ret->ids = calloc(n, sizeof(*ret->ids));
	if (!ret->ids)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (all[i].group != number)
			continue;
		ret->ids[ret->n++] = all[i].notice->id;
		ret->time = MAX(ret->time, all[i].notice->time);
		if (!top || comes_before(&all[i], top))
			top = &all[i];
	}
	ret->app = top->notice->app;
	ret->urgency = top->urgency;
	ret->kind = top->kind;
	ret->reason = TAKE(top->reason);
	return write_line(top, ret->n, how, &ret->text);
}

static int compare_groups(const void *a, const void *b)
{
	const struct notice_group *x = a, *y = b;

	if (x->urgency != y->urgency)
		return x->urgency > y->urgency ? -1 : 1;
	if (x->time != y->time)
		return x->time > y->time ? -1 : 1;
	return x->ids[0] < y->ids[0] ? -1 : 1;
}

int notices_group(const struct notice_list *list, const struct notice_how *how,
		  struct notice_groups *ret)
{
	struct sorted *all = calloc(list->n + 1, sizeof(*all));
	size_t n_groups = 0;
	int r = all ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = sort_one(&list->items[i], how, &all[i]);
	if (r == 0) {
		n_groups = number_groups(all, list->n);
		ret->items = calloc(n_groups + 1, sizeof(*ret->items));
		r = ret->items ? 0 : -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < n_groups; i++)
		r = make_group(all, list->n, i, how, &ret->items[ret->n++]);
	if (r == 0)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare_groups);
	for (size_t i = 0; all && i < list->n; i++)
		free(all[i].reason);
	free(all);
	return r;
}
