/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/task.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/daemon/options.h"
#include "util/macro.h"

/* A model below this cannot follow a prompt that describes its task. */
enum { CAPABLE_CONTEXT = 1024 };

static const struct task tasks[] = {
	{ TASK_PROOFREAD, "proofread", "Correct spelling and grammar",
	  OPTION_COMMON | OPTION_MODEL, true, false, true, 1.25f, "edits" },
	{ TASK_TONE, "tone", "Rewrite in another tone",
	  OPTION_COMMON | OPTION_MODEL | OPTION_STYLE, true, false, true, 1.5f, "" },
	{ TASK_SUMMARIZE, "summarize", "Summarize",
	  OPTION_COMMON | OPTION_MODEL | OPTION_SUMMARY, true, true, false, 0.3f,
	  "sentences headline keypoints" },
	{ TASK_REPLY, "reply", "Suggest replies",
	  OPTION_COMMON | OPTION_MODEL | OPTION_REPLY, true, true, false, 0.5f, "candidates" },
	{ TASK_ASK, "ask", "Ask the assistant", OPTION_COMMON | OPTION_MODEL | OPTION_ASK, true,
	  true, false, 0.5f, "kind actions choices conversation" },
};

const struct task *task_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(tasks); i++)
		if (strcmp(tasks[i].name, name) == 0)
			return &tasks[i];
	return NULL;
}

const struct task *task_at(size_t index)
{
	return index < ARRAY_SIZE(tasks) ? &tasks[index] : NULL;
}

static void use_adapter(struct serving *ret, const struct installed *i)
{
	ret->uses[ret->n_uses++] = (struct serving_use){ *i, i->entry->manifest.scale };
	ret->prompt = i->entry->manifest.prompt;
}

static int named_adapter(const struct daemon *d, const struct task *task, const char *name,
			 struct serving *ret)
{
	const struct manifest *m;
	struct installed found;

	if (!library_find(d->library, name, &found))
		return -ENOENT;
	m = &found.entry->manifest;
	if (strcmp(m->task, task->name) != 0 ||
	    manifest_mismatch(m, &engine_model(d->engine)->identity) != MANIFEST_FITS)
		return -EXDEV;
	use_adapter(ret, &found);
	return 0;
}

static void without_adapter(const struct daemon *d, const struct task *task, const char *style,
			    struct serving *ret)
{
	ret->status = TASK_STATUS_DEGRADED;
	if (engine_model(d->engine)->context >= CAPABLE_CONTEXT) {
		ret->prompt = prompts_find(d->prompts, task->name);
		ret->reason = "no adapter is installed for this model; its prompt alone is used";
	} else if (task->has_baseline) {
		ret->reason = "served without the model";
	}
	if (!ret->prompt && !task->has_baseline) {
		ret->status = TASK_STATUS_UNAVAILABLE;
		ret->reason = style ? "no adapter of this style is installed for the model; "
				      "ListTasks tells the styles"
				    : "no adapter is installed for this model";
	}
}

int task_serving(const struct daemon *d, const struct task *task, const char *style,
		 const char *adapter, struct serving *ret)
{
	enum engine_state state = engine_state(d->engine);
	struct installed chosen;
	int r = 0;

	*ret = (struct serving){ .status = TASK_STATUS_AVAILABLE, .reason = "" };
	/* Sentences are understood by templates; what they ask for is served in its turn. */
	if (task->kind == TASK_ASK)
		return 0;
	if (state != ENGINE_READY) {
		bool dead = state == ENGINE_NO_MODEL;

		ret->reason = dead ? engine_trouble(d->engine) : "the model is being loaded";
		ret->status = !dead ? TASK_STATUS_LOADING :
			      task->has_baseline ? TASK_STATUS_DEGRADED : TASK_STATUS_UNAVAILABLE;
		return 0;
	}
	if (adapter)
		r = named_adapter(d, task, adapter, ret);
	else if (library_choose(d->library, task->name, style, &engine_model(d->engine)->identity,
				&chosen))
		use_adapter(ret, &chosen);
	else
		without_adapter(d, task, style, ret);
	return r;
}

void serving_names(const struct serving *s, bool scales, char ret[SERVING_TEXT_MAX])
{
	size_t at = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < s->n_uses && at < SERVING_TEXT_MAX; i++) {
		at += (size_t)snprintf(ret + at, SERVING_TEXT_MAX - at, "%s%s", i ? "," : "",
				       s->uses[i].adapter.entry->manifest.name);
		if (scales && at < SERVING_TEXT_MAX)
			at += (size_t)snprintf(ret + at, SERVING_TEXT_MAX - at, "=%g",
					       (double)s->uses[i].scale);
	}
}

size_t task_styles(const struct daemon *d, const struct task *task, const char **styles,
		   size_t max)
{
	struct installed at;
	size_t n = 0;

	if (engine_state(d->engine) != ENGINE_READY)
		return 0;
	for (size_t i = 0; n < max && library_at(d->library, i, &at); i++) {
		const struct manifest *m = &at.entry->manifest;
		size_t known = 0;

		if (strcmp(m->task, task->name) != 0 || !m->style ||
		    manifest_mismatch(m, &engine_model(d->engine)->identity) != MANIFEST_FITS)
			continue;
		while (known < n && strcmp(styles[known], m->style) != 0)
			known++;
		if (known == n)
			styles[n++] = m->style;
	}
	return n;
}
