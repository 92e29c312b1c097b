/* SPDX-License-Identifier: MIT */
/* assistantd: the front end, one per user, on the session bus. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "assistantd/daemon/ahead.h"
#include "assistantd/daemon/conversation.h"
#include "assistantd/daemon/job.h"
#include "assistantd/daemon/log.h"
#include "assistantd/daemon/consent.h"
#include "assistantd/daemon/data.h"
#include "assistantd/daemon/fit.h"
#include "assistantd/daemon/memory.h"
#include "assistantd/daemon/proofreader.h"
#include "assistantd/daemon/proofs.h"
#include "assistantd/daemon/recall.h"
#include "assistantd/daemon/residency.h"
#include "assistantd/daemon/runners.h"
#include "assistantd/daemon/service-tools.h"
#include "assistantd/daemon/stage.h"
#include "assistantd/daemon/terms.h"
#include "assistantd/daemon/timers.h"
#include "assistantd/daemon/tones.h"
#include "assistantd/daemon/training.h"
#include "assistantd/daemon/words.h"
#include "util/macro.h"

/* Everything that is only needed here. */
struct service {
	struct daemon d;
	struct backend own_tools;
	struct prefix_store *prefixes;
	char *engine_path, *digests_path, *tools_path;
	enum engine_state engine_was;
	uint64_t adapters_were;		/* bytes in memory */
	int signals;
	struct loop_source *signal_source;
	int status;
};

static void bus_lost(void *arg)
{
	struct service *s = arg;

	log_info("the session bus is gone");
	loop_stop(s->d.loop);
}

static void caller_known(void *arg, struct caller *c)
{
	struct service *s = arg;

	consent_caller_known(&s->d, c);
	jobs_pump(&s->d);
}

static void caller_reads_again(void *arg, struct caller *c)
{
	struct service *s = arg;

	jobs_caller_reads(&s->d, c);
}

static void caller_departed(void *arg, const char *name)
{
	struct service *s = arg;

	consent_caller_gone(&s->d, name);
	jobs_caller_gone(&s->d, name);
}

/* What serves, and what is to be proven and held in memory for that. */
static void adapters_changed(void *arg)
{
	struct service *s = arg;

	adapters1_changed(&s->d);
	assistant1_tasks_changed(&s->d);
	residency_follow(&s->d);
	proofs_want_all(s->d.proofs);
}

static void engine_changed(void *arg)
{
	struct service *s = arg;
	enum engine_state state;

	/* The engine says its first words before the bus is there. */
	if (!s->d.engine || !s->d.bus)
		return;
	ahead_engine_changed(s->d.ahead);
	state = engine_state(s->d.engine);
	if (state != s->engine_was) {
		s->engine_was = state;
		verdicts_forget_unknown(s->d.verdicts);
		adapters_changed(s);
		jobs_proven(&s->d);
	}
	if (engine_adapter_bytes(s->d.engine) != s->adapters_were) {
		s->adapters_were = engine_adapter_bytes(s->d.engine);
		adapters1_changed(&s->d);
	}
	assistant1_changed(&s->d);
	assistant1_tasks_changed(&s->d);
	jobs_pump(&s->d);
}

static void names_changed(void *arg)
{
	struct service *s = arg;

	s->d.names_stale = true;
}

/* The tools process, where a broker is named. */
static int start_tools(struct service *s)
{
	struct daemon *d = &s->d;

	int r;

	if (!d->config.broker_host)
		return 0;
	r = tools_new(&d->tools, d->loop, s->tools_path, &d->config, d->home, names_changed, s);
	if (r == 0)
		d->backends[TOOL_MQTT] = tools_backend(d->tools);
	return r;
}

/* What a broken file leaves is what was there before. */
static void reload(struct service *s)
{
	struct diag d = DIAG_NULL;
	struct config fresh;
	char *model;

	if (config_read(&fresh, s->d.paths.config, &d) < 0) {
		log_error("%s:%s: %s; the configuration stays as it was", s->d.paths.config,
			  d.field, d.text);
		return;
	}
	/* It holds the settings that are replaced now, and sees its devices anew. */
	s->d.backends[TOOL_MQTT] = NULL;
	s->d.tools = tools_free(s->d.tools);
	home_clear(s->d.home);
	read_tools(&s->d);
	runners_reload(s->d.runners);
	config_deinit(&s->d.config);
	s->d.config = fresh;
	read_sentences(&s->d);
	if (start_tools(s) < 0)
		log_error("home: out of memory");
	library_reload(s->d.library);
	memory_update(s->d.memory);
	training_look(s->d.training);
	model = library_model(&s->d.paths, &s->d.config);
	if (model && (!engine_path(s->d.engine) || strcmp(model, engine_path(s->d.engine)) != 0))
		engine_use(s->d.engine, model);
	free(model);
	adapters_changed(s);
	log_info("configuration read again");
}

static void on_signal(void *arg, int fd, short events)
{
	struct service *s = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		reload(s);
	else
		loop_stop(s->d.loop);
}

static int watch_signals(struct service *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return -errno;
	return loop_watch(s->d.loop, &s->signal_source, s->signals, POLLIN, on_signal, s);
}

static int start_engine(struct service *s)
{
	struct daemon *d = &s->d;
	struct engine_config config = {
		.threads = d->config.threads,
		.memory_budget = d->config.memory_budget,
		.adapter_budget = d->config.adapter_budget,
		.kv_q8_0 = d->config.kv_q8_0,
		.require_sandbox = d->config.require_sandbox,
	};
	_cleanup_free_ char *model = library_model(&d->paths, &d->config);
	int r;

	if (!model || asprintf(&s->engine_path, "%s/assistant-engine", d->paths.libexec) < 0)
		return -ENOMEM;
	if (asprintf(&s->digests_path, "%s/digests", d->paths.state) < 0)
		return -ENOMEM;
	config.path = s->engine_path;
	config.digests = s->digests_path;
	r = prefix_store_new(&s->prefixes, d->paths.cache, d->worker);
	if (r < 0)
		return r;
	config.prefixes = s->prefixes;
	r = engine_new(&d->engine, d->loop, &config, engine_changed, s);
	if (r == 0)
		r = memory_new(&d->memory, d);
	if (r == 0)
		r = ahead_new(&d->ahead, d);
	return r < 0 ? r : engine_use(d->engine, model);
}

/* What looks at adapters before they serve, and what it found. */
static int start_workshop(struct service *s)
{
	struct daemon *d = &s->d;
	_cleanup_free_ char *path = NULL;
	struct workshop_config config = { .path = s->engine_path, .digests = s->digests_path,
					  .require_sandbox = d->config.require_sandbox };
	int r;

	if (asprintf(&path, "%s/verdicts", d->paths.state) < 0)
		return -ENOMEM;
	r = verdicts_new(&d->verdicts, path, d->worker);
	if (r == 0)
		r = spoilt_files_new(&d->spoilt);
	if (r == 0)
		r = workshop_new(&d->workshop, d->loop, &config);
	return r < 0 ? r : proofs_new(&d->proofs, d);
}

static int start_home(struct service *s)
{
	struct daemon *d = &s->d;
	_cleanup_free_ char *path = NULL;
	int r;

	if (asprintf(&path, "%s/home.json", d->paths.data) < 0 ||
	    asprintf(&s->tools_path, "%s/assistant-tools", d->paths.libexec) < 0)
		return -ENOMEM;
	r = make_folders(d->paths.data);
	if (r == 0)
		r = home_new(&d->home, path);
	return r < 0 ? r : start_tools(s);
}

/* What is not there without it: calls of the system's services, and whether logind has the
 * screen locked. */
static void system_bus_lost(void *arg)
{
	(void)arg;
	log_warning("the system bus is gone");
}

static int open_bus(struct service *s)
{
	struct daemon *d = &s->d;
	int r = bus_new(&d->bus, d->loop, DBUS_BUS_SESSION, bus_lost, s);

	if (r == 0 && bus_new(&d->system, d->loop, DBUS_BUS_SYSTEM, system_bus_lost, s) < 0)
		d->system = NULL;
	if (r == 0)
		r = consent_start(d);
	if (r == 0)
		r = callers_new(&d->callers, d->bus, caller_known, s);
	if (r == 0)
		r = consent_start_agents(d);
	if (r < 0)
		return r;
	callers_set_reads(d->callers, caller_reads_again);
	bus_set_departed(d->bus, caller_departed, s);
	assistant1_add(d);
	adapters1_add(d);
	models1_add(d);
	context1_add(d);
	home1_add(d);
	timers1_add(d);
	tools1_add(d);
	training1_add(d);
	grants1_add(d);
	request1_add(d);
	return bus_own_name(d->bus);
}

/* The name is there within milliseconds; the model loads behind it. */
static int start(struct service *s)
{
	struct daemon *d = &s->d;
	int r;

	if ((r = loop_new(&d->loop)) < 0 || (r = watch_signals(s)) < 0 ||
	    (r = make_folders(d->paths.state)) < 0 ||
	    (r = worker_new(&d->worker, d->loop, d->paths.state, d->config.store_max_bytes)) < 0 ||
	    (r = action_recover(d)) < 0 ||
	    (r = library_new(&d->library, &d->paths, d->worker, adapters_changed, s)) < 0)
		return r;
	r = start_home(s);
	if (r < 0)
		return r;
	read_data_files(d);
	s->own_tools = service_backend(d);
	d->backends[TOOL_SERVICE] = &s->own_tools;
	if ((r = start_engine(s)) < 0 || (r = start_workshop(s)) < 0 ||
	    (r = timers_new(&d->timers, d)) < 0 ||
	    (r = conversations_new(&d->conversations, d->worker)) < 0 ||
	    (r = open_bus(s)) < 0 || (r = runners_new(&d->runners, d, names_changed, s)) < 0 ||
	    (r = training_new(&d->training, d, s->engine_path)) < 0)
		return r;
	/* Last: what was missed is told. */
	return recall_begin(d);
}

static void stop(struct service *s)
{
	struct daemon *d = &s->d;

	d->stopping = true;
	/* The worker's last pieces answer their callers, so it ends before the rest. */
	if (d->library)
		library_stop(d->library);
	worker_free(d->worker);
	stages_drop_all(d);
	d->training = training_free(d->training);
	proofs_free(d->proofs);
	workshop_free(d->workshop);
	if (d->engine)
		jobs_drop_all(d);
	runners_free(d->runners);
	consent_stop(d);
	callers_free(d->callers);
	timers_free(d->timers);
	conversations_free(d->conversations);
	tools_free(d->tools);
	home_free(d->home);
	tool_registry_free(d->tool_registry);
	ahead_free(d->ahead);
	memory_free(d->memory);
	engine_free(d->engine);
	prefix_store_free(s->prefixes);
	bus_free(d->system);
	bus_free(d->bus);
	library_free(d->library);
	verdicts_free(d->verdicts);
	spoilt_files_free(d->spoilt);
	proofreader_free(d->proofreader);
	prompts_free(d->prompts);
	replies_free(d->replies);
	hints_free(d->hints);
	terms_free(d->rarity);
	terms_free(d->notice_kinds);
	tones_free(d->tones);
	terms_free(d->message_kinds);
	languages_free(d->languages);
	words_free(d->words);
	free(d->names_key);
	loop_unwatch(s->signal_source);
	closep(&s->signals);
	loop_free(d->loop);
	free(s->engine_path);
	free(s->digests_path);
	free(s->tools_path);
}

static int usage(FILE *out, int status)
{
	fputs("usage: assistantd [--config FILE] [--check]\n"
	      "  --config FILE  instead of ~/.config/assistantd/assistantd.yaml\n"
	      "  --check        read the configuration, say what is wrong with it, and end\n", out);
	return status;
}

static int run(const char *config, bool check)
{
	struct service s = { .signals = -1 };
	struct diag d = DIAG_NULL;
	int r = paths_init(&s.d.paths, config);

	if (r == 0)
		r = config_read(&s.d.config, s.d.paths.config, &d);
	if (r < 0) {
		log_error("%s:%s: %s", s.d.paths.config ? s.d.paths.config : "HOME", d.field,
			  d.code ? d.text : strerror(-r));
		paths_deinit(&s.d.paths);
		return 1;
	}
	if (!check) {
		r = start(&s);
		if (r == 0)
			r = loop_run(s.d.loop);
		if (r < 0)
			log_error("%s", strerror(-r));
		stop(&s);
	}
	config_deinit(&s.d.config);
	paths_deinit(&s.d.paths);
	return r < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *config = NULL;
	bool check = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			config = argv[++i];
		else if (strcmp(argv[i], "--check") == 0)
			check = true;
		else
			return usage(strcmp(argv[i], "--help") == 0 ? stdout : stderr,
				     strcmp(argv[i], "--help") == 0 ? 0 : 64);
	}
	return run(config, check);
}
