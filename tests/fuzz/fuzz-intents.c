/* SPDX-License-Identifier: MIT */
/* A file of sentences, a zero byte, what somebody says: each part may be any bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "intents/intents.h"
#include "tests/fuzz/fuzz.h"
#include "util/macro.h"
#include "util/utf8.h"

static void check_match(const struct intent_match *m, size_t len)
{
	if (!m->intent || m->n_slots > INTENT_SLOTS_MAX || m->wildcard > len)
		abort();
	for (size_t i = 0; i < m->n_slots; i++)
		if (!m->slots[i].name || !utf8_valid(m->slots[i].value, strlen(m->slots[i].value)))
			abort();
}

static void match(const struct intents *s, const char *text, size_t len)
{
	static const struct intent_context here[] = { { "area", "bath" }, { "domain", "light" } };
	struct intent_match m = { 0 };
	int r = intents_match(s, text, len, here, ARRAY_SIZE(here), &m);

	if (r == 0 || r == INTENT_E_AMBIGUOUS)
		check_match(&m, len);
	if (r == INTENT_E_AMBIGUOUS && !m.other)
		abort();
	if (r < 0 && r != -EINVAL && r != -E2BIG)
		abort();
	if (r == -EINVAL && utf8_valid(text, len))
		abort();
	intent_match_deinit(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *file = (const char *)data, *zero = memchr(file, '\0', size);
	size_t len = zero ? (size_t)(zero - file) : size;
	_cleanup_(intents_freep) struct intents *s = NULL;
	struct diag d = DIAG_NULL;
	int r;

	if (intents_new(&s) < 0)
		return 0;
	r = intents_load(s, file, len, &d);
	if (r == 0 && (r = intents_add_value(s, "name", "desk lamp", "light.desk")) == 0)
		r = intents_bind(s, &d);
	if (r == 0 || r == INTENT_E_INCOMPLETE)
		match(s, zero ? zero + 1 : "", zero ? size - len - 1 : 0);
	else if ((r != -EINVAL && r != -ELOOP) || d.code == DIAG_NONE || !d.text[0])
		abort();
	return 0;
}
