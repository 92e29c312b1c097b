/* SPDX-License-Identifier: MIT */
/* Every request leaves a receipt, written before its answer goes out. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/action.h"
#include "assistantd/daemon/job.h"
#include "assistantd/daemon/log.h"
#include "util/macro.h"
#include "util/utf8.h"

static int write_receipt(struct work *work, struct store *store)
{
	struct job *job = container_of(work, struct job, work);

	int r = store ? store_add_receipt(store, &job->receipt, &job->id) : -ENODEV;

	return r == 0 && job->action ? action_write(job->action, store, job->id) : r;
}

/* The answer does not depend on the store: the user is told that nothing was written down. */
static void written(struct work *work, int result)
{
	struct job *job = container_of(work, struct job, work);

	if (result != 0) {
		log_warning("store: the receipt was not written (%d)", result);
		job_warn(job, "the request was not written to the history");
	}
	answer_final(job);
}

/* A text that came over a descriptor may have been refused for what it holds. */
static bool readable(const struct buf *text)
{
	return text->len && utf8_valid(text->data, text->len) && !memchr(text->data, 0, text->len);
}

/* The strings are the job's and its caller's, which do not change while the worker has them. */
static void write_now(void *arg)
{
	struct job *job = arg;
	bool keep = !job->options.is_private && job->d->config.keep_text;
	struct store_receipt *r = &job->receipt;

	*r = (struct store_receipt){
		.time_ms = job->wall_ms,
		.caller = job->caller->identity,
		.task = job->asked->name,
		.adapter = *job->recorded ? job->recorded : NULL,
		.adapter_digest = *job->adapter ? job->adapter_digest : NULL,
		.base_digest = *job->base_digest ? job->base_digest : NULL,
		.scale = (double)job->scale,
		.generation = job->generation,
		.tokens_in = job->tokens_in,
		.tokens_out = job->tokens_out,
		.queued_ms = job->queued_ms,
		.loading_ms = job->loading_ms,
		.reading_ms = job->reading_ms,
		.writing_ms = job->writing_ms,
		.finish = job->error ? job->error : job->finish,
		.source = job->source,
		.effects = job->effects,
		.is_private = !keep,
		.request = keep && readable(&job->input) ? job->input.data : NULL,
		.result = keep && job->result.len ? job->result.data : NULL,
		.request_label = job->outside ? STORE_LABEL_OUTSIDE : STORE_LABEL_USER,
		.result_label = STORE_LABEL_OUTSIDE,
	};
	if (job->action)
		action_prepare(job->action);
	job->work = (struct work){ .run = write_receipt, .done = written };
	worker_post(job->d->worker, &job->work);
}

void receipt_write(struct job *job)
{
	if (caller_when_known(job->caller, write_now, job) < 0)
		write_now(job);
}
