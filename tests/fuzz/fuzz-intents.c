/* SPDX-License-Identifier: MIT */
/* A file of sentences, a zero byte, what somebody says: each part may be any bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "intents/intents.h"
#include "tests/fuzz/fuzz.h"
#include "util/macro.h"
#include "util/utf8.h"

static const struct intent_context light[] = { { "domain", "light" }, { "area", "bath" } };
static const struct intent_entity things[] = {
	{ "name", "desk lamp", "light.desk", light, ARRAY_SIZE(light) },
	{ "name", "desk lamp", "light.other", light, 1 },
	{ "area", "bath", NULL, NULL, 0 },
};

static void check_slot(const struct intent_slot *s, size_t len)
{
	if (!s->name || !utf8_valid(s->value, strlen(s->value)) || s->start > s->end ||
	    s->end > len || (s->source == INTENT_SAID) != (s->end > s->start))
		abort();
}

static void check_matches(const struct intent_matches *m, int r, size_t len)
{
	size_t n_best = r == INTENT_E_NONE ? 0 : r == 0 ? 1 : m->n_best;

	if (m->n > INTENT_MATCHES_MAX || m->n_best != n_best || m->n_best > m->n ||
	    (r == INTENT_E_AMBIGUOUS && n_best < 2))
		abort();
	for (size_t i = 0; i < m->n; i++) {
		const struct intent_match *k = &m->items[i];

		if (!k->intent || !k->file || !k->template || k->n_slots > INTENT_SLOTS_MAX ||
		    (k->lost == INTENT_WON) != (i < n_best) || !*intent_loss_text(k->lost) ||
		    (k->lost == INTENT_LOST_CONTEXT) != (k->unmet != NULL))
			abort();
		for (size_t n = 0; n < k->n_slots; n++)
			check_slot(&k->slots[n], len);
	}
}

static void match(const struct intents *s, const char *text, size_t len)
{
	static const struct intent_context here[] = { { "area", "bath" }, { "domain", "light" } };
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
	int r = intents_match(s, text, len, here, ARRAY_SIZE(here), &m);

	if (r >= 0)
		check_matches(m, r, len);
	else if (m || (r != -EINVAL && r != -E2BIG) || (r == -EINVAL && utf8_valid(text, len)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *file = (const char *)data, *zero = memchr(file, '\0', size);
	size_t len = zero ? (size_t)(zero - file) : size, n;
	_cleanup_(intents_freep) struct intents *s = NULL;
	struct diag d = DIAG_NULL;
	int r;

	if (intents_new(&s) < 0)
		return 0;
	r = intents_load(s, "f", file, len, &d);
	if (r < 0) {
		if (r != -EINVAL || d.code == DIAG_NONE || !d.text[0])
			abort();
		return 0;
	}
	r = intents_bind(s);
	intents_warnings(s, &n);
	if ((r != 0 && r != INTENT_E_INCOMPLETE && r != -E2BIG) ||
	    (r >= 0 && (r == INTENT_E_INCOMPLETE) != (n > 0)))
		abort();
	if (r < 0)
		return 0;
	match(s, zero ? zero + 1 : "", zero ? size - len - 1 : 0);
	if (intents_set_entities(s, things, ARRAY_SIZE(things)) < 0)
		abort();
	match(s, zero ? zero + 1 : "", zero ? size - len - 1 : 0);
	return 0;
}
