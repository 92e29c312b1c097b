/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/files.h"
#include "assistantd/daemon/library-change.h"
#include "assistantd/daemon/models.h"
#include "assistantd/daemon/proofs.h"
#include "assistantd/daemon/task.h"
#include "util/file.h"
#include "util/macro.h"

#define PACKAGE_SIZE_MAX (UINT64_C(1) << 32)
#define KEY_SIZE_MAX 1024

struct stage {
	struct daemon *d;
	struct stage_order order;
	struct stage *next;
	struct workshop_job job;
	struct work work;
	struct library_change change;
	int incoming;		/* the package as it came */
	char *path;		/* our copy, until it has its name */
	char file[DIGEST_HEX_LEN + 6];	/* its name then */
	struct workshop_inspected inspected;
	struct manifest_file *manifest;
	struct verdict verdict;
	bool proven;
	char *reason;		/* of the entry, where it is refused */
};

const char *stage_error_name(enum diag_code code)
{
	switch (code) {
	case DIAG_SIG:
	case DIAG_SHAPE:
	case DIAG_VOCAB:
		return "AdapterMismatch";
	case DIAG_LIMIT:
		return DBUS_ERROR_LIMITS_EXCEEDED;
	case DIAG_SYSTEM:
		return "Internal";
	default:
		return DBUS_ERROR_INVALID_ARGS;
	}
}

static int read_key(const char *path, struct buf *ret, struct diag *diag)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r = fd < 0 ? -errno : file_read_all(fd, KEY_SIZE_MAX, ret, NULL);

	if (r == 0 && (ret->len == 0 || ret->len > KEY_SIZE_MAX))
		r = -EINVAL;
	if (r < 0)
		diag_set(diag, r, DIAG_SYSTEM, "trusted_keys", "%s: %s", path, r == -EINVAL ?
			 "expected a public key of minisign" : strerror(-r));
	return r;
}

/* Without one of the keys it would be unknown who signed what it was for: nothing comes in then. */
int stage_put_keys(const struct daemon *d, struct workshop_inspect *v, struct diag *diag)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->config.n_trusted_keys; i++)
		r = read_key(d->config.trusted_keys[i], &v->keys[v->n_keys++], diag);
	return r;
}

static void stage_free(struct stage *s)
{
	struct stage **at = &s->d->stages;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	workshop_cancel(s->d->workshop, &s->job);
	if (s->path)
		unlink(s->path);
	closep(&s->incoming);
	workshop_inspected_deinit(&s->inspected);
	manifest_file_free(s->manifest);
	free(s->path);
	free(s->reason);
	free(s);
}

static void finish(struct stage *s, const char *error, const char *text)
{
	const struct stage_facts facts = {
		.manifest = s->manifest ? manifest_of(s->manifest) : NULL,
		.inspected = &s->inspected,
		.verdict = s->proven ? &s->verdict : NULL,
	};

	s->order.done(s->order.arg, error, text, &facts);
	stage_free(s);
}

static void __attribute__((format(printf, 3, 4))) fail(struct stage *s, const char *error,
							const char *fmt, ...)
{
	char text[700];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	finish(s, error, text);
}

static void fail_errno(struct stage *s, int r)
{
	bool full = r == -ENOSPC || r == -EDQUOT || r == -EFBIG;

	fail(s, full ? DBUS_ERROR_LIMITS_EXCEEDED : "Internal", "%s: %s",
	     library_folder(s->d->library), strerror(-r));
}

/* The workshop had no answer but an error. */
static void fail_result(struct stage *s, const struct workshop_result *r)
{
	if (r->outcome == WORKSHOP_REFUSED)
		fail(s, stage_error_name(r->code), "%s %s%s%s", diag_code_name(r->code), r->field,
		     *r->field ? ": " : "", r->text);
	else if (r->outcome == WORKSHOP_ENDED)
		fail(s, DBUS_ERROR_INVALID_ARGS, "%s", r->text);
	else
		fail(s, r->outcome == WORKSHOP_NO_MODEL ? "NotReady" : "Internal", "%s", r->text);
}

/* The end: the new catalogue is in its place, or the old one still is. */
static void listed(struct library_change *c, int result)
{
	struct stage *s = container_of(c, struct stage, change);

	if (result < 0 && c->diag.code == DIAG_SYSTEM)
		fail_errno(s, result);
	else if (result < 0)
		fail(s, stage_error_name(c->diag.code), "%s", c->diag.text);
	else if (s->verdict.kind != VERDICT_GOOD)
		fail(s, "AdapterMismatch", "%s", s->reason);
	else
		finish(s, NULL, "");
}

static const char *signature_of(const struct workshop_inspected *v)
{
	if (v->signature == WORKSHOP_SIGNED)
		return v->key_id.data;
	return v->signature == WORKSHOP_UNKNOWN_KEY ? CATALOG_UNKNOWN_KEY : "";
}

static int edit(struct library_change *c, struct versions *v)
{
	struct stage *s = container_of(c, struct stage, change);
	const struct manifest *m = manifest_of(s->manifest);
	const struct catalog_entry *served = versions_find(v, m->name, NULL);
	struct catalog_entry e = {
		.manifest = *m, .file = s->file, .digest = s->inspected.digest,
		.state = s->verdict.kind == VERDICT_GOOD ? CATALOG_STAGED : CATALOG_REFUSED,
		.reason = s->reason ? s->reason : "",
		.signature = signature_of(&s->inspected),
		.enabled = true,
	};
	int r = served ? manifest_check_update(&served->manifest, m, &c->diag) : 0;

	if (r < 0)
		return r;
	library_file_name(&e.digest, s->file);
	versions_add(v, &e);
	if (s->order.commit && e.state == CATALOG_STAGED && versions_staged(v, m->name, &e.digest))
		versions_activate(v, versions_staged(v, m->name, &e.digest), "updated");
	return 0;
}

static void list(struct stage *s)
{
	s->change = (struct library_change){ .edit = edit, .done = listed,
					     .digest = s->inspected.digest };
	if (s->verdict.kind == VERDICT_GOOD)
		s->change.fresh = s->path;
	library_change(s->d->library, &s->change);
}

static void on_proved(void *arg, struct workshop_result *result)
{
	struct stage *s = arg;

	if (result->outcome != WORKSHOP_DONE) {
		fail_result(s, result);
		return;
	}
	proofs_judge(result, &s->inspected.digest, &s->verdict);
	s->proven = true;
	verdicts_keep(s->d->verdicts, &s->verdict);
	if (s->verdict.kind != VERDICT_GOOD && !(s->reason = strdup(s->verdict.text)))
		fail_errno(s, -ENOMEM);
	else
		list(s);
}

static int open_copy(const struct stage *s)
{
	int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

static void prove(struct stage *s)
{
	const struct manifest *m = manifest_of(s->manifest);
	_cleanup_free_ char *model = models_for(s->d, m);
	struct workshop_prove v = WORKSHOP_PROVE_NULL;
	char base[DIGEST_HEX_LEN + 1];
	int r;

	if (!model) {
		digest_to_hex(&m->bases[0], base);
		fail(s, "AdapterMismatch", "it was made for a model with weights %s, which is "
		     "not installed", base);
		return;
	}
	v.fd = open_copy(s);
	v.digest = s->inspected.digest;
	v.scale = m->scale;
	s->job = (struct workshop_job){ .done = on_proved, .arg = s };
	r = v.fd < 0 ? v.fd : workshop_prove(s->d->workshop, &s->job, model, &v);
	workshop_prove_deinit(&v);
	if (r < 0)
		fail_errno(s, r);
}

/* What can be said against it before a model is asked: false after an error. */
static bool admissible(struct stage *s)
{
	const struct manifest *m = manifest_of(s->manifest);
	struct diag diag = DIAG_NULL;
	struct installed served;

	if (!task_find(m->task)) {
		fail(s, DBUS_ERROR_INVALID_ARGS, "task '%s' is none of this service; ListTasks "
		     "tells them", m->task);
		return false;
	}
	if (s->d->config.require_signature && s->inspected.signature != WORKSHOP_SIGNED) {
		fail(s, "AdapterMismatch", "SIG %s: it has no signature of a trusted key, which "
		     "the configuration requires", m->name);
		return false;
	}
	if (s->inspected.bytes > engine_budget(s->d->engine)->adapter_budget) {
		fail(s, DBUS_ERROR_LIMITS_EXCEEDED, "LIMIT %s: its %llu bytes are more than all "
		     "adapters together may have in memory", m->name,
		     (unsigned long long)s->inspected.bytes);
		return false;
	}
	if (library_find(s->d->library, m->name, NULL, &served) && served.users &&
	    manifest_check_update(&served.entry->manifest, m, &diag) < 0) {
		fail(s, "AdapterMismatch", "SIG %s: %s; Rollback is the way back", m->name,
		     diag.text);
		return false;
	}
	return true;
}

/* Who makes a package by order makes no other one. */
static bool is_expected(const struct stage *s)
{
	const struct manifest *m = manifest_of(s->manifest), *as = s->order.expected;

	return !as || (strcmp(m->name, as->name) == 0 && strcmp(m->task, as->task) == 0 &&
		       strcmp(m->style ? m->style : "", as->style ? as->style : "") == 0);
}

static void on_inspected(void *arg, struct workshop_result *result)
{
	struct stage *s = arg;
	struct diag diag = DIAG_NULL;

	if (result->outcome != WORKSHOP_DONE) {
		fail_result(s, result);
		return;
	}
	s->inspected = result->inspected;
	result->inspected = (struct workshop_inspected){ 0 };
	if (s->inspected.kind != WORKSHOP_PACKAGE)
		fail(s, DBUS_ERROR_INVALID_ARGS, "the file says nothing of what it is for: it is "
		     "no package; Import makes one of it");
	else if (manifest_parse(&s->manifest, s->inspected.manifest.data,
				s->inspected.manifest.len, &diag) < 0)
		fail(s, stage_error_name(diag.code), "%s manifest:%s: %s",
		     diag_code_name(diag.code), diag.field, diag.text);
	else if (!is_expected(s))
		fail(s, DBUS_ERROR_INVALID_ARGS, "it is another one than was ordered");
	else if (admissible(s))
		prove(s);
}

static void inspect(struct stage *s)
{
	struct workshop_inspect v = WORKSHOP_INSPECT_NULL;
	struct diag diag = DIAG_NULL;
	int r = stage_put_keys(s->d, &v, &diag);

	if (r == 0)
		v.fd = open_copy(s);
	s->job = (struct workshop_job){ .done = on_inspected, .arg = s };
	if (r == 0)
		r = v.fd < 0 ? v.fd : workshop_inspect(s->d->workshop, &s->job, &v);
	workshop_inspect_deinit(&v);
	if (diag.code)
		fail(s, "Internal", "%s: %s", diag.field, diag.text);
	else if (r < 0)
		fail_errno(s, r);
}

static int run_copy(struct work *work, struct store *store)
{
	struct stage *s = container_of(work, struct stage, work);
	_cleanup_close_ int to = -1;
	int r = make_folders(library_folder(s->d->library));

	(void)store;
	if (r < 0)
		return r;
	to = mkostemps(s->path, (int)strlen(".new"), O_CLOEXEC);
	return to < 0 ? -errno : files_copy(s->incoming, to, PACKAGE_SIZE_MAX);
}

static void copied(struct work *work, int result)
{
	struct stage *s = container_of(work, struct stage, work);

	closep(&s->incoming);
	s->incoming = -1;
	if (result == -EINVAL)
		fail(s, DBUS_ERROR_INVALID_ARGS, "TRUNC: expected a file with something in it");
	else if (result < 0)
		fail_errno(s, result);
	else
		inspect(s);
}

/* What others may change while it is looked at is copied first. */
static int take(struct stage *s, int package)
{
	s->incoming = package;
	if (asprintf(&s->path, "%s/incoming-XXXXXX.new", library_folder(s->d->library)) < 0) {
		s->path = NULL;
		return -ENOMEM;
	}
	s->work = (struct work){ .run = run_copy, .done = copied };
	worker_post(s->d->worker, &s->work);
	return 0;
}

static void on_imported(void *arg, struct workshop_result *result)
{
	struct stage *s = arg;
	int r;

	if (result->outcome != WORKSHOP_DONE) {
		fail_result(s, result);
		return;
	}
	r = take(s, TAKE_FD(result->imported.fd));
	if (r < 0)
		fail_errno(s, r);
}

int stage_begin(struct daemon *d, const struct stage_order *order)
{
	struct stage *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	*s = (struct stage){ .d = d, .order = *order, .next = d->stages, .incoming = -1 };
	d->stages = s;
	if (order->import) {
		s->job = (struct workshop_job){ .done = on_imported, .arg = s };
		r = workshop_import(d->workshop, &s->job, engine_path(d->engine), order->import);
	} else {
		r = fcntl(order->package, F_DUPFD_CLOEXEC, 3);
		r = r < 0 ? -errno : take(s, r);
	}
	if (r < 0)
		stage_free(s);
	return r;
}

void stages_drop_all(struct daemon *d)
{
	while (d->stages)
		finish(d->stages, "Internal", "the service ends");
}
