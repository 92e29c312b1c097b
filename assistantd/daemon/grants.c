/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/grants.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "assistantd/daemon/log.h"
#include "util/clock.h"
#include "util/macro.h"

struct grants {
	struct worker *worker;
	struct grant *list;
	size_t n;
	unsigned changes;	/* since a reading began, what it found may be out of date */
};

/* One write to the store, or a reading of it. */
struct change {
	struct work work;
	struct grants *grants;
	struct grant grant;
	bool drop;
	struct grant *found;
	size_t n_found;
	unsigned changes;
};

static void grant_deinit(struct grant *g)
{
	free(g->app);
	free(g->tool);
	free(g->target);
}

static int grant_init(struct grant *ret, const char *app, const char *tool, const char *target,
		      int64_t time_ms)
{
	*ret = (struct grant){ strdup(app), strdup(tool), strdup(target), time_ms };
	if (ret->app && ret->tool && ret->target)
		return 0;
	grant_deinit(ret);
	return -ENOMEM;
}

static void list_free(struct grant *list, size_t n)
{
	while (n)
		grant_deinit(&list[--n]);
	free(list);
}

static void change_free(struct change *c)
{
	grant_deinit(&c->grant);
	list_free(c->found, c->n_found);
	free(c);
}

static int keep_found(void *arg, const struct store_grant *row)
{
	struct change *c = arg;

	if (c->n_found == GRANTS_MAX)
		return -E2BIG;
	if (grant_init(&c->found[c->n_found], row->app, row->tool, row->target, row->time_ms) < 0)
		return -ENOMEM;
	c->n_found++;
	return 0;
}

static int run_read(struct work *work, struct store *s)
{
	struct change *c = container_of(work, struct change, work);

	return s ? store_list_grants(s, keep_found, c) : -ENODEV;
}

static void on_read(struct work *work, int result)
{
	struct change *c = container_of(work, struct change, work);
	struct grants *g = c->grants;

	if (result != 0 && result != -ECANCELED) {
		log_error("standing grants cannot be read: %s",
			  result < 0 ? strerror(-result) : "the store is damaged or in use");
	} else if (result == 0 && c->changes != g->changes) {
		grants_reload(g);
	} else if (result == 0) {
		list_free(g->list, g->n);
		g->list = TAKE(c->found);
		g->n = c->n_found;
		c->n_found = 0;
	}
	change_free(c);
}

void grants_reload(struct grants *g)
{
	struct change *c = calloc(1, sizeof(*c));

	if (!c || !(c->found = calloc(GRANTS_MAX, sizeof(*c->found)))) {
		free(c);
		log_error("standing grants cannot be read: out of memory");
		return;
	}
	c->work = (struct work){ .run = run_read, .done = on_read };
	c->grants = g;
	c->changes = g->changes;
	worker_post(g->worker, &c->work);
}

static int run_write(struct work *work, struct store *s)
{
	struct change *c = container_of(work, struct change, work);
	const struct grant *grant = &c->grant;

	if (!s)
		return -ENODEV;
	return c->drop ? store_drop_grant(s, grant->app, grant->tool, grant->target)
		       : store_add_grant(s, grant->app, grant->tool, grant->target,
					 grant->time_ms);
}

/* A grant that cannot be kept holds until the service ends; one that cannot be taken back
 * would come again, which the user has to know. */
static void on_written(struct work *work, int result)
{
	struct change *c = container_of(work, struct change, work);

	if (result != 0 && !(c->drop && result == STORE_E_NOT_FOUND))
		log_error("the grant of %s could not be %s: %s", c->grant.tool,
			  c->drop ? "removed for good" : "kept",
			  result < 0 ? strerror(-result) : "the store is full, damaged or in use");
	change_free(c);
}

/* Takes @grant over. */
static int write_change(struct grants *g, struct grant *grant, bool drop)
{
	struct change *c = calloc(1, sizeof(*c));

	g->changes++;
	if (!c) {
		grant_deinit(grant);
		return -ENOMEM;
	}
	c->work = (struct work){ .run = run_write, .done = on_written };
	c->grants = g;
	c->grant = *grant;
	c->drop = drop;
	worker_post(g->worker, &c->work);
	return 0;
}

static size_t find(const struct grants *g, const char *app, const char *tool, const char *target)
{
	size_t i = 0;

	while (i < g->n && (strcmp(g->list[i].app, app) != 0 ||
			    strcmp(g->list[i].tool, tool) != 0 ||
			    strcmp(g->list[i].target, target) != 0))
		i++;
	return i;
}

bool grants_has(const struct grants *g, const char *app, const char *tool, const char *target)
{
	return find(g, app, tool, target) < g->n || find(g, app, tool, "") < g->n;
}

int grants_add(struct grants *g, const char *app, const char *tool, const char *target)
{
	struct grant kept, written, *grown;
	int64_t ms;

	if (find(g, app, tool, target) < g->n)
		return -EEXIST;
	if (g->n >= GRANTS_MAX)
		return -E2BIG;
	ms = clock_ms(CLOCK_REALTIME);
	grown = reallocarray(g->list, g->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	g->list = grown;
	if (grant_init(&kept, app, tool, target, ms) < 0)
		return -ENOMEM;
	if (grant_init(&written, app, tool, target, ms) < 0 ||
	    write_change(g, &written, false) < 0) {
		grant_deinit(&kept);
		return -ENOMEM;
	}
	g->list[g->n++] = kept;
	return 0;
}

static int drop_at(struct grants *g, size_t i)
{
	struct grant grant = g->list[i];

	memmove(&g->list[i], &g->list[i + 1], (--g->n - i) * sizeof(*g->list));
	return write_change(g, &grant, true);
}

int grants_drop(struct grants *g, const char *app, const char *tool, const char *target)
{
	size_t i = find(g, app, tool, target);

	return i < g->n ? drop_at(g, i) : -ENOENT;
}

void grants_drop_app(struct grants *g, const char *app)
{
	for (size_t i = g->n; i-- > 0;)
		if (strcmp(g->list[i].app, app) == 0)
			drop_at(g, i);
}

const struct grant *grants_at(const struct grants *g, size_t i)
{
	return i < g->n ? &g->list[i] : NULL;
}

int grants_new(struct grants **ret, struct worker *worker)
{
	struct grants *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	g->worker = worker;
	*ret = g;
	grants_reload(g);
	return 0;
}

struct grants *grants_free(struct grants *g)
{
	if (!g)
		return NULL;
	list_free(g->list, g->n);
	free(g);
	return NULL;
}
