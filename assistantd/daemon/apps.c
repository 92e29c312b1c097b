/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/apps.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "assistantd/daemon/config.h"
#include "assistantd/daemon/files.h"
#include "assistantd/daemon/log.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/macro.h"

enum { FILE_MAX = 64 * 1024 };

struct apps {
	char *path;
	const struct config *config;
	struct app *first;	/* the one seen last */
	size_t n;
	bool unreadable;
};

static struct app *find(const struct apps *a, const char *identity)
{
	struct app *app = a->first;

	while (app && strcmp(app->identity, identity) != 0)
		app = app->next;
	return app;
}

/* Whoever was not seen for longest gives way; never one that is shut out. */
static bool make_room(struct apps *a)
{
	struct app **last = NULL;

	if (a->n < APPS_MAX)
		return true;
	for (struct app **at = &a->first; *at; at = &(*at)->next)
		if (!(*at)->blocked)
			last = at;
	if (last) {
		struct app *gone = *last;

		*last = gone->next;
		free(gone);
		a->n--;
	}
	return last;
}

static struct app *add(struct apps *a, const char *identity)
{
	struct app *app = make_room(a) ? calloc(1, sizeof(*app)) : NULL;

	if (!app)
		return NULL;
	snprintf(app->identity, sizeof(app->identity), "%s", identity);
	app->next = a->first;
	a->first = app;
	a->n++;
	return app;
}

static void to_front(struct apps *a, struct app *app)
{
	struct app **at = &a->first;

	while (*at != app)
		at = &(*at)->next;
	*at = app->next;
	app->next = a->first;
	a->first = app;
}

static struct app *seen(struct apps *a, const struct caller *c)
{
	struct app *app = find(a, c->identity);

	if (app)
		to_front(a, app);
	else
		app = add(a, c->identity);
	if (!app)
		return NULL;
	app->kind = c->kind;
	app->last_ms = clock_ms(CLOCK_REALTIME);
	app->first_ms = app->first_ms ? app->first_ms : app->last_ms;
	return app;
}

void apps_seen(struct apps *a, const struct caller *c)
{
	seen(a, c);
}

bool apps_blocked(const struct apps *a, const struct caller *c)
{
	const struct app *app = find(a, c->identity);

	if (c->kind == POLICY_CALLER_HAND)
		return false;
	return (app && app->blocked) || (a->unreadable && c->kind == POLICY_CALLER_SANDBOXED);
}

static bool count(struct rate *r, unsigned n, uint32_t max)
{
	uint64_t second = loop_now() / 1000;
	uint32_t sum = n;

	for (uint64_t s = r->second + 1; s <= second && s <= r->second + ARRAY_SIZE(r->counts); s++)
		r->counts[s % ARRAY_SIZE(r->counts)] = 0;
	r->second = second;
	for (size_t i = 0; i < ARRAY_SIZE(r->counts); i++)
		sum += r->counts[i];
	if (sum > max)
		return false;
	r->counts[second % ARRAY_SIZE(r->counts)] += (uint16_t)n;
	return true;
}

bool apps_count_request(struct apps *a, const struct caller *c)
{
	struct app *app = c->kind == POLICY_CALLER_HAND ? NULL : seen(a, c);

	if (!app)
		return c->kind == POLICY_CALLER_HAND;
	if (!count(&app->request_rate, 1, a->config->requests_per_minute))
		return false;
	app->requests++;
	return true;
}

bool apps_count_calls(struct apps *a, const struct caller *c, unsigned n)
{
	struct app *app = c->kind == POLICY_CALLER_HAND ? NULL : seen(a, c);

	if (!app)
		return c->kind == POLICY_CALLER_HAND;
	if (!count(&app->call_rate, n, a->config->calls_per_minute))
		return false;
	app->calls += n;
	return true;
}

const struct app *apps_first(const struct apps *a)
{
	return a->first;
}

static int write_file(const struct apps *a)
{
	json_auto_t *list = json_array();
	_cleanup_free_ char *text = NULL;

	for (const struct app *app = a->first; app; app = app->next)
		if (app->blocked && json_array_append_new(list, json_string(app->identity)) < 0)
			return -ENOMEM;
	text = json_dumps(list, JSON_INDENT(1));
	return text ? files_replace(a->path, text, strlen(text), true) : -ENOMEM;
}

int apps_block(struct apps *a, const char *identity, bool blocked)
{
	struct app *app = find(a, identity);
	int r;

	if (!*identity || strlen(identity) >= sizeof(app->identity))
		return -EINVAL;
	/* Written now, it would forget whom the file that cannot be read shuts out. */
	if (a->unreadable)
		return -EUCLEAN;
	if (!app && !blocked)
		return 0;
	if (!app && !(app = add(a, identity)))
		return -ENOMEM;
	app->blocked = blocked;
	r = write_file(a);
	if (r < 0)
		app->blocked = !blocked;
	return r;
}

static int read_list(struct apps *a, const char *text, size_t len, struct diag *d)
{
	json_error_t error;
	json_auto_t *list = json_loadb(text, len, 0, &error);
	json_t *name;
	size_t i;

	if (!list)
		return diag_set(d, -EINVAL, DIAG_SYNTAX, "", "line %d: %s", error.line, error.text);
	if (!json_is_array(list) || json_array_size(list) >= APPS_MAX)
		return diag_set(d, -EINVAL, DIAG_TYPE, "", "expected a list of less than %d names",
				APPS_MAX);
	json_array_foreach(list, i, name) {
		const char *identity = json_string_value(name);
		struct app *app;

		if (!identity || !*identity || strlen(identity) >= sizeof(app->identity))
			return diag_set(d, -EINVAL, DIAG_TYPE, "", "expected names, not what is at "
					"%zu", i);
		app = find(a, identity);
		if (!app && !(app = add(a, identity)))
			return -ENOMEM;
		app->blocked = true;
	}
	return 0;
}

int apps_new(struct apps **ret, const char *path, const struct config *config)
{
	_cleanup_(apps_freep) struct apps *a = calloc(1, sizeof(*a));
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct diag d = DIAG_NULL;
	int r = fd < 0 ? -errno : 0;

	if (!a || !(a->path = strdup(path)))
		return -ENOMEM;
	a->config = config;
	if (r == 0)
		r = file_read_all(fd, FILE_MAX, &text, &d);
	if (r == 0)
		r = text.len > FILE_MAX ? -EFBIG : read_list(a, text.data, text.len, &d);
	if (r < 0 && r != -ENOENT) {
		a->unreadable = true;
		log_error("%s: %s; applications in a sandbox are shut out until the file is "
			  "repaired or removed", path, d.code ? d.text : strerror(-r));
	}
	*ret = TAKE(a);
	return 0;
}

struct apps *apps_free(struct apps *a)
{
	if (!a)
		return NULL;
	while (a->first) {
		struct app *next = a->first->next;

		free(a->first);
		a->first = next;
	}
	free(a->path);
	free(a);
	return NULL;
}
