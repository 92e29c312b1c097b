/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/training-filing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/log.h"
#include "assistantd/daemon/training-folder.h"
#include "util/macro.h"

struct filing {
	struct work work;
	uint64_t id;
	unsigned what;
	char *folder, *text;
	int report;
	training_filed_fn filed;
	void *arg;
};

static int run(struct work *work, struct store *store)
{
	struct filing *f = container_of(work, struct filing, work);
	int r = f->what & TRAINING_KEEP ? training_folder_keep(f->folder, f->report) : 0, saved = 0;

	(void)store;
	if (f->what & TRAINING_SAVE)
		saved = training_folder_save(f->folder, f->text);
	if (f->what & TRAINING_CLEAN && saved == 0)
		training_folder_clean(f->folder);
	if (f->what & TRAINING_REMOVE)
		training_folder_remove(f->folder);
	return r < 0 ? r : saved;
}

static struct filing *filing_free(struct filing *f)
{
	if (!f)
		return NULL;
	closep(&f->report);
	free(f->folder);
	free(f->text);
	free(f);
	return NULL;
}
DEFINE_CLEANUP(struct filing *, filing_free)

static void done(struct work *work, int result)
{
	struct filing *f = container_of(work, struct filing, work);

	/* The service ends: nobody waits for the loop any more. */
	if (result == -ECANCELED)
		result = run(work, NULL);
	if (result < 0)
		log_error("%s: %s", f->folder, strerror(-result));
	if (f->filed)
		f->filed(f->arg, f->id, result);
	filing_free(f);
}

int training_filing_post(struct worker *w, const struct training_run *r, unsigned what, int report,
			 training_filed_fn filed, void *arg)
{
	_cleanup_(filing_freep) struct filing *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	*f = (struct filing){ .work = { .run = run, .done = done }, .id = r->id, .what = what,
			      .report = -1, .filed = filed, .arg = arg };
	f->folder = strdup(r->folder);
	f->text = what & TRAINING_SAVE ? training_run_describe(r) : NULL;
	if (!f->folder || (what & TRAINING_SAVE && !f->text))
		return -ENOMEM;
	if (what & TRAINING_KEEP) {
		f->report = fcntl(report, F_DUPFD_CLOEXEC, 3);
		if (f->report < 0)
			return -errno;
	}
	worker_post(w, &TAKE(f)->work);
	return 0;
}
