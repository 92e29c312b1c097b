/* SPDX-License-Identifier: MIT */
/* The messages that an order consists of. */
#include <errno.h>
#include <string.h>

#include "assistantd/tools/feature.h"
#include "assistantd/tools/order.h"
#include "assistantd/tools/render.h"
#include "util/macro.h"

enum { VARIABLES_MAX = 48 };

/* Renders with the members of an object as variables. */
static int render_with(const struct jinja *template, json_t *object, char **ret, struct diag *d)
{
	struct jinja_variable variables[VARIABLES_MAX];
	const char *name;
	json_t *value;
	size_t n = 0;

	json_object_foreach(object, name, value) {
		if (n < VARIABLES_MAX)
			variables[n++] = (struct jinja_variable){ name, value, 1, NULL };
	}
	return render(template, variables, n, ret, d);
}

static int add(struct order_command *commands, size_t *n, const char *topic, char *payload)
{
	struct order_command *c = &commands[*n];

	*c = (struct order_command){ strdup(topic), payload };
	++*n;
	return c->topic && c->payload ? 0 : -ENOMEM;
}

/* What a template for a position may want to know beside it. */
static int add_bounds(const struct entity *e, json_t *variables)
{
	const struct entity_feature *position = entity_feature(e, "position");
	const struct entity_feature *tilt = entity_feature(e, "tilt");
	int r = 0;

	if (position)
		r = json_object_set_new(variables, "position_open", json_real(position->high)) |
		    json_object_set_new(variables, "position_closed", json_real(position->low));
	if (tilt)
		r |= json_object_set_new(variables, "tilt_max", json_real(tilt->high)) |
		     json_object_set_new(variables, "tilt_min", json_real(tilt->low));
	return r < 0 ? -ENOMEM : 0;
}

/* A message of its own for one argument. */
static int command_feature(const struct entity *e, const struct entity_feature *ef,
			   const json_t *wanted, struct order_command *commands, size_t *n,
			   struct diag *d)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	_cleanup_free_ char *payload = NULL;
	json_auto_t *variables = json_object();
	json_t *raw = variables ? feature_raw(ef, wanted, variables) : NULL;
	int r;

	if (!raw || json_object_set(variables, "value", raw) < 0) {
		json_decref(raw);
		return -ENOMEM;
	}
	if (ef->write) {
		r = add_bounds(e, variables);
		if (r == 0)
			r = render_with(ef->write, variables, &payload, d);
	} else {
		r = feature_text(raw, &text);
		if (r == 0)
			r = (payload = buf_steal(&text)) ? 0 : -ENOMEM;
	}
	json_decref(raw);
	return r < 0 ? r : add(commands, n, ef->set, TAKE(payload));
}

/* The arguments that ride in the service's own command, by what templates or objects call them. */
static int add_riders(const struct order *o, const struct entity *e, bool object, json_t *into)
{
	const char *name;
	json_t *value;

	json_object_foreach(o->data, name, value) {
		const struct entity_feature *ef = entity_feature(e, name);
		json_t *raw;

		if (!ef || ef->set)
			continue;
		raw = object && ef->f->member ? feature_member(ef, value)
					      : feature_raw(ef, value, into);
		if (!raw)
			return -ENOMEM;
		if (object && ef->f->member) {
			if (json_object_set_new(into, ef->f->member, raw) < 0)
				return -ENOMEM;
		} else {
			json_decref(raw);
		}
	}
	return 0;
}

/* What the service sends itself: its payload, through its template, or in an object. */
static int command_own(const struct order *o, const struct entity *e,
		       const struct entity_service *es, struct order_command *commands, size_t *n,
		       struct diag *d)
{
	bool object = !es->template && (o->service->flags & SERVICE_OBJECT);
	json_auto_t *values = json_pack("{s:s}", "state", es->payload);
	_cleanup_free_ char *payload = NULL;
	int r = values ? add_riders(o, e, object, values) : -ENOMEM;

	if (r < 0)
		return r;
	if (object) {
		payload = json_dumps(values, JSON_SORT_KEYS | JSON_REAL_PRECISION(12));
		r = payload ? 0 : -ENOMEM;
	} else if (es->template) {
		/* An alarm's payload is called its action. */
		if (json_object_set_new(values, "value", json_string(es->payload)) < 0 ||
		    json_object_set_new(values, "action", json_string(es->payload)) < 0)
			return -ENOMEM;
		r = render_with(es->template, values, &payload, d);
	} else {
		r = (payload = strdup(es->payload)) ? 0 : -ENOMEM;
	}
	return r < 0 ? r : add(commands, n, es->topic, TAKE(payload));
}

/* In the order of the component's table: a mode comes before its temperature. */
static int command_features(const struct order *o, const struct entity *e,
			    struct order_command *commands, size_t *n, struct diag *d)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < e->n_features; i++) {
		const struct entity_feature *ef = &e->features[i];
		const json_t *wanted = json_object_get(o->data, ef->f->name);

		if (wanted && ef->set && ef == entity_feature(e, ef->f->name))
			r = command_feature(e, ef, wanted, commands, n, d);
	}
	return r;
}

int order_commands(const struct order *o, const struct entity *e,
		   struct order_command commands[ORDER_COMMANDS_MAX], size_t *n, struct diag *d)
{
	const struct entity_service *es = entity_service(e, o->service->name);
	bool last = (o->service->flags & SERVICE_LAST) && !e->own_first;
	bool own = es && es->payload && !((o->service->flags & SERVICE_LAST) &&
					  e->by_brightness &&
					  json_object_get(o->data, "brightness"));
	int r = 0;

	*n = 0;
	if (!es)
		return diag_set(d, -EINVAL, DIAG_UNSUP, "service", "it cannot do that any more");
	if (own && !last)
		r = command_own(o, e, es, commands, n, d);
	if (r == 0)
		r = command_features(o, e, commands, n, d);
	if (r == 0 && own && last)
		r = command_own(o, e, es, commands, n, d);
	if (r < 0) {
		order_commands_deinit(commands, *n);
		*n = 0;
	}
	return r;
}

void order_commands_deinit(struct order_command *commands, size_t n)
{
	while (n) {
		free(commands[--n].topic);
		free(commands[n].payload);
	}
}
