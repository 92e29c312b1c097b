/* SPDX-License-Identifier: MIT */
/* The user's configuration: one YAML file, every key of which has a default. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/diag.h"

enum { CONFIG_KEYS_MAX = 16, CONFIG_LANGUAGES_MAX = 2 };

struct config {
	char *model;			/* path, or NULL: the one that was chosen, or the default */
	uint32_t threads;		/* 0: one per processor */
	uint64_t memory_budget;		/* bytes of adapters and KV caches */
	uint64_t adapter_budget;	/* of them, of adapters */
	bool kv_q8_0;			/* KV caches as q8_0, not f16 */
	char *trusted_keys[CONFIG_KEYS_MAX];	/* files of minisign's public keys */
	size_t n_trusted_keys;
	bool require_signature;		/* of adapters that are added */
	bool require_sandbox;
	uint32_t running_max, queued_max;	/* requests of all callers */
	uint32_t caller_running_max, caller_queued_max;
	uint32_t timeout_ms;		/* deadline of Run where the caller names none */
	uint32_t requests_per_minute, calls_per_minute;	/* of one program; calls of tools */
	/* Questions to the user: how long one stays, open ones, those of one caller a minute. */
	uint32_t question_ms, questions_open, questions_per_minute;
	uint64_t store_max_bytes;
	bool keep_text;			/* texts of requests in the history */
	int64_t undo_ms;		/* so long what was done can be undone */
	char *languages[CONFIG_LANGUAGES_MAX];	/* of sentences, in the order they are tried */
	size_t n_languages;
	char *dictionaries;		/* the folder of spelling dictionaries */
	char *broker_host, *broker_user, *broker_password, *discovery_prefix;
	uint32_t broker_port;		/* 0 with a path in host: a local socket */
	bool control_alarms;		/* else they are seen, and not commanded */
	uint32_t training_threads;	/* 0: one less than there are processors */
	bool training_on_battery;
};

/* Defaults; -ENOMEM. */
int config_init(struct config *c);
void config_deinit(struct config *c);
/*
 * Reads @path over the defaults into @ret (uninitialised). An absent file gives the defaults.
 * -EINVAL with line:column in @d; -ENOMEM; the system's errors. On failure @ret holds nothing.
 */
int config_read(struct config *ret, const char *path, struct diag *d);

/* Folders and files of the user, by the XDG Base Directory Specification 0.8. */
struct paths {
	char *config;		/* the configuration file */
	char *data;		/* the folder assistantd/ in XDG_DATA_HOME */
	char *state;		/* the folder assistantd/ in XDG_STATE_HOME, of the store */
	char *cache;		/* the folder assistantd/ in XDG_CACHE_HOME */
	char *shared;		/* where the program's own data are installed */
	char *libexec;		/* where its child programs are */
	char *pressure;		/* read in place of the kernel's, or NULL */
	char *power;		/* the folder of the kernel's power supplies */
};

/* From the environment; ASSISTANTD_DATA_DIR and ASSISTANTD_LIBEXEC_DIR name a build tree,
 * ASSISTANTD_PRESSURE_FILE a file in place of /proc/pressure/memory, ASSISTANTD_POWER_DIR a
 * folder in place of /sys/class/power_supply.
 * 0; -ENOENT without a home; -ENOMEM. */
int paths_init(struct paths *p, const char *config);
void paths_deinit(struct paths *p);
/* mkdir -p with mode 0700: 0 or -errno. */
int make_folders(const char *path);
