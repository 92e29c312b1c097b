/* SPDX-License-Identifier: MIT */
/* A request in plain words: by the sentence templates it becomes a task or an answer; what
 * they do not know is asked back, not guessed. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "assistantd/daemon/action.h"
#include "assistantd/daemon/data.h"
#include "util/macro.h"

static const struct {
	const char *intent, *task;
} writing[] = {
	{ "WritingTone", "tone" },
	{ "WritingProofread", "proofread" },
	{ "WritingSummarize", "summarize" },
	{ "WritingReply", "reply" },
};

void ask_answer(struct job *job, const char *kind, const char *text)
{
	job->kind = kind;
	job->source = "baseline";
	if (buf_append_str(&job->result, text) < 0) {
		job_finish(job, "Internal", "out of memory");
		return;
	}
	answer_delta(job, 0, job->result.data, job->result.len);
	job_done(job);
}

void ask_back(struct job *job, const char *question)
{
	ask_answer(job, "question", question);
}

static void tell_time(struct job *job)
{
	time_t now = time(NULL);
	char text[64];
	struct tm tm;

	if (!localtime_r(&now, &tm) || !strftime(text, sizeof(text), "It is %H:%M.", &tm)) {
		job_finish(job, "Internal", "the clock cannot be read");
		return;
	}
	ask_answer(job, "text", text);
}

/* The part of the request that is to be worked on: what follows the order, or, where that is
 * all there is, what came with it. */
static int take_text(struct job *job, const struct intent_slot *slot)
{
	size_t len;

	if (slot && slot->end > slot->start) {
		job->text = (struct span){ slot->start, slot->end - slot->start };
		return 0;
	}
	if (job->options.n_attachments == 0)
		return -ENOENT;
	/* Behind the order, so that one buffer holds all that offsets speak of. */
	len = job->input.len + 1;
	if (buf_append_char(&job->input, '\n') < 0 ||
	    buf_append_str(&job->input, job->options.attachments[0].text) < 0)
		return -ENOMEM;
	job->text = (struct span){ len, job->input.len - len };
	return 0;
}

static void begin_writing(struct job *job, const struct intent_match *m, const char *task)
{
	const char *style = intent_slot(m, "style");
	int r = take_text(job, intent_slot_find(m, "text"));

	if (r == 0 && style && !job->options.style) {
		job->options.style = strdup(style);
		r = job->options.style ? 0 : -ENOMEM;
	}
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

static void begin_intent(struct job *job, const struct intent_match *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(writing); i++)
		if (strcmp(writing[i].intent, m->intent) == 0) {
			begin_writing(job, m, writing[i].task);
			return;
		}
	if (strcmp(m->intent, "HassGetCurrentTime") == 0)
		tell_time(job);
	else if (strcmp(m->intent, "HassGetState") == 0)
		action_state(job, m);
	else
		action_begin(job, m);
}

void ask_begin(struct job *job)
{
	struct intent_context context[] = { { "area", job->options.area } };
	_cleanup_(intent_matches_freep) struct intent_matches *found = NULL;
	int r;

	refresh_names(job->d);
	r = job->d->languages ? languages_match(job->d->languages, job->input.data, job->input.len,
						context, job->options.area ? 1 : 0, &found)
			      : INTENT_E_NONE;
	if (r == 0)
		begin_intent(job, &found->items[0]);
	else if (r == INTENT_E_AMBIGUOUS)
		ask_back(job, "That could mean several things. Say it with the "
			    "device's full name, please.");
	else if (r == INTENT_E_NONE || r == -E2BIG)
		ask_back(job, "I did not understand that. I can correct, rewrite, "
			    "summarize or answer a text (\"make this friendlier: …\"), tell the "
			    "time, and switch what is known of your home.");
	else
		job_finish(job, r == -EINVAL ? "InvalidText" : "Internal", "%s", strerror(-r));
}
