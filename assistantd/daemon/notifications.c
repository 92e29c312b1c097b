/* SPDX-License-Identifier: MIT */
/* The task notifications: from the items of a request to its groups. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/job.h"
#include "assistantd/daemon/out.h"

int notifications_take(struct job *job, struct diag *d)
{
	const struct notice_list *list = &job->options.notices;
	int r = 0;

	if (job->input.len || job->in_fd >= 0)
		return diag_set(d, -EINVAL, DIAG_RANGE, "text", "expected none: notifications "
				"are given in items");
	if (!list->n)
		return diag_set(d, -EINVAL, DIAG_PAIR, "items", "missing");
	for (size_t i = 0; r == 0 && i < list->n; i++) {
		const struct notice *n = &list->items[i];

		r = buf_printf(&job->input, "%s%s%s%s%s%s", i ? "\n" : "", n->app,
			       *n->app ? ": " : "", n->summary,
			       *n->summary && *n->body ? ": " : "", n->body);
	}
	job->outside = true;
	return r;
}

static int write_lines(struct job *job)
{
	static const char *const marks[] = { "low     ", "        ", "urgent  " };
	int r = 0;

	for (size_t i = 0; r == 0 && i < job->groups.n; i++) {
		const struct notice_group *g = &job->groups.items[i];

		r = buf_printf(&job->result, "%s%s%s%s%s (%s)", i ? "\n" : "",
			       marks[g->urgency], g->app, *g->app ? ": " : "", g->text,
			       g->reason);
	}
	return r;
}

void notifications_begin(struct job *job)
{
	const struct notice_how how = { .kinds = job->d->notice_kinds, .rarity = job->d->rarity,
					.words = job->d->words };
	int r;

	job->source = "baseline";
	if (!how.kinds) {
		job_finish(job, "TaskUnavailable", "the table of kinds of notifications could "
			   "not be read");
		return;
	}
	r = notices_group(&job->options.notices, &how, &job->groups);
	if (r == 0)
		r = write_lines(job);
	if (r < 0) {
		job_finish(job, "Internal", "%s", strerror(-r));
		return;
	}
	answer_delta(job, 0, job->result.data, job->result.len);
	job_done(job);
}

void notifications_out(const struct job *job, DBusMessageIter *dict)
{
	struct out_list list;

	out_open_list(&list, dict, "groups");
	for (size_t i = 0; i < job->groups.n; i++) {
		const struct notice_group *g = &job->groups.items[i];
		DBusMessageIter *item = out_list_next(&list);

		out_dict_u32s(item, "ids", g->ids, g->n);
		out_dict_str(item, "app", g->app);
		out_dict_str(item, "text", g->text);
		out_dict_u32(item, "urgency", g->urgency);
		out_dict_str(item, "reason", g->reason);
		out_dict_str(item, "kind", g->kind);
		out_list_end_item(&list);
	}
	out_close_list(&list);
}
