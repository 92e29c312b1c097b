/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/memory.h"

#include <errno.h>
#include <stdlib.h>

#include "assistantd/daemon/cgroup.h"
#include "assistantd/daemon/log.h"
#include "assistantd/daemon/training.h"
#include "util/macro.h"

/* Of a control group's limit: the model's pages, as far as they are there, are counted in it,
 * too. */
#define SHARE_OF_LIMIT 2

struct memory {
	struct daemon *d;
	struct pressure *pressure;
	enum pressure_level told;
};

static enum engine_idle idle_under(enum pressure_level level)
{
	switch (level) {
	case PRESSURE_NONE:
		return ENGINE_IDLE_ALL;
	case PRESSURE_SOME:
		return ENGINE_IDLE_TEXTS;
	case PRESSURE_HIGH:
		break;
	}
	return ENGINE_IDLE_NOTHING;
}

/* Once for each change, and the limit each time: it may have been set anew. */
static void apply(struct memory *m, uint64_t adapters)
{
	uint64_t limit = cgroup_memory_limit("/proc/self/cgroup", "/sys/fs/cgroup");
	struct engine_budget budget = {
		.budget = MIN(m->d->config.memory_budget, limit / SHARE_OF_LIMIT),
		.adapter_budget = adapters,
		.idle = idle_under(memory_pressure(m)),
	};

	engine_set_budget(m->d->engine, &budget);
}

static void on_pressure(void *arg)
{
	static const char *const texts[] = {
		"over: adapters and texts stay in memory again",
		"adapters that nobody uses leave memory",
		"texts that nobody uses leave memory, too",
	};
	struct memory *m = arg;
	enum pressure_level level = pressure_level(m->pressure);

	apply(m, engine_budget(m->d->engine)->adapter_budget);
	if (level == m->told)
		return;
	m->told = level;
	log_info("memory pressure: %s", texts[level]);
	training_look(m->d->training);
	adapters1_changed(m->d);
}

int memory_new(struct memory **ret, struct daemon *d)
{
	struct pressure_config config = { .file = d->paths.pressure };
	_cleanup_(memory_freep) struct memory *m = calloc(1, sizeof(*m));
	int r = m ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	m->d = d;
	r = pressure_new(&m->pressure, d->loop, &config, on_pressure, m);
	if (r < 0)
		return r;
	if (pressure_source(m->pressure) == PRESSURE_NOWHERE)
		log_info("memory pressure: the system does not tell; memory stays as configured");
	apply(m, d->config.adapter_budget);
	if (engine_budget(d->engine)->budget < d->config.memory_budget)
		log_info("memory: %llu MiB by the limit of the control group", (unsigned long long)
			 (engine_budget(d->engine)->budget >> 20));
	*ret = TAKE(m);
	return 0;
}

struct memory *memory_free(struct memory *m)
{
	if (m)
		pressure_free(m->pressure);
	free(m);
	return NULL;
}

void memory_update(struct memory *m)
{
	apply(m, m->d->config.adapter_budget);
}

void memory_set_adapters(struct memory *m, uint64_t bytes)
{
	apply(m, bytes);
}

enum pressure_level memory_pressure(const struct memory *m)
{
	return m && m->pressure ? pressure_level(m->pressure) : PRESSURE_NONE;
}
