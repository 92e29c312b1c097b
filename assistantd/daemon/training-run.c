/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/training-run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "assistantd/daemon/log.h"
#include "assistantd/daemon/training-folder.h"
#include "util/macro.h"

static const char *const end_names[TRAINING_END_COUNT] = { "open", "installed", "rejected",
							   "failed" };

const char *training_end_name(enum training_end end)
{
	return end_names[end];
}

int training_run_new(struct training_run **ret, const char *parent, uint64_t id)
{
	_cleanup_(training_run_freep) struct training_run *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->id = id;
	r->since = time(NULL);
	if (asprintf(&r->folder, "%s/%llu", parent, (unsigned long long)id) < 0) {
		r->folder = NULL;
		return -ENOMEM;
	}
	*ret = TAKE(r);
	return 0;
}

struct training_run *training_run_free(struct training_run *r)
{
	if (!r)
		return NULL;
	training_order_deinit(&r->order);
	free(r->text);
	free(r->folder);
	free(r);
	return NULL;
}

void training_run_say(struct training_run *r, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	free(r->text);
	r->text = text;
}

static json_t *to_json(const struct training_run *r)
{
	const struct train_progress *f = &r->figures;
	json_auto_t *figures = json_pack("{s:I, s:I, s:I, s:f, s:f, s:f}", "step",
					 (json_int_t)f->step, "total", (json_int_t)f->total,
					 "tokens", (json_int_t)f->tokens, "loss", (double)f->loss,
					 "held_out", (double)f->held_out, "held_out_base",
					 (double)f->held_out_base);
	json_auto_t *order = training_order_write(&r->order);

	if (!figures || !order)
		return NULL;
	return json_pack("{s:i, s:s, s:b, s:I, s:I, s:s, s:s, s:O, s:O}", "version", 1, "state",
			 end_names[r->end], "paused", r->paused, "since", (json_int_t)r->since,
			 "ended", (json_int_t)r->ended, "text", r->text ? r->text : "", "digest",
			 r->digest, "figures", figures, "order", order);
}

char *training_run_describe(const struct training_run *r)
{
	json_auto_t *root = to_json(r);

	return root ? json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;
}

static int read_end(struct training_run *r, const json_t *root, struct diag *d)
{
	const char *state = json_string_value(json_object_get(root, "state"));

	for (int i = 0; state && i < TRAINING_END_COUNT; i++) {
		if (strcmp(state, end_names[i]) != 0)
			continue;
		r->end = (enum training_end)i;
		return 0;
	}
	return diag_set(d, -EINVAL, DIAG_RANGE, "state", "none of those that there are");
}

static uint64_t count_of(const json_t *object, const char *key)
{
	return (uint64_t)MAX(json_integer_value(json_object_get(object, key)), (json_int_t)0);
}

static float loss_of(const json_t *object, const char *key)
{
	return (float)json_number_value(json_object_get(object, key));
}

static int from_json(struct training_run *r, const json_t *root, struct diag *d)
{
	const json_t *figures = json_object_get(root, "figures");
	const char *text = json_string_value(json_object_get(root, "text"));
	const char *digest = json_string_value(json_object_get(root, "digest"));
	int e;

	if (json_integer_value(json_object_get(root, "version")) != 1)
		return diag_set(d, -EINVAL, DIAG_RANGE, "version", "expected 1");
	e = training_order_read(&r->order, json_object_get(root, "order"), d);
	if (e == 0)
		e = read_end(r, root, d);
	if (e == 0 && (!r->order.name || !r->order.base || !r->order.task))
		e = diag_set(d, -EINVAL, DIAG_PAIR, "order", "name, base and task are needed");
	if (e == 0)
		e = training_order_check(&r->order, d);
	if (e < 0)
		return e;
	r->paused = json_is_true(json_object_get(root, "paused"));
	r->since = json_integer_value(json_object_get(root, "since"));
	r->ended = json_integer_value(json_object_get(root, "ended"));
	if (text && *text)
		training_run_say(r, "%s", text);
	if (digest && strlen(digest) == DIGEST_HEX_LEN)
		memcpy(r->digest, digest, sizeof(r->digest));
	r->figures = (struct train_progress){
		.step = count_of(figures, "step"), .total = count_of(figures, "total"),
		.tokens = count_of(figures, "tokens"), .loss = loss_of(figures, "loss"),
		.held_out = loss_of(figures, "held_out"),
		.held_out_base = loss_of(figures, "held_out_base"),
	};
	return 0;
}

static int read_run(struct training_run **ret, const char *parent, uint64_t id, struct diag *d)
{
	_cleanup_(training_run_freep) struct training_run *r = NULL;
	_cleanup_close_ int fd = -1;
	json_auto_t *root = NULL;
	json_error_t error;
	int e = training_run_new(&r, parent, id);

	if (e < 0)
		return e;
	fd = training_folder_open(r->folder, TRAINING_DESCRIPTION, O_RDONLY);
	if (fd < 0)
		return diag_set(d, fd, DIAG_SYSTEM, TRAINING_DESCRIPTION, "%s", strerror(-fd));
	root = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return diag_set(d, -EINVAL, DIAG_SYNTAX, TRAINING_DESCRIPTION, "line %d: %s",
				error.line, error.text);
	e = from_json(r, root, d);
	if (e < 0)
		return e;
	/* Cut off between its end and that. */
	if (r->end == TRAINING_INSTALLED || r->end == TRAINING_REJECTED)
		training_folder_clean(r->folder);
	r->has_data = training_folder_has(r->folder, TRAINING_DATA);
	r->has_report = training_folder_has(r->folder, TRAINING_REPORT);
	*ret = TAKE(r);
	return 0;
}

static void insert(struct training_run **list, struct training_run *r)
{
	while (*list && (*list)->id < r->id)
		list = &(*list)->next;
	r->next = *list;
	*list = r;
}

/* The number that a folder's name is; 0 for another name. */
static uint64_t number_of(const char *name)
{
	size_t n = strspn(name, "0123456789");

	return n > 0 && n <= 18 && !name[n] && name[0] != '0' ? strtoull(name, NULL, 10) : 0;
}

static int read_entry(struct training_run **list, const char *parent, const char *name,
		      uint64_t *last_id)
{
	_cleanup_free_ char *path = NULL;
	struct training_run *r = NULL;
	struct diag d = DIAG_NULL;
	size_t n = strlen(name);
	uint64_t id = number_of(name);
	int e;

	if (asprintf(&path, "%s/%s", parent, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (n > strlen(TRAINING_PARTIAL) &&
	    strcmp(name + n - strlen(TRAINING_PARTIAL), TRAINING_PARTIAL) == 0)
		training_folder_remove_partial(path);
	if (!id)
		return 0;
	*last_id = MAX(*last_id, id);
	e = read_run(&r, parent, id, &d);
	if (e == 0)
		insert(list, r);
	else if (e != -ENOMEM)
		log_error("%s: %s: %s; this run does not go on", path, d.field, d.text);
	return e == -ENOMEM ? e : 0;
}

int training_runs_read(struct training_run **ret, const char *parent, uint64_t *last_id)
{
	struct training_run *list = NULL;
	DIR *dir = opendir(parent);
	struct dirent *entry;
	int e = 0;

	*last_id = 0;
	while (dir && e == 0 && (entry = readdir(dir)))
		e = read_entry(&list, parent, entry->d_name, last_id);
	if (dir)
		closedir(dir);
	while (e < 0 && list) {
		struct training_run *next = list->next;

		training_run_free(list);
		list = next;
	}
	*ret = list;
	return e;
}
