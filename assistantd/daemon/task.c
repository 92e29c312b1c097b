/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/task.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/daemon/fit.h"
#include "assistantd/daemon/language.h"
#include "assistantd/daemon/options.h"
#include "assistantd/daemon/proofreader.h"
#include "assistantd/daemon/tones.h"
#include "util/macro.h"

/* A model below this cannot follow a prompt that describes its task. */
enum { CAPABLE_CONTEXT = 2048 };
/* Nor does one whose file is smaller keep to what a text says. */
static const uint64_t writer_bytes = 256 << 20;

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
	{ TASK_NOTIFICATIONS, "notifications", "Sort notifications",
	  OPTION_COMMON | OPTION_NOTICES, false, true, false, 0, "groups" },
	{ TASK_ASK, "ask", "Ask the assistant", OPTION_COMMON | OPTION_MODEL | OPTION_ASK, true,
	  true, false, 0.5f, "kind actions choices conversation explanation" },
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

static void use_adapter(struct serving *ret, const struct installed *i, const struct fit *fit)
{
	ret->uses[ret->n_uses++] = (struct serving_use){ *i, i->entry->manifest.scale,
							 fit->state == FIT_UNPROVEN };
	ret->prompt = i->entry->manifest.prompt;
}

static bool may_serve(const struct fit *fit)
{
	return fit->state == FIT_GOOD || fit->state == FIT_UNPROVEN;
}

static void __attribute__((format(printf, 2, 3))) explain(struct serving *ret, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(ret->trouble, sizeof(ret->trouble), fmt, args);
	va_end(args);
}

static int named_adapter(const struct daemon *d, const struct task *task, const char *name,
			 struct serving *ret)
{
	struct installed found;
	struct fit fit;

	if (!library_find(d->library, name, &engine_model(d->engine)->identity, &found)) {
		explain(ret, "no adapter '%s' is installed", name);
		return -ENOENT;
	}
	if (strcmp(found.entry->manifest.task, task->name) != 0) {
		explain(ret, "the adapter '%s' is for the task %s", name,
			found.entry->manifest.task);
		return -EXDEV;
	}
	fit_find(d, &found, &fit);
	if (!may_serve(&fit)) {
		explain(ret, "the adapter '%s' does not serve: %s", name, fit.text);
		return -EXDEV;
	}
	use_adapter(ret, &found, &fit);
	return 0;
}

/* Of the adapter that came last: 0 or -EXDEV. */
static int scale_last(struct serving *ret, double factor)
{
	struct serving_use *last = &ret->uses[ret->n_uses - 1];

	last->scale *= (float)factor;
	if (last->scale > ENGINE_SCALE_MAX) {
		explain(ret, "the adapter '%s' would have the scale %g, at most %g is allowed",
			last->adapter.entry->manifest.name, (double)last->scale,
			(double)ENGINE_SCALE_MAX);
		return -EXDEV;
	}
	for (struct serving_use *u = ret->uses; u < last; u++)
		if (digest_equal(&u->adapter.entry->digest, &last->adapter.entry->digest)) {
			explain(ret, "the adapters '%s' and '%s' are the same",
				u->adapter.entry->manifest.name,
				last->adapter.entry->manifest.name);
			return -EXDEV;
		}
	if (last->scale == 0.0f)
		ret->n_uses--;
	return 0;
}

static int named_adapters(const struct daemon *d, const struct task *task, const struct options *o,
			  struct serving *ret)
{
	double most = -1.0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->n_adapters; i++) {
		const struct named_adapter *a = &o->adapters[i];
		const char *before = ret->prompt;

		r = named_adapter(d, task, a->name, ret);
		if (r == 0)
			r = scale_last(ret, a->factor * o->scale);
		if (a->factor <= most)
			ret->prompt = before;
		most = MAX(most, a->factor);
	}
	return r;
}

/* Whether it is for texts of this language, or of none that was told (NULL). */
static bool is_for(const struct manifest *m, const char *language)
{
	for (size_t i = 0; language && i < m->n_languages; i++)
		if (language_same(m->languages[i], language))
			return true;
	return !language || m->n_languages == 0;
}

/* The first one that is for it, made for the model, and not refused. */
static bool choose_adapter(const struct daemon *d, const struct task *task,
			   const struct options *o, struct serving *ret)
{
	struct installed at;

	for (size_t i = 0; library_at(d->library, i, &at); i++) {
		const struct manifest *m = &at.entry->manifest;
		struct fit fit;

		if (at.entry->state != CATALOG_ACTIVE || strcmp(m->task, task->name) != 0 ||
		    (o->style && (!m->style || strcmp(m->style, o->style) != 0)))
			continue;
		fit_find(d, &at, &fit);
		if (may_serve(&fit) && !is_for(m, o->language)) {
			explain(ret, "no adapter for texts in '%s' is installed", o->language);
			continue;
		}
		if (may_serve(&fit)) {
			use_adapter(ret, &at, &fit);
			return true;
		}
		/* One for another model is none here; any other reason is worth knowing. */
		if (fit.state != FIT_WEIGHTS)
			explain(ret, "the adapter '%s' does not serve: %s", m->name, fit.text);
	}
	return false;
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
	if (*ret->trouble)
		ret->reason = ret->trouble;
}

bool task_model_writes(const struct daemon *d)
{
	return engine_state(d->engine) == ENGINE_READY &&
	       engine_model(d->engine)->bytes >= writer_bytes;
}

/* Whether the user has an adapter for this, which goes before rules. */
static bool has_own_adapter(const struct daemon *d, const struct task *task, const char *style)
{
	struct installed at;

	for (size_t i = 0; library_at(d->library, i, &at); i++) {
		const struct manifest *m = &at.entry->manifest;
		struct fit fit;

		if (!at.users || at.entry->state != CATALOG_ACTIVE ||
		    strcmp(m->task, task->name) != 0 ||
		    (style && (!m->style || strcmp(m->style, style) != 0)))
			continue;
		fit_find(d, &at, &fit);
		if (may_serve(&fit))
			return true;
	}
	return false;
}

/* Whether plain code proposes what a model chooses from. */
static bool proposes(const struct daemon *d, const struct task *task, const struct options *o)
{
	if (o->n_adapters)
		return false;
	if (task->kind == TASK_PROOFREAD)
		return d->proofreader && proofreader_reads(d->proofreader, o->language);
	return task->kind == TASK_TONE && tones_find(d->tones, o->style);
}

int task_serving(const struct daemon *d, const struct task *task, const struct options *o,
		 struct serving *ret)
{
	static const struct options none = { .scale = 1.0 };
	enum engine_state state = engine_state(d->engine);
	bool rules;
	int r = 0;

	*ret = (struct serving){ .status = TASK_STATUS_AVAILABLE, .reason = "" };
	/* Sentences are understood by templates; what they ask for is served in its turn. No
	 * model sorts notifications. */
	if (task->kind == TASK_ASK || task->kind == TASK_NOTIFICATIONS)
		return 0;
	o = o ? o : &none;
	if (state != ENGINE_READY) {
		bool dead = state == ENGINE_NO_MODEL;

		ret->reason = dead ? engine_trouble(d->engine) : "the model is being loaded";
		/* Rules of tones do without a model. */
		ret->chooses = task->kind == TASK_TONE && proposes(d, task, o);
		ret->status = !dead ? TASK_STATUS_LOADING :
			      task->has_baseline || ret->chooses ? TASK_STATUS_DEGRADED :
								   TASK_STATUS_UNAVAILABLE;
		return 0;
	}
	rules = proposes(d, task, o) && !task_model_writes(d);
	if (o->n_adapters) {
		r = named_adapters(d, task, o, ret);
	} else if (rules && (o->style || task->kind != TASK_TONE) &&
		   !has_own_adapter(d, task, o->style)) {
		ret->chooses = true;
	} else if (choose_adapter(d, task, o, ret)) {
		r = scale_last(ret, o->scale);
	} else if (rules) {
		ret->chooses = true;
	} else {
		without_adapter(d, task, o->style, ret);
	}
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

	for (size_t i = 0; task->kind == TASK_TONE && d->tones && n < max &&
			   i < d->tones->n_styles; i++)
		styles[n++] = d->tones->styles[i].name;
	if (engine_state(d->engine) != ENGINE_READY)
		return n;
	for (size_t i = 0; n < max && library_at(d->library, i, &at); i++) {
		const struct manifest *m = &at.entry->manifest;
		struct fit fit;
		size_t known = 0;

		if (at.entry->state != CATALOG_ACTIVE || strcmp(m->task, task->name) != 0 ||
		    !m->style)
			continue;
		fit_find(d, &at, &fit);
		while (known < n && strcmp(styles[known], m->style) != 0)
			known++;
		if (known == n && may_serve(&fit))
			styles[n++] = m->style;
	}
	return n;
}
