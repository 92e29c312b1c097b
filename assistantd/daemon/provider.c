/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/provider.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/grants.h"
#include "assistantd/daemon/provider-private.h"
#include "util/macro.h"

static void provided_free(struct provided *t)
{
	if (!t)
		return;
	caller_unref(t->caller);
	free(t->tool);
	free(t->path);
	free(t);
}
DEFINE_CLEANUP(struct provided *, provided_free)

const struct provided *provided_find(const struct providers *p, const char *tool)
{
	const struct provided *t = p->first;

	while (t && strcmp(t->tool, tool) != 0)
		t = t->next;
	return t;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), tail = strlen(suffix);

	return len > tail && strcmp(name + len - tail, suffix) == 0;
}

bool provider_tool_is_listed(const struct tool *t)
{
	return !t->owner || !has_suffix(t->name, PROVIDER_UNDO);
}

enum policy_risk providers_risk(const struct providers *p, const struct tool *t)
{
	if (t->backend != TOOL_PROVIDER || !t->owner ||
	    grants_has(p->s.grants, t->owner, t->name, ""))
		return t->risk;
	return t->risk > POLICY_RISK_CONSEQUENTIAL ? t->risk : POLICY_RISK_CONSEQUENTIAL;
}

static void remove_one(struct providers *p, struct provided **at)
{
	struct provided *t = *at;

	*at = t->next;
	tool_registry_remove(p->s.registry, t->caller->identity, t->tool);
	provided_free(t);
}

size_t providers_remove(struct providers *p, const char *sender, const char *name)
{
	size_t removed = 0;

	for (struct provided **at = &p->first; *at;) {
		struct provided *t = *at;
		size_t len = name ? strlen(name) : 0;

		/* What takes a call back goes with what is taken back. */
		if (strcmp(t->caller->name, sender) != 0 ||
		    (name && strcmp(t->tool, name) != 0 &&
		     (strncmp(t->tool, name, len) != 0 ||
		      strcmp(t->tool + len, PROVIDER_UNDO) != 0))) {
			at = &t->next;
			continue;
		}
		removed += !has_suffix(t->tool, PROVIDER_UNDO);
		remove_one(p, at);
	}
	if (removed)
		p->s.changed(p->s.arg);
	return removed;
}

static size_t count(const struct providers *p)
{
	size_t n = 0;

	for (const struct provided *t = p->first; t; t = t->next)
		n++;
	return n;
}

static int add_one(struct providers *p, struct caller *caller, const char *path,
		   const struct tool_offer *offer, struct diag *d)
{
	_cleanup_(provided_freep) struct provided *t = calloc(1, sizeof(*t));
	const struct tool *tool;
	int r;

	if (!t || !(t->path = strdup(path)))
		return -ENOMEM;
	if (count(p) >= PROVIDER_TOOLS_MAX)
		return diag_set(d, -E2BIG, DIAG_LIMIT, "tools", "applications have %d already",
				PROVIDER_TOOLS_MAX);
	r = tool_registry_add(p->s.registry, caller->identity, offer, &tool, d);
	if (r == -EEXIST)
		diag_set(d, r, DIAG_DUP, "name", "another process of this application has it");
	if (r == -E2BIG)
		diag_set(d, r, DIAG_LIMIT, "tools", "an application has at most %d",
			 TOOL_OWNED_MAX);
	if (r < 0)
		return r;
	t->tool = strdup(tool->name);
	if (!t->tool) {
		tool_registry_remove(p->s.registry, caller->identity, tool->name);
		return -ENOMEM;
	}
	t->caller = caller_get(caller->owner, caller->name);
	if (!t->caller) {
		tool_registry_remove(p->s.registry, caller->identity, t->tool);
		return -ENOMEM;
	}
	t->next = p->first;
	p->first = TAKE(t);
	return 0;
}

/* The tool that takes the call of another back: by the token that came with its result. */
static int add_undo(struct providers *p, struct caller *caller, const char *path,
		    const struct tool_offer *of, struct diag *d)
{
	static const char schema[] =
		"{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"token\"],"
		" \"properties\": {\"token\": {\"type\": \"string\", \"maxLength\": 256}}}";
	char name[TOOL_NAME_MAX], title[TOOL_TITLE_MAX];
	struct tool_offer undo = *of;

	if (snprintf(name, sizeof(name), "%s" PROVIDER_UNDO, of->name) >= (int)sizeof(name))
		return diag_set(d, -EINVAL, DIAG_LIMIT, "name", "too long");
	snprintf(title, sizeof(title), "Undo: %.100s", of->title);
	undo.name = name;
	undo.title = title;
	undo.schema = schema;
	undo.result_schema = NULL;
	undo.can_read = undo.can_undo = false;
	return add_one(p, caller, path, &undo, d);
}

static int add(struct providers *p, struct caller *caller, const char *path,
	       const struct tool_offer *offer, struct diag *d)
{
	int r;

	if (has_suffix(offer->name, PROVIDER_UNDO))
		return diag_set(d, -EINVAL, DIAG_RANGE, "name", "must not end in " PROVIDER_UNDO);
	r = add_one(p, caller, path, offer, d);
	return r == 0 && offer->can_undo ? add_undo(p, caller, path, offer, d) : r;
}

int providers_add(struct providers *p, struct caller *caller, const char *path,
		  const struct tool_offer *offers, size_t n, struct diag *d)
{
	char name[sizeof(caller->identity) + TOOL_NAME_MAX + 2];
	size_t done;
	int r = 0;

	for (done = 0; r == 0 && done < n; done++) {
		snprintf(name, sizeof(name), "%s/%s", caller->identity, offers[done].name);
		providers_remove(p, caller->name, name);
		r = add(p, caller, path, &offers[done], d);
	}
	for (size_t i = 0; r < 0 && i < done; i++) {
		snprintf(name, sizeof(name), "%s/%s", caller->identity, offers[i].name);
		providers_remove(p, caller->name, name);
	}
	if (r == 0)
		p->s.changed(p->s.arg);
	return r;
}

const struct backend *providers_backend(struct providers *p)
{
	return &p->backend;
}

int providers_new(struct providers **ret, const struct providers_setup *setup)
{
	struct providers *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->s = *setup;
	p->backend = (struct backend){ provider_call, provider_read, p };
	*ret = p;
	return 0;
}

struct providers *providers_free(struct providers *p)
{
	if (!p)
		return NULL;
	provider_calls_drop(p);
	while (p->first)
		remove_one(p, &p->first);
	free(p);
	return NULL;
}
