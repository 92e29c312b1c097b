/* SPDX-License-Identifier: MIT */
/*
 * What the user says of the home: where things are, what else they are called, what is not to
 * be touched. A file of JSON:
 *
 *   {"version": 2,
 *    "entities": {"light.desk": {"area": "Study", "floor": "", "aliases": ["sun"],
 *                                "hidden": false}},
 *    "areas": {"Study": {"floor": "Upstairs", "aliases": ["office"]}}}
 *
 * Without a version it is what `entities` holds, as it was written once.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "assistantd/daemon/home-private.h"
#include "assistantd/daemon/log.h"
#include "util/diag.h"
#include "util/macro.h"

static const struct home_settings no_settings = { .area = (char *)"", .floor = (char *)"" };

void home_names_deinit(struct home_names *n)
{
	while (n->n)
		free(n->names[--n->n]);
}

int home_names_add(struct home_names *n, const char *name)
{
	for (size_t i = 0; i < n->n; i++)
		if (strcmp(n->names[i], name) == 0)
			return 0;
	if (n->n == HOME_ALIASES_MAX)
		return -E2BIG;
	n->names[n->n] = strdup(name);
	if (!n->names[n->n])
		return -ENOMEM;
	n->n++;
	return 0;
}

bool home_names_remove(struct home_names *n, const char *name)
{
	for (size_t i = 0; i < n->n; i++)
		if (strcmp(n->names[i], name) == 0) {
			free(n->names[i]);
			memmove(&n->names[i], &n->names[i + 1],
				(--n->n - i) * sizeof(n->names[0]));
			return true;
		}
	return false;
}

static int copy_names(struct home_names *to, const struct home_names *from)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->n; i++)
		r = home_names_add(to, from->names[i]);
	return r;
}

struct home_settings *home_settings_free(struct home_settings *s)
{
	if (!s)
		return NULL;
	home_names_deinit(&s->aliases);
	free(s->entity);
	free(s->area);
	free(s->floor);
	free(s);
	return NULL;
}

struct home_area *home_area_free(struct home_area *a)
{
	if (!a)
		return NULL;
	home_names_deinit(&a->aliases);
	free(a->name);
	free(a->floor);
	free(a);
	return NULL;
}

struct home_settings *home_settings_copy(const struct home *h, const char *id)
{
	_cleanup_(home_settings_freep) struct home_settings *s = calloc(1, sizeof(*s));
	const struct home_settings *old = home_settings(h, id);

	if (!s)
		return NULL;
	s->entity = strdup(id);
	s->area = strdup(old->area);
	s->floor = strdup(old->floor);
	s->hidden = old->hidden;
	if (!s->entity || !s->area || !s->floor || copy_names(&s->aliases, &old->aliases) < 0)
		return NULL;
	return TAKE(s);
}

struct home_area *home_area_copy(const struct home *h, const char *name)
{
	_cleanup_(home_area_freep) struct home_area *a = calloc(1, sizeof(*a));
	const struct home_area *old = home_area(h, name);

	if (!a)
		return NULL;
	a->name = strdup(old ? old->name : name);
	a->floor = strdup(old ? old->floor : "");
	if (!a->name || !a->floor || (old && copy_names(&a->aliases, &old->aliases) < 0))
		return NULL;
	return TAKE(a);
}

/* One that says nothing is none. */
void home_set(struct home *h, struct home_settings *s)
{
	struct home_settings **at = &h->settings, *old;

	while (*at && strcmp((*at)->entity, s->entity) != 0)
		at = &(*at)->next;
	old = *at;
	s->next = old ? old->next : NULL;
	*at = s;
	home_settings_free(old);
	if (!*s->area && !*s->floor && !s->hidden && !s->aliases.n) {
		*at = s->next;
		home_settings_free(s);
	}
}

void home_set_area(struct home *h, struct home_area *a)
{
	struct home_area **at = &h->areas, *old;

	while (*at && strcasecmp((*at)->name, a->name) != 0)
		at = &(*at)->next;
	old = *at;
	a->next = old ? old->next : NULL;
	*at = a;
	home_area_free(old);
	if (!*a->floor && !a->aliases.n) {
		*at = a->next;
		home_area_free(a);
	}
}

const struct home_settings *home_settings(const struct home *h, const char *id)
{
	const struct home_settings *s = h->settings;

	while (s && strcmp(s->entity, id) != 0)
		s = s->next;
	return s ? s : &no_settings;
}

const struct home_area *home_area(const struct home *h, const char *name)
{
	const struct home_area *a = h->areas;

	while (a && strcasecmp(a->name, name) != 0)
		a = a->next;
	return a;
}

const struct home_area *home_areas(const struct home *h)
{
	return h->areas;
}

const char *home_floor(const struct home *h, const char *id)
{
	const struct home_settings *s = home_settings(h, id);
	const struct home_area *a = *s->floor || !*s->area ? NULL : home_area(h, s->area);

	return a ? a->floor : s->floor;
}

/* A text or the empty one; names what has another type. */
static int take_text(const json_t *object, const char *key, char **field, const char **bad)
{
	const json_t *value = json_object_get(object, key);
	char *copy = value && !json_is_string(value) ? NULL :
		     strdup(value ? json_string_value(value) : "");

	if (value && !json_is_string(value)) {
		*bad = key;
		return -EINVAL;
	}
	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

static int take_names(const json_t *object, struct home_names *names, const char **bad)
{
	const json_t *list = json_object_get(object, "aliases");
	json_t *item;
	size_t i;
	int r = list && !json_is_array(list) ? -EINVAL : 0;

	json_array_foreach(list, i, item)
		if (r == 0)
			r = json_is_string(item) ? home_names_add(names, json_string_value(item))
						 : -EINVAL;
	if (r == -EINVAL || r == -E2BIG)
		*bad = "aliases";
	return r == -E2BIG ? -EINVAL : r;
}

static int read_entity(struct home *h, const char *id, const json_t *object, const char **bad)
{
	_cleanup_(home_settings_freep) struct home_settings *s = home_settings_copy(h, id);
	const json_t *hidden = json_object_get(object, "hidden");
	int r;

	*bad = "";
	if (!s)
		return -ENOMEM;
	if (!json_is_object(object))
		return -EINVAL;
	if (hidden && !json_is_boolean(hidden)) {
		*bad = "hidden";
		return -EINVAL;
	}
	s->hidden = json_is_true(hidden);
	r = take_text(object, "area", &s->area, bad);
	if (r == 0)
		r = take_text(object, "floor", &s->floor, bad);
	if (r == 0)
		r = take_names(object, &s->aliases, bad);
	if (r == 0)
		home_set(h, TAKE(s));
	return r;
}

static int read_area(struct home *h, const char *name, const json_t *object, const char **bad)
{
	_cleanup_(home_area_freep) struct home_area *a = home_area_copy(h, name);
	int r;

	*bad = "";
	if (!a)
		return -ENOMEM;
	if (!json_is_object(object))
		return -EINVAL;
	r = take_text(object, "floor", &a->floor, bad);
	if (r == 0)
		r = take_names(object, &a->aliases, bad);
	if (r == 0)
		home_set_area(h, TAKE(a));
	return r;
}

static int read_all(struct home *h, const json_t *map, bool areas, struct diag *d)
{
	const char *name, *bad = "";
	json_t *value;
	int r = 0;

	json_object_foreach((json_t *)map, name, value) {
		if (r < 0)
			break;
		r = areas ? read_area(h, name, value, &bad) : read_entity(h, name, value, &bad);
		if (r == -EINVAL)
			diag_set(d, r, DIAG_TYPE, name, "%s%shas another type than expected, or "
				 "is too long", bad, *bad ? " " : "it ");
	}
	return r;
}

static int read_file(struct home *h, struct diag *d)
{
	json_auto_t *root = NULL;
	const json_t *version, *entities, *areas;
	json_error_t error;
	char place[32];
	int r;

	root = json_load_file(h->path, JSON_REJECT_DUPLICATES, &error);
	snprintf(place, sizeof(place), "%d:%d", error.line, error.column);
	if (!json_is_object(root))
		return diag_set(d, -EINVAL, DIAG_SYNTAX, root ? "1:1" : place, "%s",
				root ? "expected an object" : error.text);
	version = json_object_get(root, "version");
	if (!version)
		return read_all(h, root, false, d);
	if (json_integer_value(version) != 2)
		return diag_set(d, -EINVAL, DIAG_RANGE, "version", "expected 2");
	entities = json_object_get(root, "entities");
	areas = json_object_get(root, "areas");
	if ((entities && !json_is_object(entities)) || (areas && !json_is_object(areas)))
		return diag_set(d, -EINVAL, DIAG_TYPE, "entities, areas", "expected objects");
	r = read_all(h, entities, false, d);
	return r < 0 ? r : read_all(h, areas, true, d);
}

/* What cannot be read is kept: the user may mend it, and nothing is written over it. */
static void put_aside(struct home *h, const struct diag *d)
{
	_cleanup_free_ char *aside = NULL;

	if (asprintf(&aside, "%s.broken-%lld", h->path, (long long)time(NULL)) < 0) {
		aside = NULL;
		return;
	}
	if (rename(h->path, aside) < 0)
		log_error("%s: %s", h->path, strerror(errno));
	else
		log_error("%s:%s: %s; the file is kept as %s, and no settings of the home are "
			  "known", h->path, d->field, d->text, aside);
}

int home_settings_read(struct home *h)
{
	struct diag d = DIAG_NULL;
	int r;

	if (access(h->path, F_OK) < 0)
		return 0;
	r = read_file(h, &d);
	if (r != -EINVAL)
		return r;
	home_settings_deinit(h);
	put_aside(h, &d);
	return 0;
}

void home_settings_deinit(struct home *h)
{
	while (h->settings) {
		struct home_settings *next = h->settings->next;

		home_settings_free(h->settings);
		h->settings = next;
	}
	while (h->areas) {
		struct home_area *next = h->areas->next;

		home_area_free(h->areas);
		h->areas = next;
	}
}

static json_t *names_to_json(const struct home_names *n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n->n; i++)
		json_array_append_new(list, json_string(n->names[i]));
	return list;
}

static json_t *to_json(const struct home *h)
{
	json_t *entities = json_object(), *areas = json_object();

	for (const struct home_settings *s = h->settings; s; s = s->next)
		json_object_set_new(entities, s->entity,
				    json_pack("{s:s, s:s, s:o, s:b}", "area", s->area, "floor",
					      s->floor, "aliases", names_to_json(&s->aliases),
					      "hidden", s->hidden));
	for (const struct home_area *a = h->areas; a; a = a->next)
		json_object_set_new(areas, a->name, json_pack("{s:s, s:o}", "floor", a->floor,
							      "aliases",
							      names_to_json(&a->aliases)));
	return json_pack("{s:i, s:o, s:o}", "version", 2, "entities", entities, "areas", areas);
}

int home_save(const struct home *h, struct worker *w, saved_fn saved, void *arg)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	json_auto_t *root = to_json(h);
	_cleanup_free_ char *dump = root ? json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;
	int r = dump ? buf_append_str(&text, dump) : -ENOMEM;

	return r < 0 ? r : saving_post(w, h->path, &text, true, saved, arg);
}
