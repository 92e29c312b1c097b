/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/hints.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intents/intents.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/macro.h"
#include "util/yaml.h"

const char *const hint_slot_names[HINT_SLOT_COUNT] = {
	[HINT_WHEN] = "{when}", [HINT_SUBJECT] = "{subject}", [HINT_WORDS] = "{words}",
	[HINT_WH] = "{wh}", [HINT_WHAT] = "{what}", [HINT_DO] = "{do}",
};

struct hints {
	struct intents *set;
};

struct hints *hints_free(struct hints *h)
{
	if (!h)
		return NULL;
	intents_free(h->set);
	free(h);
	return NULL;
}

/* What can never match is a mistake of the file here, not of others. */
static int bind(struct intents *set, struct diag *d)
{
	const struct intent_warning *first;
	char line[16];
	size_t n;
	int r = intents_bind(set);

	first = intents_warnings(set, &n);
	if (r < 0 || !n)
		return r;
	snprintf(line, sizeof(line), "%u", first->line);
	return diag_set(d, -EINVAL, DIAG_RANGE, line, "%s", first->text);
}

int hints_read_fd(struct hints **ret, int fd, struct diag *d)
{
	_cleanup_(hints_freep) struct hints *h = calloc(1, sizeof(*h));
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	int r = h ? file_read_all(fd, YAML_MAX_SIZE, &text, d) : -ENOMEM;

	if (r == 0)
		r = intents_new(&h->set);
	if (r == 0)
		r = intents_load(h->set, "hints", text.data, text.len, d);
	if (r == 0)
		r = bind(h->set, d);
	if (r == 0)
		*ret = TAKE(h);
	return r;
}

void hint_deinit(struct hint *h)
{
	free(h->intent);
	for (size_t i = 0; i < HINT_SLOT_COUNT; i++)
		free(h->words[i]);
	*h = (struct hint){ 0 };
}

/* The slot that "{name}" is for, or HINT_SLOT_COUNT: it is none that a reply says. */
static enum hint_slot slot_of(const char *name)
{
	size_t len = strlen(name);
	enum hint_slot s = 0;

	while (s < HINT_SLOT_COUNT && (strlen(hint_slot_names[s]) != len + 2 ||
				       memcmp(hint_slot_names[s] + 1, name, len) != 0))
		s++;
	return s;
}

/* Words that end a reply, with their mark of a question or an exclamation. */
static char *ending(const char *text, const struct intent_slot *slot)
{
	size_t end = slot->end;

	while (end > slot->start && strchr(" .,;:!?", text[end - 1]))
		end--;
	if (end < slot->end && strchr("!?", text[end]))
		end++;
	return strndup(text + slot->start, end - slot->start);
}

/* What is asked for is a time or a thing. */
static bool fits(const struct mention_words *w, enum hint_slot s, const char *words)
{
	if (s == HINT_WHEN)
		return mention_is_time(w, words);
	return *words && !(s == HINT_WHAT && mention_is_time(w, words));
}

/* 0; HINT_E_UNKNOWN where words do not fit their place; -ENOMEM. */
static int take(struct hint *ret, const struct intent_match *m, const struct mention_words *w,
		const char *text)
{
	ret->intent = strdup(m->intent);
	if (!ret->intent)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_slots; i++) {
		enum hint_slot s = slot_of(m->slots[i].name);
		char *words;

		if (s == HINT_SLOT_COUNT)
			continue;
		words = s == HINT_WORDS ? ending(text, &m->slots[i])
					: strdup(m->slots[i].value);
		if (!words)
			return -ENOMEM;
		free(ret->words[s]);
		ret->words[s] = words;
		if (!fits(w, s, words))
			return HINT_E_UNKNOWN;
	}
	return 0;
}

int hints_find(const struct hints *h, const struct mention_words *w, const char *text,
	       struct hint *ret)
{
	_cleanup_(intent_matches_freep) struct intent_matches *found = NULL;
	int r = intents_match(h->set, text, strlen(text), NULL, 0, &found);

	*ret = (struct hint){ 0 };
	if (r < 0)
		return r == -ENOMEM ? r : HINT_E_UNKNOWN;
	r = HINT_E_UNKNOWN;
	for (size_t i = 0; r == HINT_E_UNKNOWN && i < found->n; i++) {
		hint_deinit(ret);
		r = take(ret, &found->items[i], w, text);
	}
	if (r == HINT_E_UNKNOWN)
		hint_deinit(ret);
	return r;
}
