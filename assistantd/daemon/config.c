/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/cleanup.h"
#include "util/macro.h"
#include "util/yaml.h"

#define MIB (UINT64_C(1) << 20)

enum { MINUTE = 60 * 1000 };

static int set_text(char **at, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*at);
	*at = copy;
	return 0;
}

int config_init(struct config *c)
{
	*c = (struct config){
		.memory_budget = 2048 * MIB,
		.adapter_budget = 512 * MIB,
		.running_max = 8,
		.queued_max = 64,
		.caller_running_max = 4,
		.caller_queued_max = 16,
		.timeout_ms = 20000,
		.requests_per_minute = 1200,
		.calls_per_minute = 300,
		.question_ms = 60000,
		.questions_open = 3,
		.questions_per_minute = 5,
		.store_max_bytes = 256 * MIB,
		.keep_text = true,
		.undo_ms = 10 * MINUTE,
		.broker_port = 1883,
		.n_languages = 1,
	};
	if (set_text(&c->languages[0], "en") < 0 ||
	    set_text(&c->dictionaries, "/usr/share/hunspell") < 0)
		return -ENOMEM;
	return set_text(&c->discovery_prefix, "homeassistant");
}

void config_deinit(struct config *c)
{
	for (size_t i = 0; i < c->n_trusted_keys; i++)
		free(c->trusted_keys[i]);
	for (size_t i = 0; i < c->n_languages; i++)
		free(c->languages[i]);
	free(c->dictionaries);
	free(c->model);
	free(c->broker_host);
	free(c->broker_user);
	free(c->broker_password);
	free(c->discovery_prefix);
	*c = (struct config){ 0 };
}

/* A field that may be absent; @scale is what one of its unit is. */
static int take_number(const struct yaml_node *map, const char *key, uint64_t min, uint64_t max,
		       uint64_t scale, uint64_t *ret, struct diag *d)
{
	const struct yaml_node *n = yaml_get(map, key);
	uint64_t value;
	int r;

	if (!n)
		return 0;
	r = yaml_u64(n, min, max, &value, d);
	if (r == 0)
		*ret = value * scale;
	return r;
}

static int take_u32(const struct yaml_node *map, const char *key, uint32_t min, uint32_t max,
		    uint32_t *ret, struct diag *d)
{
	uint64_t value = *ret;
	int r = take_number(map, key, min, max, 1, &value, d);

	*ret = (uint32_t)value;
	return r;
}

static int take_text(const struct yaml_node *map, const char *key, char **ret, struct diag *d)
{
	const struct yaml_node *n = yaml_get(map, key);
	const char *text;
	int r;

	if (!n)
		return 0;
	r = yaml_str(n, &text, d);
	return r < 0 ? r : set_text(ret, text);
}

static int take_bool(const struct yaml_node *map, const char *key, bool *ret, struct diag *d)
{
	const struct yaml_node *n = yaml_get(map, key);

	return n ? yaml_bool(n, ret, d) : 0;
}

/* The mapping @key of @root with these keys and no others; *@ret NULL when absent. */
static int section(const struct yaml_node *root, const char *key, const char *const *keys,
		   const struct yaml_node **ret, struct diag *d)
{
	int r;

	*ret = yaml_get(root, key);
	/* A section whose keys are all commented out holds nothing. */
	if (*ret && (*ret)->kind == YAML_SCALAR && (*ret)->len == 0 && !(*ret)->quoted)
		*ret = NULL;
	if (!*ret)
		return 0;
	r = yaml_expect(*ret, YAML_MAPPING, d);
	return r < 0 ? r : yaml_check_keys(*ret, keys, d);
}

/* One of two words: *@ret tells whether it is @second. */
static int take_choice(const struct yaml_node *map, const char *key, const char *first,
		       const char *second, bool *ret, struct diag *d)
{
	const struct yaml_node *n = yaml_get(map, key);
	const char *text;
	int r;

	if (!n)
		return 0;
	r = yaml_str(n, &text, d);
	if (r < 0)
		return r;
	*ret = strcmp(text, second) == 0;
	if (!*ret && strcmp(text, first) != 0)
		return yaml_error(n, -EINVAL, DIAG_RANGE, d, "'%s', expected %s or %s", text,
				  second, first);
	return 0;
}

static int read_model(struct config *c, const struct yaml_node *root, struct diag *d)
{
	static const char *const keys[] = { "path", "threads", "memory_mib", "cache", NULL };
	const struct yaml_node *map;
	int r = section(root, "model", keys, &map, d);

	if (r < 0 || (r = take_text(map, "path", &c->model, d)) < 0)
		return r;
	r = take_number(map, "memory_mib", 1, 1 << 20, MIB, &c->memory_budget, d);
	if (r == 0)
		r = take_choice(map, "cache", "f16", "q8_0", &c->kv_q8_0, d);
	if (r < 0)
		return r;
	return take_u32(map, "threads", 1, 64, &c->threads, d);
}

static int read_keys(struct config *c, const struct yaml_node *list, struct diag *d)
{
	int r = list ? yaml_expect(list, YAML_SEQUENCE, d) : 0;
	const char *path;

	for (const struct yaml_node *n = r == 0 && list ? list->first : NULL; r == 0 && n;
	     n = n->next) {
		if (c->n_trusted_keys == CONFIG_KEYS_MAX)
			return yaml_error(n, -EINVAL, DIAG_LIMIT, d, "more than %d keys",
					  CONFIG_KEYS_MAX);
		r = yaml_str(n, &path, d);
		if (r == 0)
			r = set_text(&c->trusted_keys[c->n_trusted_keys++], path);
	}
	return r;
}

static int read_adapters(struct config *c, const struct yaml_node *root, struct diag *d)
{
	static const char *const keys[] = { "budget_mib", "trusted_keys", "require_signature",
					    NULL };
	const struct yaml_node *map;
	int r = section(root, "adapters", keys, &map, d);

	if (r < 0 || (r = take_number(map, "budget_mib", 1, 1 << 20, MIB, &c->adapter_budget,
				      d)) < 0 ||
	    (r = take_bool(map, "require_signature", &c->require_signature, d)) < 0)
		return r;
	return read_keys(c, yaml_get(map, "trusted_keys"), d);
}

static int read_requests(struct config *c, const struct yaml_node *root, struct diag *d)
{
	static const char *const keys[] = { "running", "queued", "running_per_caller",
					    "queued_per_caller", "per_minute", "calls_per_minute",
					    "timeout_ms", NULL };
	const struct yaml_node *map;
	int r = section(root, "requests", keys, &map, d);

	if (r < 0 || (r = take_u32(map, "running", 1, 32, &c->running_max, d)) < 0 ||
	    (r = take_u32(map, "queued", 1, 1024, &c->queued_max, d)) < 0 ||
	    (r = take_u32(map, "running_per_caller", 1, 32, &c->caller_running_max, d)) < 0 ||
	    (r = take_u32(map, "queued_per_caller", 1, 1024, &c->caller_queued_max, d)) < 0)
		return r;
	if ((r = take_u32(map, "per_minute", 1, 60000, &c->requests_per_minute, d)) < 0 ||
	    (r = take_u32(map, "calls_per_minute", 1, 60000, &c->calls_per_minute, d)) < 0)
		return r;
	return take_u32(map, "timeout_ms", 100, 3600000, &c->timeout_ms, d);
}

static int read_questions(struct config *c, const struct yaml_node *root, struct diag *d)
{
	static const char *const keys[] = { "seconds", "open", "per_minute", NULL };
	const struct yaml_node *map;
	uint64_t ms = c->question_ms;
	int r = section(root, "questions", keys, &map, d);

	if (r < 0 || (r = take_number(map, "seconds", 1, 600, 1000, &ms, d)) < 0 ||
	    (r = take_u32(map, "open", 1, 16, &c->questions_open, d)) < 0)
		return r;
	c->question_ms = (uint32_t)ms;
	return take_u32(map, "per_minute", 1, 60, &c->questions_per_minute, d);
}

static int read_history(struct config *c, const struct yaml_node *root, struct diag *d)
{
	static const char *const keys[] = { "max_mib", "keep_text", NULL };
	const struct yaml_node *map;
	int r = section(root, "history", keys, &map, d);

	if (r < 0 || (r = take_number(map, "max_mib", 1, 1 << 20, MIB, &c->store_max_bytes, d)) < 0)
		return r;
	return take_bool(map, "keep_text", &c->keep_text, d);
}

static int read_actions(struct config *c, const struct yaml_node *root, struct diag *d)
{
	static const char *const keys[] = { "undo_minutes", NULL };
	const struct yaml_node *map;
	uint64_t undo_ms = (uint64_t)c->undo_ms;
	int r = section(root, "actions", keys, &map, d);

	if (r == 0)
		r = take_number(map, "undo_minutes", 1, 24 * 60, MINUTE, &undo_ms, d);
	c->undo_ms = (int64_t)undo_ms;
	return r;
}

static int read_home(struct config *c, const struct yaml_node *root, struct diag *d)
{
	static const char *const keys[] = { "broker", "port", "user", "password",
					    "discovery_prefix", "control_alarms", NULL };
	const struct yaml_node *map;
	int r = section(root, "home", keys, &map, d);

	if (r < 0 || (r = take_text(map, "broker", &c->broker_host, d)) < 0 ||
	    (r = take_u32(map, "port", 0, 65535, &c->broker_port, d)) < 0 ||
	    (r = take_text(map, "user", &c->broker_user, d)) < 0 ||
	    (r = take_text(map, "password", &c->broker_password, d)) < 0 ||
	    (r = take_text(map, "discovery_prefix", &c->discovery_prefix, d)) < 0)
		return r;
	return take_bool(map, "control_alarms", &c->control_alarms, d);
}

static int read_training(struct config *c, const struct yaml_node *root, struct diag *d)
{
	static const char *const keys[] = { "threads", "on_battery", NULL };
	const struct yaml_node *map;
	int r = section(root, "training", keys, &map, d);

	if (r < 0 || (r = take_u32(map, "threads", 1, 64, &c->training_threads, d)) < 0)
		return r;
	return take_bool(map, "on_battery", &c->training_on_battery, d);
}

/* Names of folders: "en", "pt-br", "sr-Latn". */
static int check_language(const struct yaml_node *n, const char *name, struct diag *d)
{
	size_t len = strlen(name);

	if (len >= 2 && len <= 16 && strspn(name, "abcdefghijklmnopqrstuvwxyz"
					    "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == len)
		return 0;
	return yaml_error(n, -EINVAL, DIAG_RANGE, d,
			  "'%s', expected the code of a language, as en or pt-br", name);
}

static int read_languages(struct config *c, const struct yaml_node *root, struct diag *d)
{
	const struct yaml_node *list = yaml_get(root, "languages");
	int r = list ? yaml_expect(list, YAML_SEQUENCE, d) : 0;
	const char *name;
	size_t n = 0;

	if (r < 0 || !list)
		return r;
	for (const struct yaml_node *item = list->first; r == 0 && item; item = item->next) {
		if (n == CONFIG_LANGUAGES_MAX)
			return yaml_error(item, -EINVAL, DIAG_LIMIT, d, "more than %d languages",
					  CONFIG_LANGUAGES_MAX);
		r = yaml_str(item, &name, d);
		if (r == 0)
			r = check_language(item, name, d);
		if (r == 0)
			r = set_text(&c->languages[n++], name);
		if (r == 0 && n > c->n_languages)
			c->n_languages = n;
	}
	if (r == 0 && n == 0)
		return yaml_error(list, -EINVAL, DIAG_RANGE, d, "expected at least one language");
	return r;
}

static int read_root(struct config *c, const struct yaml_node *root, struct diag *d)
{
	static const char *const keys[] = { "model", "adapters", "sandbox", "requests",
					    "questions", "history", "actions", "home",
					    "languages", "dictionaries", "training", NULL };
	int r = yaml_check_keys(root, keys, d);

	if (r < 0 || (r = read_model(c, root, d)) < 0 || (r = read_adapters(c, root, d)) < 0 ||
	    (r = take_choice(root, "sandbox", "allow", "require",
			     &c->require_sandbox, d)) < 0 || (r = read_requests(c, root, d)) < 0 ||
	    (r = read_questions(c, root, d)) < 0 || (r = read_history(c, root, d)) < 0 ||
	    (r = read_actions(c, root, d)) < 0 || (r = read_languages(c, root, d)) < 0 ||
	    (r = take_text(root, "dictionaries", &c->dictionaries, d)) < 0 ||
	    (r = read_training(c, root, d)) < 0)
		return r;
	return read_home(c, root, d);
}

int config_read(struct config *ret, const char *path, struct diag *d)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	_cleanup_(yaml_tree_freep) struct yaml *y = NULL;
	int r = config_init(ret);

	if (r < 0 || (fd < 0 && errno == ENOENT))
		return r;
	if (fd < 0)
		r = diag_set(d, -errno, DIAG_SYSTEM, "", "%s", strerror(errno));
	if (r == 0)
		r = yaml_read_fd(&y, fd, d);
	if (r == 0)
		r = read_root(ret, yaml_root(y), d);
	if (r < 0)
		config_deinit(ret);
	return r;
}

/* $@variable, or @fallback below the home, with @tail behind it. */
static char *folder(const char *variable, const char *home, const char *fallback, const char *tail)
{
	const char *value = getenv(variable);
	char *path = NULL;
	int n;

	/* The specification: relative paths are to be ignored. */
	if (value && value[0] == '/')
		n = asprintf(&path, "%s/%s", value, tail);
	else
		n = asprintf(&path, "%s/%s/%s", home, fallback, tail);
	return n < 0 ? NULL : path;
}

int paths_init(struct paths *p, const char *config)
{
	const char *home = getenv("HOME"), *shared = getenv("ASSISTANTD_DATA_DIR");
	const char *libexec = getenv("ASSISTANTD_LIBEXEC_DIR");
	const char *pressure = getenv("ASSISTANTD_PRESSURE_FILE");
	const char *power = getenv("ASSISTANTD_POWER_DIR");

	*p = (struct paths){ 0 };
	if (!home || home[0] != '/')
		return -ENOENT;
	p->config = config ? strdup(config)
			   : folder("XDG_CONFIG_HOME", home, ".config",
				    "assistantd/assistantd.yaml");
	p->data = folder("XDG_DATA_HOME", home, ".local/share", "assistantd");
	p->state = folder("XDG_STATE_HOME", home, ".local/state", "assistantd");
	p->cache = folder("XDG_CACHE_HOME", home, ".cache", "assistantd");
	p->shared = strdup(shared ? shared : PKGDATADIR);
	p->libexec = strdup(libexec ? libexec : LIBEXECDIR);
	p->pressure = pressure ? strdup(pressure) : NULL;
	p->power = strdup(power ? power : "/sys/class/power_supply");
	if (p->config && p->data && p->state && p->cache && p->shared && p->libexec &&
	    p->power && !p->pressure == !pressure)
		return 0;
	paths_deinit(p);
	return -ENOMEM;
}

void paths_deinit(struct paths *p)
{
	free(p->config);
	free(p->data);
	free(p->state);
	free(p->cache);
	free(p->shared);
	free(p->libexec);
	free(p->pressure);
	free(p->power);
	*p = (struct paths){ 0 };
}

int make_folders(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(copy, 0700) < 0 && errno != EEXIST ? -errno : 0;
}
