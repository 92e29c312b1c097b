/* SPDX-License-Identifier: MIT */
/*
 * What an application says it shows at the moment, so that sentences can mean it ("reply to
 * that mail"). A caller's last offer is the one that counts; it goes with the caller. All of
 * it is outside text.
 */
#pragma once

#include <dbus/dbus.h>
#include <jansson.h>

#include "assistantd/daemon/caller.h"
#include "util/diag.h"

enum { OFFER_ENTITIES_MAX = 50, OFFER_BYTES_MAX = 16 * 1024 };

struct offer_entity {
	char *id, *type, *name;		/* id and name are never empty */
	json_t *data;			/* an object, or NULL */
};

struct offer_list {
	struct offer_entity entities[OFFER_ENTITIES_MAX];
	size_t n;
};

/*
 * Reads an aa{sv} of entities (id s, type s, name s, data s: a JSON object) into @ret, which
 * is to be released in any case. 0; -EINVAL with the key in @d: unknown, of another type,
 * missing, twice, or beyond the limits; -ENOMEM.
 */
int offer_read(struct offer_list *ret, DBusMessageIter *at, struct diag *d);
void offer_deinit(struct offer_list *l);

struct offers;

int offers_new(struct offers **ret);
struct offers *offers_free(struct offers *o);
DEFINE_CLEANUP(struct offers *, offers_free)
/* Takes @list (its contents) in the place of what @caller offered, which is watched from now
 * on: 0 or -ENOMEM. */
int offers_set(struct offers *o, struct caller *caller, struct offer_list *list);
/* It withdraws, or has left the bus. */
void offers_drop(struct offers *o, const char *sender);
/* The entities of @caller; NULL past the last. */
const struct offer_entity *offers_of(const struct offers *o, const struct caller *caller, size_t i);
