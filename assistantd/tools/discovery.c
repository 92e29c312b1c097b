/* SPDX-License-Identifier: MIT */
#include "assistantd/tools/discovery.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/tools/abbreviations.h"
#include "assistantd/tools/component.h"
#include "util/macro.h"

enum { NAME_MAX_BYTES = 256 };

struct place {
	char component[64], object[NAME_MAX_BYTES];
};

/* The parts of PREFIX/COMPONENT/[NODE/]OBJECT/config. */
static bool split(const char *prefix, const char *topic, struct place *p)
{
	size_t n = strlen(prefix);
	const char *at = topic + n + 1, *slash, *last, *object;

	if (strncmp(topic, prefix, n) != 0 || topic[n] != '/' || !(slash = strchr(at, '/')))
		return false;
	last = strrchr(slash, '/');
	if (strcmp(last, "/config") != 0 || last == slash)
		return false;
	for (object = last; object[-1] != '/'; object--)
		;
	/* Nothing, or one node, between the two. */
	if (object == last || (object != slash + 1 &&
			       memchr(slash + 1, '/', (size_t)(object - 1 - slash - 1))))
		return false;
	return snprintf(p->component, sizeof(p->component), "%.*s", (int)(slash - at), at) <
		       (int)sizeof(p->component) &&
	       snprintf(p->object, sizeof(p->object), "%.*s", (int)(last - object), object) <
		       (int)sizeof(p->object);
}

static bool is_device(const struct place *p)
{
	return strcmp(p->component, "device") == 0;
}

bool discovery_is_topic(const char *prefix, const char *topic)
{
	struct place p;

	return split(prefix, topic, &p) && (is_device(&p) || component_known(p.component));
}

/* What the parts of a device share unless they say otherwise. */
static const char *const shared[] = {
	"device", "origin", "availability", "availability_mode", "availability_template",
	"availability_topic", "payload_available", "payload_not_available", "state_topic",
	"command_topic", "encoding", "qos",
};

/* A part with what it shares, NULL where it is removed by naming its platform alone. */
static int merge(const json_t *root, const json_t *base, const json_t *part, json_t **ret,
		 struct diag *d)
{
	json_auto_t *copy = json_is_object(part) ? json_copy((json_t *)part) : NULL;
	int r;

	*ret = NULL;
	if (!json_is_object(part))
		return diag_set(d, -EINVAL, DIAG_TYPE, "components", "expected objects");
	if (!copy || (base && !json_object_get(copy, "~") &&
		      json_object_set(copy, "~", (json_t *)base) < 0))
		return -ENOMEM;
	r = abbreviations_expand(copy, ret, d);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(shared); i++) {
		json_t *value = json_object_get(root, shared[i]);

		if (value && !json_object_get(*ret, shared[i]) &&
		    json_object_set(*ret, shared[i], value) < 0)
			r = -ENOMEM;
	}
	return r;
}

static int parse_part(const struct place *p, const json_t *root, const json_t *base,
		      const char *key, const json_t *part, discovery_fn fn, void *arg)
{
	json_auto_t *description = NULL;
	struct diag d = DIAG_NULL;
	const char *platform;
	int r;

	/* {"platform": "light"} takes it back. */
	if (json_object_size(part) == 1 &&
	    (json_object_get(part, "platform") || json_object_get(part, "p")))
		return 0;
	r = merge(root, base, part, &description, &d);
	if (r == -ENOMEM)
		return r;
	platform = json_string_value(json_object_get(description, "platform"));
	if (r == 0 && !platform)
		r = diag_set(&d, -EINVAL, DIAG_PAIR, "platform", "missing in '%.40s'", key);
	return fn(arg, platform ? platform : "", p->object, key, r < 0 ? NULL : description, &d);
}

static int parse_device(const struct place *p, const json_t *root, const json_t *base,
			discovery_fn fn, void *arg, struct diag *d)
{
	json_t *parts = json_object_get(root, "components"), *part;
	const char *key;
	int r = 0;

	if (!json_is_object(parts) || !json_is_object(json_object_get(root, "device")))
		return diag_set(d, -EINVAL, DIAG_PAIR, "components",
				"expected an object, beside one of the device");
	if (json_object_size(parts) > DISCOVERY_PARTS_MAX)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "components", "more than %d",
				DISCOVERY_PARTS_MAX);
	json_object_foreach(parts, key, part) {
		if (r == 0)
			r = parse_part(p, root, base, key, part, fn, arg);
	}
	return r;
}

int discovery_parse(const char *prefix, const char *topic, const char *payload, size_t len,
		    discovery_fn fn, void *arg, struct diag *d)
{
	json_auto_t *raw = NULL, *root = NULL;
	json_error_t error;
	struct place p;
	int r;

	if (!split(prefix, topic, &p))
		return diag_set(d, -EINVAL, DIAG_SYNTAX, "", "it is no topic of discovery");
	if (len == 0)
		return DISCOVERY_E_REMOVED;
	if (len > DISCOVERY_PAYLOAD_MAX)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "", "it is longer than %d KiB",
				DISCOVERY_PAYLOAD_MAX / 1024);
	raw = json_loadb(payload, len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(raw))
		return diag_set(d, -EINVAL, DIAG_SYNTAX, "", "it is no JSON object: %s",
				raw ? "another value" : error.text);
	r = abbreviations_expand(raw, &root, d);
	if (r < 0)
		return r;
	/* What follows describes the same things in another place. */
	if (json_is_true(json_object_get(root, "migrate_discovery")))
		return DISCOVERY_E_REMOVED;
	if (is_device(&p))
		return parse_device(&p, root, json_object_get(raw, "~"), fn, arg, d);
	return fn(arg, p.component, p.object, "", root, d);
}
