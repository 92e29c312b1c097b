/* SPDX-License-Identifier: MIT */
/* Adapters1: what is there, and why it does or does not serve. Open to every caller. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "assistantd/daemon/adapters1-private.h"
#include "assistantd/daemon/fit.h"
#include "assistantd/daemon/models.h"
#include "assistantd/daemon/out.h"
#include "util/macro.h"

enum { STATE_ABSENT = 1, STATE_ON_DISK, STATE_LOADING, STATE_RESIDENT, STATE_OTHER_BASE,
       STATE_DISABLED, STATE_REFUSED };

static void out_dict_digest(DBusMessageIter *dict, const char *key, const struct digest *d)
{
	char hex[DIGEST_HEX_LEN + 1];

	digest_to_hex(d, hex);
	out_dict_str(dict, key, hex);
}

static const char *signature_of(const struct catalog_entry *e)
{
	return *e->signature ? e->signature : "none";
}

/* Of a name without a version that serves. */
static void find_idle(const struct catalog_entry *e, struct fit *ret)
{
	bool refused = e->state == CATALOG_REFUSED;

	*ret = (struct fit){ .state = refused ? FIT_PROOF : FIT_DISABLED };
	snprintf(ret->text, sizeof(ret->text), "%s", refused ? e->reason :
		 "no version of it is in service");
}

/* As far as it can be told: which model runs is known only while one does. */
static void find_fit(const struct daemon *d, const struct installed *i, struct fit *ret)
{
	_cleanup_close_ int fd = -1;

	if (i->entry->state != CATALOG_ACTIVE) {
		find_idle(i->entry, ret);
		return;
	}
	if (engine_state(d->engine) == ENGINE_READY) {
		fit_find(d, i, ret);
		return;
	}
	fd = library_open(i);
	*ret = (struct fit){ .state = fd < 0 ? FIT_ABSENT : !i->entry->enabled ? FIT_DISABLED
									       : FIT_WEIGHTS };
	snprintf(ret->text, sizeof(ret->text), "no model is loaded");
}

static uint32_t state_of(const struct daemon *d, const struct fit *fit,
			 const struct engine_usage *usage)
{
	switch (fit->state) {
	case FIT_ABSENT:
		return STATE_ABSENT;
	case FIT_DISABLED:
		return STATE_DISABLED;
	case FIT_WEIGHTS:
	case FIT_TOKENIZER:
	case FIT_TEMPLATE:
		return engine_state(d->engine) == ENGINE_READY ? STATE_OTHER_BASE : STATE_ON_DISK;
	case FIT_FILE:
	case FIT_SIGNATURE:
	case FIT_PROOF:
		return STATE_REFUSED;
	case FIT_GOOD:
	case FIT_UNPROVEN:
	case FIT_COUNT:
		break;
	}
	return usage->resident ? STATE_RESIDENT : STATE_ON_DISK;
}

static void out_usage(const struct engine_usage *usage, DBusMessageIter *dict)
{
	out_dict_u64(dict, "hits", usage->hits);
	out_dict_u64(dict, "misses", usage->misses);
	out_dict_u64(dict, "loads", usage->loads);
	out_dict_u64(dict, "loads_ahead", usage->ahead);
	out_dict_u64(dict, "loads_ahead_used", usage->ahead_used);
	out_dict_u64(dict, "evictions", usage->evictions);
	out_dict_u64(dict, "load_us", usage->load_us);
	out_dict_u64(dict, "load_total_us", usage->total_load_us);
	out_dict_i64(dict, "last_used", (int64_t)usage->used_at);
}

/* All versions of the name. */
static void out_versions(const struct daemon *d, const struct installed *i, DBusMessageIter *dict)
{
	char staged[DIGEST_HEX_LEN + 1] = "";
	struct installed at;
	uint32_t n = 0;

	for (size_t k = 0; library_at(d->library, k, &at); k++) {
		if (strcmp(at.entry->manifest.name, i->entry->manifest.name) != 0)
			continue;
		n++;
		if (at.entry->state == CATALOG_STAGED)
			digest_to_hex(&at.entry->digest, staged);
	}
	out_dict_str(dict, "staged", staged);
	out_dict_u32(dict, "versions", n);
}

static uint64_t size_of(const struct installed *i)
{
	_cleanup_close_ int fd = library_open(i);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static const char *proof_of(const struct daemon *d, const struct catalog_entry *e)
{
	const struct verdict *v = NULL;

	if (engine_state(d->engine) == ENGINE_READY)
		v = verdicts_find(d->verdicts, &e->digest, &engine_model(d->engine)->digest);
	return v ? verdict_name(v->kind) : "unproven";
}

static void out_adapter(const struct daemon *d, const struct installed *i, DBusMessageIter *dict)
{
	const struct engine_usage none = { 0 };
	const struct catalog_entry *e = i->entry;
	const struct manifest *m = &e->manifest;
	const struct engine_usage *usage = engine_adapter_usage(d->engine, &e->digest);
	struct fit fit;

	usage = usage ? usage : &none;
	find_fit(d, i, &fit);
	out_dict_str(dict, "name", m->name);
	out_dict_str(dict, "task", m->task);
	out_dict_str(dict, "style", m->style ? m->style : "");
	out_dict_str(dict, "title", m->title);
	out_dict_strings(dict, "languages", m->languages, m->n_languages);
	out_dict_digest(dict, "digest", &e->digest);
	out_dict_digest(dict, "base_digest", &m->bases[0]);
	out_dict_u32(dict, "state", state_of(d, &fit, usage));
	out_dict_str(dict, "reason", fit.text);
	out_dict_u64(dict, "bytes", usage->resident ? usage->bytes : size_of(i));
	out_usage(usage, dict);
	out_dict_bool(dict, "pinned", usage->pinned || e->pinned);
	out_dict_bool(dict, "enabled", e->enabled);
	out_dict_double(dict, "scale", (double)m->scale);
	out_dict_u32(dict, "rank", m->rank);
	out_dict_u32(dict, "sequence", m->sequence);
	out_dict_str(dict, "proof", proof_of(d, e));
	out_dict_str(dict, "signature", signature_of(e));
	out_dict_bool(dict, "own", i->users);
	out_versions(d, i, dict);
}

/* Whether @other stands for @i in a list: as what serves instead, or as a later version. What
 * the program brings stands for what the user has and does not use. */
static bool hides(const struct installed *other, size_t index_other, const struct installed *i,
		  size_t index)
{
	const struct manifest *m = &i->entry->manifest, *o = &other->entry->manifest;

	if (strcmp(m->name, o->name) != 0)
		return false;
	if (other->users != i->users)
		return other->entry->state == CATALOG_ACTIVE &&
		       (other->users ? models_made_for(o, &m->bases[0])
				     : i->entry->state != CATALOG_ACTIVE);
	return i->entry->state != CATALOG_ACTIVE &&
	       (other->entry->state == CATALOG_ACTIVE || index_other > index);
}

static bool is_shown(const struct daemon *d, size_t index, const struct installed *i)
{
	struct installed at;

	for (size_t k = 0; library_at(d->library, k, &at); k++)
		if (hides(&at, k, i, index))
			return false;
	return true;
}

void adapters1_list(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	struct out_list_reply out;
	struct installed i;

	if (!out_begin_list_reply(&out, m))
		return;
	for (size_t k = 0; library_at(d->library, k, &i); k++) {
		if (!is_shown(d, k, &i))
			continue;
		out_adapter(d, &i, out_list_next(&out.list));
		out_list_end_item(&out.list);
	}
	bus_send(d->bus, out_end_list_reply(&out));
}

static void out_version(const struct installed *i, DBusMessageIter *dict)
{
	const struct catalog_entry *e = i->entry;

	out_dict_digest(dict, "digest", &e->digest);
	out_dict_u32(dict, "sequence", e->manifest.sequence);
	out_dict_str(dict, "state", catalog_state_name(e->state));
	out_dict_str(dict, "reason", e->reason);
	out_dict_i64(dict, "since", e->since);
	out_dict_u64(dict, "bytes", size_of(i));
	out_dict_str(dict, "signature", signature_of(e));
	out_dict_bool(dict, "own", i->users);
}

void adapters1_versions(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	const char *name = adapters1_text(m, 0);
	struct out_list_reply out;
	struct installed i;
	DBusMessage *reply;
	size_t n = 0;

	if (!out_begin_list_reply(&out, m))
		return;
	for (size_t k = 0; library_at(d->library, k, &i); k++) {
		if (strcmp(i.entry->manifest.name, name) != 0)
			continue;
		out_version(&i, out_list_next(&out.list));
		out_list_end_item(&out.list);
		n++;
	}
	reply = out_end_list_reply(&out);
	if (n) {
		bus_send(d->bus, reply);
		return;
	}
	dbus_message_unref(reply);
	bus_send(d->bus, out_error(m, "AdapterUnknown", "no adapter '%s' is installed", name));
}

/* The installed models that have the weights; returns how many, of which *@ret is a list that
 * borrows from @files. */
static size_t fitting(const struct model_files *files, const struct manifest *m, const char ***ret)
{
	size_t n = 0;

	*ret = calloc(files->n + 1, sizeof(**ret));
	for (size_t i = 0; *ret && i < files->n; i++)
		if (files->list[i].has_weights && models_made_for(m, &files->list[i].weights))
			(*ret)[n++] = files->list[i].name;
	return n;
}

static void out_bases(const struct daemon *d, const struct manifest *m, DBusMessageIter *dict)
{
	_cleanup_free_ const char **names = NULL;
	struct model_files files = { 0 };
	size_t n;

	if (models_read(d, &files) < 0)
		return;
	n = fitting(&files, m, &names);
	out_dict_strings(dict, "bases", names, n);
	models_deinit(&files);
}

void adapters1_explain(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	DBusMessage *reply;
	DBusMessageIter at, dict;
	struct installed i;
	char text[600];
	struct fit fit;
	bool fits;

	if (!adapters1_find(d, m, &i) || !(reply = dbus_message_new_method_return(m)))
		return;
	find_fit(d, &i, &fit);
	fits = fit.state == FIT_GOOD;
	snprintf(text, sizeof(text), "%s %s%s", i.entry->manifest.name,
		 fits ? "serves with this model" : "does not serve: ", fit.text);
	dbus_message_iter_init_append(reply, &at);
	out_open_dict(&at, &dict);
	out_dict_bool(&dict, "fits", fits);
	out_dict_str(&dict, "mismatch", fit_name(fit.state));
	out_dict_str(&dict, "expected", fit.expected);
	out_dict_str(&dict, "found", fit.found);
	out_bases(d, &i.entry->manifest, &dict);
	out_dict_str(&dict, "text", text);
	out_close_dict(&at, &dict);
	bus_send(d->bus, reply);
}
