/* SPDX-License-Identifier: MIT */
/*
 * Discovery messages: PREFIX/COMPONENT/[NODE/]OBJECT/config describes one thing, and
 * PREFIX/device/[NODE/]OBJECT/config several of one device.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/diag.h"

enum { DISCOVERY_PAYLOAD_MAX = 512 * 1024, DISCOVERY_PARTS_MAX = 512 };

/* Documented result of discovery_parse(). */
enum { DISCOVERY_E_REMOVED = 1 };

/* One thing: @part is its key in a device's description, or "". @description has full keys; NULL:
 * it is wrong, @d says how. 0, or -errno, which ends the rest. */
typedef int (*discovery_fn)(void *arg, const char *component, const char *object,
			    const char *part, const json_t *description, struct diag *d);

/* Whether a topic is one of discovery, of a component that is known. */
bool discovery_is_topic(const char *prefix, const char *topic);
/* Calls @fn for each thing of the message. 0; DISCOVERY_E_REMOVED where it takes them all back;
 * -EINVAL with what is wrong with all of it in @d; -ENOMEM and what @fn returned. */
int discovery_parse(const char *prefix, const char *topic, const char *payload, size_t len,
		    discovery_fn fn, void *arg, struct diag *d);
