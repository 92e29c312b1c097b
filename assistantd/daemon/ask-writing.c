/* SPDX-License-Identifier: MIT */
/* What words want of a text: the task that does it, and the text that it is done to. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/ask-private.h"
#include "util/macro.h"

static const struct {
	const char *intent, *task;
} writing[] = {
	{ "WritingTone", "tone" },
	{ "WritingProofread", "proofread" },
	{ "WritingSummarize", "summarize" },
	{ "WritingReply", "reply" },
};

/* What an application offers as text, for "summarize this". */
static const char *offered_text(const struct job *job)
{
	struct things at = { 0 };
	const char *text = NULL;
	struct thing t;

	while (!text && things_next(job, &at, &t))
		if (t.offer)
			text = json_string_value(json_object_get(t.offer->data, "text"));
	return text;
}

/* What came with the request, for where the order is all that it says. */
static const char *other_text(const struct job *job)
{
	return job->options.n_attachments ? job->options.attachments[0].text : offered_text(job);
}

bool ask_lacks_text(const struct job *job, const struct order *o)
{
	const char *text = order_slot(o, "text");

	return ask_writing_task(o) && !(text && *text) && !other_text(job);
}

/* The part of the request that is to be worked on: what follows the order, or what came with
 * it. */
static int take_text(struct job *job, const char *slot)
{
	size_t len = slot ? strlen(slot) : 0;
	const char *at = len ? memmem(job->input.data, job->input.len, slot, len) : NULL;
	const char *other = other_text(job);

	if (at) {
		job->text = (struct span){ (size_t)(at - job->input.data), len };
		return 0;
	}
	if (!other)
		return -ENOENT;
	/* Behind the order, so that one buffer holds all that offsets speak of. */
	len = job->input.len + 1;
	if (buf_append_char(&job->input, '\n') < 0 || buf_append_str(&job->input, other) < 0)
		return -ENOMEM;
	job->text = (struct span){ len, job->input.len - len };
	job->outside = true;
	return 0;
}

/* What the words say of an option that was not given. */
static int take_option(const struct order *o, const char *slot, char **option)
{
	const char *said = order_slot(o, slot);

	if (!said || *option)
		return 0;
	*option = strdup(said);
	return *option ? 0 : -ENOMEM;
}

void ask_write(struct job *job, const struct order *o, const char *task)
{
	int r = take_text(job, order_slot(o, "text"));

	if (r == 0)
		r = take_option(o, "style", &job->options.style);
	if (r == 0)
		r = take_option(o, "hint", &job->options.hint);
	if (r == -ENOENT) {
		ask_back(job, "Which text?");
	} else if (r < 0) {
		job_finish(job, "Internal", "%s", strerror(-r));
	} else {
		job->kind = "text";
		job->task = task_find(task);
		job_work(job);
	}
}

const char *ask_writing_task(const struct order *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(writing); i++)
		if (strcmp(writing[i].intent, o->intent) == 0)
			return writing[i].task;
	return NULL;
}
