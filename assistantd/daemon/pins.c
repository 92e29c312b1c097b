/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/pins.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "assistantd/daemon/files.h"
#include "assistantd/daemon/log.h"
#include "util/file.h"
#include "util/loop.h"
#include "util/macro.h"
#include "util/utf8.h"

enum { FILE_MAX = 256 * 1024 };

struct pin {
	char *target;
	char hash[crypto_pwhash_STRBYTES];
	unsigned wrong;		/* in a row */
	uint64_t locked_until;	/* loop_now(), 0: not */
};

struct pins {
	char *path;
	struct worker *worker;
	struct pin list[PINS_MAX];
	size_t n;
	bool unreadable;
};

/* A PIN that is looked at, and the one that takes its place. */
struct trial {
	struct work work;
	struct pins *pins;
	char *target;
	char hash[crypto_pwhash_STRBYTES];	/* "": there is none */
	char pin[PIN_LENGTH_MAX * 4 + 1];
	bool change;
	char fresh[PIN_LENGTH_MAX * 4 + 1];	/* "": none from now on */
	char fresh_hash[crypto_pwhash_STRBYTES];
	pin_fn fn;
	void *arg;
};

static void trial_free(struct trial *t)
{
	sodium_memzero(t->pin, sizeof(t->pin));
	sodium_memzero(t->fresh, sizeof(t->fresh));
	free(t->target);
	free(t);
}

static struct pin *find(const struct pins *p, const char *target)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->list[i].target, target) == 0)
			return (struct pin *)&p->list[i];
	return NULL;
}

static bool valid_hash(const char *hash)
{
	return hash && strlen(hash) < crypto_pwhash_STRBYTES &&
	       strncmp(hash, crypto_pwhash_STRPREFIX, strlen(crypto_pwhash_STRPREFIX)) == 0;
}

static int keep(struct pins *p, const char *target, const char *hash)
{
	struct pin *pin = find(p, target);

	if (!pin) {
		if (p->n == PINS_MAX)
			return -E2BIG;
		pin = &p->list[p->n];
		*pin = (struct pin){ .target = strdup(target) };
		if (!pin->target)
			return -ENOMEM;
		p->n++;
	}
	snprintf(pin->hash, sizeof(pin->hash), "%s", hash);
	return 0;
}

static void drop(struct pins *p, struct pin *pin)
{
	free(pin->target);
	*pin = p->list[--p->n];
}

static int read_text(struct pins *p, const char *text, size_t len, struct diag *d)
{
	json_error_t error;
	json_auto_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	const char *target;
	json_t *hash;
	int r = 0;

	if (!root)
		return diag_set(d, -EINVAL, DIAG_SYNTAX, "", "line %d: %s", error.line,
				error.text);
	if (!json_is_object(root))
		return diag_set(d, -EINVAL, DIAG_TYPE, "", "expected an object");
	json_object_foreach(root, target, hash) {
		if (!valid_hash(json_string_value(hash)))
			return diag_set(d, -EINVAL, DIAG_TYPE, target,
					"expected the hash of a PIN, " crypto_pwhash_STRPREFIX);
		r = keep(p, target, json_string_value(hash));
		if (r == -E2BIG)
			return diag_set(d, r, DIAG_LIMIT, target, "more than %d PINs", PINS_MAX);
		if (r < 0)
			return r;
	}
	return 0;
}

static void read_file(struct pins *p)
{
	_cleanup_close_ int fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct diag d = DIAG_NULL;
	int r;

	if (fd < 0 && errno == ENOENT)
		return;
	r = fd < 0 ? -errno : file_read_all(fd, FILE_MAX, &text, &d);
	if (r == 0 && text.len > FILE_MAX)
		r = diag_set(&d, -EFBIG, DIAG_LIMIT, "", "more than %d bytes", FILE_MAX);
	if (r == 0)
		r = read_text(p, text.data, text.len, &d);
	if (r == 0)
		return;
	p->unreadable = true;
	log_error("%s: %s%s%s; everything needs a PIN, and none is right, until the file is "
		  "repaired or removed", p->path, d.field, *d.field ? ": " : "",
		  d.code ? d.text : strerror(-r));
}

int pins_new(struct pins **ret, const char *path, struct worker *worker)
{
	struct pins *p = calloc(1, sizeof(*p));

	if (!p || sodium_init() < 0 || !(p->path = strdup(path))) {
		pins_free(p);
		return -ENOMEM;
	}
	p->worker = worker;
	read_file(p);
	*ret = p;
	return 0;
}

struct pins *pins_free(struct pins *p)
{
	if (!p)
		return NULL;
	while (p->n)
		drop(p, &p->list[p->n - 1]);
	free(p->path);
	free(p);
	return NULL;
}

bool pins_has(const struct pins *p, const char *target)
{
	return p->unreadable || find(p, target);
}

const char *pins_at(const struct pins *p, size_t i)
{
	return i < p->n ? p->list[i].target : NULL;
}

uint64_t pins_lockout_ms(const struct pins *p, const char *target)
{
	const struct pin *pin = find(p, target);
	uint64_t now = loop_now();

	return pin && pin->locked_until > now ? pin->locked_until - now : 0;
}

static int run_trial(struct work *work, struct store *s)
{
	struct trial *t = container_of(work, struct trial, work);

	(void)s;
	if (*t->hash && crypto_pwhash_str_verify(t->hash, t->pin, strlen(t->pin)) != 0)
		return PIN_WRONG;
	if (*t->fresh && crypto_pwhash_str(t->fresh_hash, t->fresh, strlen(t->fresh),
					   crypto_pwhash_OPSLIMIT_INTERACTIVE,
					   crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
		return PIN_FAILED;
	return PIN_RIGHT;
}

/* All of it, so that the file is whole or as it was. */
static int write_file(const struct pins *p)
{
	json_auto_t *root = json_object();
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < p->n; i++)
		if (json_object_set_new(root, p->list[i].target,
					json_string(p->list[i].hash)) < 0)
			return -ENOMEM;
	text = json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS);
	return text ? files_replace(p->path, text, strlen(text), true) : -ENOMEM;
}

/* On disk before it counts: a PIN that were lost would leave its target open. */
static enum pin_result change(struct pins *p, const struct trial *t)
{
	struct pin *pin = find(p, t->target);
	char before[crypto_pwhash_STRBYTES] = "";
	int r = 0;

	if (pin)
		snprintf(before, sizeof(before), "%s", pin->hash);
	/* Somebody else changed it meanwhile. */
	if (strcmp(before, t->hash) != 0)
		return PIN_WRONG;
	if (*t->fresh)
		r = keep(p, t->target, t->fresh_hash);
	else if (pin)
		drop(p, pin);
	if (r == 0)
		r = write_file(p);
	if (r == 0)
		return PIN_RIGHT;
	log_error("%s: %s", p->path, strerror(-r));
	pin = find(p, t->target);
	if (*before)
		keep(p, t->target, before);
	else if (pin)
		drop(p, pin);
	return PIN_FAILED;
}

/* Also of those that were begun together: none is worth more than a try. */
static enum pin_result count_try(struct pins *p, const char *target, enum pin_result result)
{
	struct pin *pin = find(p, target);

	if (pins_lockout_ms(p, target) > 0)
		return PIN_LOCKED_OUT;
	if (!pin)
		return result;
	if (result == PIN_RIGHT)
		pin->wrong = 0;
	if (result != PIN_WRONG || ++pin->wrong < PIN_TRIES)
		return result;
	pin->wrong = 0;
	pin->locked_until = loop_now() + PIN_LOCKOUT_MS;
	return PIN_LOCKED_OUT;
}

static void on_tried(struct work *work, int result)
{
	struct trial *t = container_of(work, struct trial, work);
	enum pin_result r = result < 0 ? PIN_FAILED : (enum pin_result)result;

	r = count_try(t->pins, t->target, r);
	if (r == PIN_RIGHT && t->change)
		r = change(t->pins, t);
	t->fn(t->arg, r);
	trial_free(t);
}

static struct trial *trial_new(struct pins *p, const char *target, const char *pin, pin_fn fn,
			       void *arg)
{
	const struct pin *present = find(p, target);
	struct trial *t = calloc(1, sizeof(*t));

	if (!t || !(t->target = strdup(target))) {
		free(t);
		return NULL;
	}
	t->work = (struct work){ .run = run_trial, .done = on_tried };
	t->pins = p;
	t->fn = fn;
	t->arg = arg;
	/* Of another length it is none; an empty one is tried in its place. */
	snprintf(t->pin, sizeof(t->pin), "%s", strlen(pin) < sizeof(t->pin) ? pin : "");
	if (present)
		snprintf(t->hash, sizeof(t->hash), "%s", present->hash);
	return t;
}

/* Without looking at any. */
static int run_refusal(struct work *work, struct store *s)
{
	(void)work;
	(void)s;
	return PIN_WRONG;
}

int pins_check(struct pins *p, const char *target, const char *pin, pin_fn fn, void *arg)
{
	struct trial *t = trial_new(p, target, pin, fn, arg);

	if (!t)
		return -ENOMEM;
	if (p->unreadable || !*t->hash || pins_lockout_ms(p, target) > 0)
		t->work.run = run_refusal;
	worker_post(p->worker, &t->work);
	return 0;
}

int pins_set(struct pins *p, const char *target, const char *old, const char *pin, pin_fn fn,
	     void *arg)
{
	size_t len = utf8_count(pin, strlen(pin));
	struct trial *t;

	if (*pin && (len < PIN_LENGTH_MIN || len > PIN_LENGTH_MAX))
		return -EINVAL;
	if (*pin && !find(p, target) && p->n == PINS_MAX)
		return -E2BIG;
	t = trial_new(p, target, old, fn, arg);
	if (!t)
		return -ENOMEM;
	t->change = true;
	snprintf(t->fresh, sizeof(t->fresh), "%s", pin);
	if (p->unreadable || pins_lockout_ms(p, target) > 0)
		t->work.run = run_refusal;
	worker_post(p->worker, &t->work);
	return 0;
}
