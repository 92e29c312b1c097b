/* SPDX-License-Identifier: MIT */
/* Adapters1: files that become versions, and what is in them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/adapters1-private.h"
#include "assistantd/daemon/fit.h"
#include "assistantd/daemon/job.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/proofs.h"
#include "util/macro.h"

/* Each holds descriptors of its caller. */
enum { WAITING_MAX = 16 };

/* A call that waits for the workshop. */
struct waiting {
	struct daemon *d;
	DBusMessage *m;
	struct workshop_job job;
	struct digest digest;
};

static struct waiting *waiting_new(struct daemon *d, DBusMessage *m)
{
	struct waiting *w;

	if (d->adapter_calls == WAITING_MAX) {
		bus_send(d->bus, out_error(m, "Busy", "%d calls about adapters wait already",
					   WAITING_MAX));
		return NULL;
	}
	w = calloc(1, sizeof(*w));
	if (!w) {
		bus_send(d->bus, out_error(m, "Internal", "out of memory"));
		return NULL;
	}
	d->adapter_calls++;
	*w = (struct waiting){ .d = d, .m = dbus_message_ref(m) };
	return w;
}

static void waiting_end(struct waiting *w, DBusMessage *reply)
{
	w->d->adapter_calls--;
	bus_send(w->d->bus, reply);
	dbus_message_unref(w->m);
	free(w);
}

static void out_digest(DBusMessageIter *dict, const char *key, const struct digest *d)
{
	char hex[DIGEST_HEX_LEN + 1];

	digest_to_hex(d, hex);
	out_dict_str(dict, key, hex);
}

static void out_text(DBusMessageIter *dict, const char *key, const struct buf *text)
{
	out_dict_string(dict, key, text->len ? text->data : "", text->len);
}

static void out_manifest(DBusMessageIter *dict, const struct manifest *m)
{
	out_dict_str(dict, "name", m->name);
	out_dict_str(dict, "task", m->task);
	out_dict_str(dict, "style", m->style ? m->style : "");
	out_dict_str(dict, "title", m->title);
	out_dict_strings(dict, "languages", m->languages, m->n_languages);
	out_dict_u32(dict, "sequence", m->sequence);
	out_dict_double(dict, "scale", (double)m->scale);
	out_digest(dict, "base_digest", &m->bases[0]);
	out_dict_u32(dict, "canaries", (uint32_t)m->n_canaries);
}

static void out_inspected(DBusMessageIter *dict, const struct workshop_inspected *v)
{
	out_digest(dict, "digest", &v->digest);
	out_dict_u64(dict, "bytes", v->bytes);
	out_dict_str(dict, "kind", v->kind == WORKSHOP_PACKAGE ? "package" : "lora");
	out_text(dict, "architecture", &v->architecture);
	out_dict_u32(dict, "rank", v->rank);
	out_dict_u32(dict, "matrices", v->matrices);
	out_dict_double(dict, "alpha", (double)v->alpha);
	out_dict_u32(dict, "invocation_tokens", v->n_invocation);
	out_dict_u32(dict, "extra_tokens", v->n_tokens);
	if (v->signature == WORKSHOP_SIGNED)
		out_text(dict, "signature", &v->key_id);
	else
		out_dict_str(dict, "signature", v->signature == WORKSHOP_UNKNOWN_KEY ?
			     "unknown key" : "none");
	if (v->signature != WORKSHOP_UNSIGNED) {
		out_text(dict, "key_id", &v->key_id);
		out_text(dict, "comment", &v->comment);
	}
}

void adapters1_out_verdict(DBusMessageIter *dict, const struct verdict *v)
{
	out_dict_str(dict, "verdict", verdict_name(v->kind));
	out_dict_double(dict, "effect", (double)v->effect);
	out_dict_double(dict, "loss_base", (double)v->loss_base);
	out_dict_double(dict, "loss_adapted", (double)v->loss_adapted);
	out_dict_str(dict, "text", v->text);
}

static void out_facts(DBusMessageIter *dict, const struct stage_facts *f)
{
	if (f->manifest)
		out_manifest(dict, f->manifest);
	out_inspected(dict, f->inspected);
	if (f->verdict)
		adapters1_out_verdict(dict, f->verdict);
}

/* Stage and Import have come to their end. */
static void on_staged(void *arg, const char *error, const char *text,
		      const struct stage_facts *facts)
{
	struct waiting *w = arg;
	DBusMessage *reply;
	DBusMessageIter at, dict;
	char hex[DIGEST_HEX_LEN + 1];

	if (error) {
		waiting_end(w, out_error(w->m, error, "%s", text));
		return;
	}
	reply = dbus_message_new_method_return(w->m);
	if (reply) {
		digest_to_hex(&facts->inspected->digest, hex);
		dbus_message_iter_init_append(reply, &at);
		out_str(&at, hex);
		out_open_dict(&at, &dict);
		out_facts(&dict, facts);
		out_close_dict(&at, &dict);
	}
	waiting_end(w, reply);
}

static void begin(struct daemon *d, DBusMessage *m, struct stage_order *order)
{
	struct waiting *w = waiting_new(d, m);
	int r;

	if (!w)
		return;
	order->done = on_staged;
	order->arg = w;
	r = stage_begin(d, order);
	if (r < 0)
		waiting_end(w, out_error(m, "Internal", "%s", strerror(-r)));
}

/* The first argument, a descriptor that the caller closes. */
static int first_fd(DBusMessage *m)
{
	DBusMessageIter at;
	int fd;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &fd);
	return fd;
}

void adapters1_stage(struct daemon *d, DBusMessage *m)
{
	struct stage_order order = { .package = first_fd(m) };

	begin(d, m, &order);
	close(order.package);
}

static int take_file(struct workshop_import *v, const char *name, int fd, const char **why)
{
	struct workshop_file *f;

	if (strcmp(name, "signature") == 0 && v->signature_fd < 0) {
		v->signature_fd = fd;
		return 0;
	}
	*why = "files: more than 8";
	if (v->n_files == WORKSHOP_FILES_MAX) {
		close(fd);
		return -EINVAL;
	}
	f = &v->files[v->n_files++];
	f->fd = fd;
	return buf_append_str(&f->name, name);
}

static int take_files(struct workshop_import *v, DBusMessageIter *at, const char **why)
{
	DBusMessageIter dict, entry;
	const char *name;
	int fd, r = 0;

	dbus_message_iter_recurse(at, &dict);
	for (; r == 0 && dbus_message_iter_get_arg_type(&dict) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&dict)) {
		dbus_message_iter_recurse(&dict, &entry);
		dbus_message_iter_get_basic(&entry, &name);
		dbus_message_iter_next(&entry);
		dbus_message_iter_get_basic(&entry, &fd);
		r = fd < 0 ? -EMFILE : take_file(v, name, fd, why);
	}
	*why = r == 0 && v->n_files == 0 ? "files: expected at least one" : *why;
	return r == 0 && v->n_files == 0 ? -EINVAL : r;
}

static int take_languages(struct workshop_import *v, DBusMessageIter *value)
{
	DBusMessageIter items;
	const char *text;
	int r = 0;

	if (dbus_message_iter_get_arg_type(value) != DBUS_TYPE_ARRAY ||
	    dbus_message_iter_get_element_type(value) != DBUS_TYPE_STRING)
		return -EINVAL;
	dbus_message_iter_recurse(value, &items);
	for (; r == 0 && dbus_message_iter_get_arg_type(&items) == DBUS_TYPE_STRING;
	     dbus_message_iter_next(&items)) {
		dbus_message_iter_get_basic(&items, &text);
		r = v->n_languages == WORKSHOP_LANGUAGES_MAX ? -EINVAL :
		    buf_append_str(&v->languages[v->n_languages++], text);
	}
	return r;
}

/* -EINVAL for one of another type, -ENOENT for one that is none. */
static int take_option(struct workshop_import *v, bool *commit, const char *key,
		       DBusMessageIter *value)
{
	const struct {
		const char *key;
		struct buf *text;
	} texts[] = { { "name", &v->name }, { "task", &v->task }, { "style", &v->style },
		      { "title", &v->title }, { "prompt", &v->prompt } };
	int type = dbus_message_iter_get_arg_type(value);
	DBusBasicValue basic;

	if (dbus_type_is_basic(type) && type != DBUS_TYPE_UNIX_FD)
		dbus_message_iter_get_basic(value, &basic);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(key, texts[i].key) == 0)
			return type == DBUS_TYPE_STRING ? buf_append_str(texts[i].text, basic.str)
							: -EINVAL;
	if (strcmp(key, "languages") == 0)
		return take_languages(v, value);
	if (strcmp(key, "scale") == 0 && type == DBUS_TYPE_DOUBLE) {
		v->scale = (float)basic.dbl;
		return 0;
	}
	if (strcmp(key, "commit") == 0 && type == DBUS_TYPE_BOOLEAN) {
		*commit = basic.bool_val;
		return 0;
	}
	return strcmp(key, "scale") == 0 || strcmp(key, "commit") == 0 ? -EINVAL : -ENOENT;
}

/* On failure @key is the option that is wrong. */
static int take_options(struct workshop_import *v, bool *commit, DBusMessageIter *at,
			const char **key)
{
	DBusMessageIter dict, value;
	int r = 0;

	dbus_message_iter_recurse(at, &dict);
	while (r == 0 && bus_next_option(&dict, key, &value)) {
		r = take_option(v, commit, *key, &value);
	}
	return r;
}

static bool take_arguments(struct daemon *d, DBusMessage *m, struct workshop_import *v,
			   bool *commit)
{
	const char *why = "", *key = "";
	DBusMessageIter at;
	int r;

	dbus_message_iter_init(m, &at);
	r = take_files(v, &at, &why);
	if (r < 0) {
		bus_send(d->bus, out_error(m, r == -EINVAL ? DBUS_ERROR_INVALID_ARGS : "Internal",
					   "%s", r == -EINVAL ? why : strerror(-r)));
		return false;
	}
	dbus_message_iter_next(&at);
	r = take_options(v, commit, &at, &key);
	if (r < 0) {
		bus_send(d->bus, out_error(m, r == -ENOMEM ? "Internal" : DBUS_ERROR_INVALID_ARGS,
					   "%.100s: %s", key, r == -ENOENT ?
					   "unknown option of this method" : r == -EINVAL ?
					   "expected another type, or less" : strerror(-r)));
		return false;
	}
	v->sequence = library_next_sequence(d->library, v->name.len ? v->name.data : "");
	return true;
}

void adapters1_import(struct daemon *d, DBusMessage *m)
{
	struct workshop_import *v;
	struct stage_order order = { .package = -1 };

	if (!engine_path(d->engine)) {
		bus_send(d->bus, out_error(m, "NotReady", "no model is chosen to import it for"));
		return;
	}
	v = malloc(sizeof(*v));
	if (!v) {
		bus_send(d->bus, out_error(m, "Internal", "out of memory"));
		return;
	}
	*v = (struct workshop_import)WORKSHOP_IMPORT_NULL;
	if (take_arguments(d, m, v, &order.commit)) {
		order.import = v;
		begin(d, m, &order);
	}
	workshop_import_deinit(v);
	free(v);
}

static void on_inspected(void *arg, struct workshop_result *result)
{
	struct waiting *w = arg;
	struct manifest_file *manifest = NULL;
	struct stage_facts facts = { .inspected = &result->inspected };
	struct diag diag = DIAG_NULL;
	DBusMessage *reply;
	DBusMessageIter at, dict;

	if (result->outcome == WORKSHOP_DONE && result->inspected.manifest.len &&
	    manifest_parse(&manifest, result->inspected.manifest.data,
			   result->inspected.manifest.len, &diag) == 0)
		facts.manifest = manifest_of(manifest);
	if (result->outcome != WORKSHOP_DONE) {
		waiting_end(w, out_error(w->m, stage_error_name(result->code), "%s %s%s%s",
					 diag_code_name(result->code), result->field,
					 *result->field ? ": " : "", result->text));
		return;
	}
	reply = dbus_message_new_method_return(w->m);
	if (reply) {
		dbus_message_iter_init_append(reply, &at);
		out_open_dict(&at, &dict);
		out_facts(&dict, &facts);
		out_close_dict(&at, &dict);
	}
	manifest_file_free(manifest);
	waiting_end(w, reply);
}

void adapters1_inspect(struct daemon *d, DBusMessage *m)
{
	struct waiting *w = waiting_new(d, m);
	struct workshop_inspect v = WORKSHOP_INSPECT_NULL;
	struct diag diag = DIAG_NULL;
	int r;

	v.fd = first_fd(m);
	if (!w) {
		close(v.fd);
		return;
	}
	w->job = (struct workshop_job){ .done = on_inspected, .arg = w };
	r = stage_put_keys(d, &v, &diag);
	if (r == 0)
		r = workshop_inspect(d->workshop, &w->job, &v);
	workshop_inspect_deinit(&v);
	if (diag.code)
		waiting_end(w, out_error(m, "Internal", "%s: %s", diag.field, diag.text));
	else if (r < 0)
		waiting_end(w, out_error(m, "Internal", "%s", strerror(-r)));
}

static void on_tested(void *arg, struct workshop_result *result)
{
	struct waiting *w = arg;
	struct daemon *d = w->d;
	struct verdict v;
	DBusMessage *reply;
	DBusMessageIter at, dict;

	proofs_judge(result, &w->digest, &v);
	if (v.kind == VERDICT_UNKNOWN) {
		waiting_end(w, out_error(w->m, result->outcome == WORKSHOP_REFUSED ?
					 stage_error_name(result->code) : "Internal", "%s",
					 v.text));
		return;
	}
	verdicts_keep(d->verdicts, &v);
	reply = dbus_message_new_method_return(w->m);
	if (reply) {
		dbus_message_iter_init_append(reply, &at);
		out_open_dict(&at, &dict);
		adapters1_out_verdict(&dict, &v);
		out_dict_u32(&dict, "canaries", result->outcome == WORKSHOP_DONE ?
			     result->proved.n_canaries : 0);
		out_close_dict(&at, &dict);
	}
	waiting_end(w, reply);
	adapters1_changed(d);
	assistant1_tasks_changed(d);
	jobs_proven(d);
}

void adapters1_test(struct daemon *d, DBusMessage *m)
{
	struct workshop_prove v = WORKSHOP_PROVE_NULL;
	struct installed i;
	struct waiting *w;
	int r;

	if (!adapters1_find(d, m, &i))
		return;
	if (!engine_path(d->engine)) {
		bus_send(d->bus, out_error(m, "NotReady", "no model is chosen to test it with"));
		return;
	}
	w = waiting_new(d, m);
	if (!w)
		return;
	w->job = (struct workshop_job){ .done = on_tested, .arg = w };
	w->digest = i.entry->digest;
	v.fd = library_open(&i);
	v.digest = i.entry->digest;
	v.scale = i.entry->manifest.scale;
	r = v.fd < 0 ? v.fd : workshop_prove(d->workshop, &w->job, engine_path(d->engine), &v);
	workshop_prove_deinit(&v);
	if (r < 0)
		waiting_end(w, out_error(m, r == -ENOENT ? "AdapterUnknown" : "Internal",
					 "%s/%s: %s", i.folder, i.entry->file, strerror(-r)));
}
