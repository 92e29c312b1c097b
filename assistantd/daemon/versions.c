/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/versions.h"

#include <stdbool.h>
#include <string.h>

static bool is(const struct catalog_entry *e, const char *name)
{
	return strcmp(e->manifest.name, name) == 0;
}

struct catalog_entry *versions_find(const struct versions *v, const char *name,
				    const struct digest *digest)
{
	for (size_t i = 0; i < v->n; i++) {
		struct catalog_entry *e = &v->entries[i];

		if (is(e, name) && (digest ? digest_equal(&e->digest, digest)
					   : e->state == CATALOG_ACTIVE))
			return e;
	}
	return NULL;
}

/* The newest of a state; of several of one second, the last in the list. */
static struct catalog_entry *newest(const struct versions *v, const char *name,
				    enum catalog_state state)
{
	struct catalog_entry *found = NULL;

	for (size_t i = 0; i < v->n; i++) {
		struct catalog_entry *e = &v->entries[i];

		if (is(e, name) && e->state == state && (!found || e->since >= found->since))
			found = e;
	}
	return found;
}

struct catalog_entry *versions_staged(const struct versions *v, const char *name,
				      const struct digest *digest)
{
	struct catalog_entry *e = digest ? versions_find(v, name, digest)
					 : newest(v, name, CATALOG_STAGED);

	return e && e->state == CATALOG_STAGED ? e : NULL;
}

struct catalog_entry *versions_before(const struct versions *v, const char *name)
{
	return newest(v, name, CATALOG_RETIRED);
}

static void drop(struct versions *v, struct catalog_entry *e)
{
	size_t at = (size_t)(e - v->entries);

	memmove(e, e + 1, (v->n - at - 1) * sizeof(*e));
	v->n--;
}

/* The oldest ones of the state go. */
static void keep_few(struct versions *v, const char *name, enum catalog_state state)
{
	for (;;) {
		struct catalog_entry *oldest = NULL;
		size_t n = 0;

		for (size_t i = 0; i < v->n; i++) {
			struct catalog_entry *e = &v->entries[i];

			if (!is(e, name) || e->state != state)
				continue;
			n++;
			if (!oldest || e->since < oldest->since)
				oldest = e;
		}
		if (n <= VERSIONS_KEPT)
			return;
		drop(v, oldest);
	}
}

void versions_add(struct versions *v, const struct catalog_entry *e)
{
	struct catalog_entry *known = versions_find(v, e->manifest.name, &e->digest);

	if (known && known->state == CATALOG_ACTIVE)
		return;
	if (known)
		drop(v, known);
	v->entries[v->n] = *e;
	v->entries[v->n++].since = v->now;
	keep_few(v, e->manifest.name, e->state);
}

static void set_state(struct versions *v, struct catalog_entry *e, enum catalog_state state,
		      const char *reason)
{
	e->state = state;
	e->reason = reason;
	e->since = v->now;
}

void versions_activate(struct versions *v, struct catalog_entry *e, const char *reason)
{
	struct catalog_entry *served = versions_find(v, e->manifest.name, NULL);

	if (served == e)
		return;
	set_state(v, e, CATALOG_ACTIVE, "");
	e->enabled = true;
	if (!served)
		return;
	/* What the user said of the name holds for what serves under it. */
	e->enabled = served->enabled;
	e->pinned = served->pinned;
	served->pinned = false;
	set_state(v, served, CATALOG_RETIRED, reason);
	keep_few(v, served->manifest.name, CATALOG_RETIRED);
}

void versions_retire(struct versions *v, const char *name, const char *reason)
{
	struct catalog_entry *served = versions_find(v, name, NULL);

	if (served)
		set_state(v, served, CATALOG_RETIRED, reason);
}

size_t versions_remove(struct versions *v, const char *name, const struct digest *digest)
{
	size_t before = v->n;

	for (size_t i = v->n; i-- > 0;) {
		struct catalog_entry *e = &v->entries[i];

		if (is(e, name) && (!digest || digest_equal(&e->digest, digest)))
			drop(v, e);
	}
	return before - v->n;
}
