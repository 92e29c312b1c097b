/* SPDX-License-Identifier: MIT */
#include "assistantd/ctl/train.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "assistantd/ctl/adapter.h"
#include "util/macro.h"

#define TRAINING "org.assistantd.Training1"
#define MODELS "org.assistantd.Models1"

/* How long is waited to tell the user at once what is wrong with the data. */
enum { READING_S = 10 };

static bool is(const json_t *run, const char *key, const char *value)
{
	return strcmp(ctl_text(run, key), value) == 0;
}

static bool has_ended(const json_t *run)
{
	return is(run, "state", "installed") || is(run, "state", "rejected") ||
	       is(run, "state", "failed");
}

static double real(const json_t *run, const char *key)
{
	return json_number_value(json_object_get(run, key));
}

static void put_loss(const char *label, double loss)
{
	if (loss > 0)
		printf("  %s %.3f", label, loss);
}

static void put_left(long long seconds)
{
	if (seconds >= 3600)
		printf("  %lld h %02lld min left", seconds / 3600, seconds / 60 % 60);
	else if (seconds >= 60)
		printf("  %lld min left", seconds / 60);
	else if (seconds > 0)
		printf("  %lld s left", seconds);
}

/* What it does, on one line. */
static void print_run(const json_t *run)
{
	ctl_put_plain(stdout, ctl_text(run, "name"));
	printf("  %s", ctl_text(run, "state"));
	if (!has_ended(run) && *ctl_text(run, "stage"))
		printf("  %s", ctl_text(run, "stage"));
	if (ctl_number(run, "total") > 0)
		printf("  step %lld of %lld", ctl_number(run, "step"), ctl_number(run, "total"));
	put_loss("loss", real(run, "loss"));
	put_loss("held out", real(run, "held_out"));
	put_loss("base alone", real(run, "held_out_base"));
	/* There is a speed behind the first step. */
	if (is(run, "state", "running") && real(run, "tokens_per_s") > 0)
		printf("  rate %.2g  %.0f tokens/s", real(run, "rate"), real(run, "tokens_per_s"));
	if (!has_ended(run))
		put_left(ctl_number(run, "seconds_left"));
	if (*ctl_text(run, "reason")) {
		fputs("  (", stdout);
		ctl_put_plain(stdout, ctl_text(run, "reason"));
		putchar(')');
	}
}

static void print_line(const json_t *run)
{
	print_run(run);
	putchar('\n');
}

/* The last one of that name, or the one with that number: CTL_OK and it in *@ret (the caller's),
 * or the status after a message. */
static int find(struct ctl *c, const char *name, json_t **ret)
{
	json_t *runs, *run, *found = NULL;
	int status = ctl_fetch_list(c, TRAINING, "List", &runs);
	char number[24];
	size_t i;

	json_array_foreach(runs, i, run) {
		snprintf(number, sizeof(number), "%lld", ctl_number(run, "id"));
		if (is(run, "name", name) || (!found && strcmp(number, name) == 0))
			found = run;
	}
	if (status == CTL_OK && !found) {
		fprintf(stderr, "assistantctl: no run of training '%s'; assistantctl adapter train "
			"tells what there is\n", name);
		status = CTL_FAILED;
	}
	*ret = json_incref(found);
	json_decref(runs);
	return status;
}

static DBusMessage *run_message(const char *member, const json_t *run)
{
	dbus_uint64_t id = (dbus_uint64_t)ctl_number(run, "id");
	DBusMessage *m = ctl_message(TRAINING, member);

	if (!m)
		return NULL;
	dbus_message_append_args(m, DBUS_TYPE_UINT64, &id, DBUS_TYPE_INVALID);
	ctl_no_options(m);
	return m;
}

static int change(struct ctl *c, const char *member, const char *name)
{
	json_t *run, *ignored = NULL;
	int status = find(c, name, &run);

	if (status == CTL_OK)
		status = ctl_call(c, run_message(member, run), &ignored);
	json_decref(ignored);
	json_decref(run);
	return status;
}

/* The page's place: the service hands out the file, and the system knows its name. */
static int print_path(int fd)
{
	char link[40], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0) {
		fprintf(stderr, "assistantctl: %s: %s\n", link, strerror(errno));
		return CTL_FAILED;
	}
	path[n] = '\0';
	puts(path);
	return CTL_OK;
}

static int report(struct ctl *c, const char *name)
{
	DBusError error = DBUS_ERROR_INIT;
	_cleanup_close_ int fd = -1;
	DBusMessage *m, *reply = NULL;
	json_t *run;
	int status = find(c, name, &run);

	if (status != CTL_OK)
		return status;
	m = run_message("Report", run);
	json_decref(run);
	if (m) {
		reply = dbus_connection_send_with_reply_and_block(c->bus, m, -1, &error);
		dbus_message_unref(m);
	}
	if (!reply) {
		status = ctl_show_error(error.name ? error.name : DBUS_ERROR_NO_MEMORY,
					error.message ? error.message : "out of memory");
		dbus_error_free(&error);
		return status;
	}
	if (dbus_message_get_args(reply, NULL, DBUS_TYPE_UNIX_FD, &fd, DBUS_TYPE_INVALID))
		status = print_path(fd);
	dbus_message_unref(reply);
	return status;
}

static int outcome(struct ctl *c, const json_t *run)
{
	bool installed = is(run, "state", "installed");

	if (c->json)
		ctl_print_json(run);
	else if (!installed && *ctl_text(run, "reason"))
		fprintf(stderr, "assistantctl: %s: %s\n", ctl_text(run, "name"),
			ctl_text(run, "reason"));
	return installed ? CTL_OK : CTL_FAILED;
}

/* In place of the line before, on a terminal. */
static void show(struct ctl *c, const json_t *run)
{
	bool terminal = isatty(STDOUT_FILENO);

	if (c->json)
		return;
	fputs(terminal ? "\r\033[K" : "", stdout);
	print_run(run);
	fputs(terminal && !has_ended(run) ? "" : "\n", stdout);
	fflush(stdout);
}

/* A line of what has changed, until the end. */
static int watch(struct ctl *c, const char *name)
{
	json_t *run = NULL, *before = NULL;
	int status;

	while ((status = find(c, name, &run)) == CTL_OK) {
		if (!before || !json_equal(run, before))
			show(c, run);
		json_decref(before);
		before = run;
		if (has_ended(run))
			break;
		sleep(1);
	}
	if (status == CTL_OK)
		status = outcome(c, run);
	json_decref(before);
	return status;
}

/* Until its data have been read, if it is its turn: what is wrong with them is told at once. */
static int first_look(struct ctl *c, const char *name)
{
	json_t *run;
	int status = find(c, name, &run);

	for (int i = 0; i < READING_S * 5 && is(run, "state", "running") &&
	     is(run, "stage", "reading"); i++) {
		usleep(200000);
		json_decref(run);
		status = find(c, name, &run);
	}
	if (status == CTL_OK && has_ended(run)) {
		status = outcome(c, run);
	} else if (status == CTL_OK && c->json) {
		ctl_print_json(run);
	} else if (status == CTL_OK) {
		if (ctl_number(run, "sequence") > 1)
			printf("It becomes version %lld of %s, where it is better than the model "
			       "alone.\n", ctl_number(run, "sequence"), name);
		printf("It goes on by itself; assistantctl adapter train watch %s shows how far it "
		       "is.\n", name);
	}
	json_decref(run);
	return status;
}

/* "3b-q4" for that, and for the path of an installed file. The caller frees it; NULL after a
 * message. */
static char *model_name(struct ctl *c, const char *base)
{
	_cleanup_free_ char *path = realpath(base, NULL);
	json_t *models, *model;
	char *name = NULL;
	size_t i;

	if (ctl_fetch_list(c, MODELS, "List", &models) != CTL_OK)
		return NULL;
	json_array_foreach(models, i, model) {
		_cleanup_free_ char *other = realpath(ctl_text(model, "path"), NULL);

		if (!name && (strcmp(ctl_text(model, "name"), base) == 0 ||
			      (path && other && strcmp(path, other) == 0)))
			name = strdup(ctl_text(model, "name"));
	}
	json_decref(models);
	if (!name)
		fprintf(stderr, "assistantctl: --base: %s is no installed model; assistantctl "
			"model add %s\n", base, base);
	return name;
}

static bool take_real(const char *option, const char *text, double *ret)
{
	char *end = NULL;

	*ret = text ? strtod(text, &end) : 0;
	if (!text || (*text && !*end))
		return true;
	fprintf(stderr, "assistantctl: %s: '%s', expected a number\n", option, text);
	return false;
}

static bool take_seed(const char *text, uint64_t *ret)
{
	char *end = NULL;

	*ret = text && isdigit((unsigned char)*text) ? strtoull(text, &end, 10) : 0;
	if (!text || (end && !*end))
		return true;
	fprintf(stderr, "assistantctl: --seed: '%s', expected a number\n", text);
	return false;
}

static void option_number(DBusMessageIter *dict, const char *key, uint32_t value)
{
	if (value)
		ctl_option_u32(dict, key, value);
}

static void option_fd(DBusMessageIter *dict, const char *key, int fd)
{
	if (fd >= 0)
		ctl_option_fd(dict, key, fd);
}

static int append_options(struct ctl *c, DBusMessageIter *at)
{
	const struct ctl_train *t = &c->train;
	_cleanup_(buf_deinit) struct buf prompt = BUF_NULL;
	_cleanup_free_ char *base = t->base ? model_name(c, t->base) : NULL;
	_cleanup_close_ int held_out = t->held_out ? train_open_data(t->held_out) : -1;
	double alpha, rate;
	DBusMessageIter dict;
	uint64_t seed;
	int status = adapter_read_prompt(c->prompt, &prompt);

	if (status != CTL_OK || (t->base && !base) || (t->held_out && held_out < 0) ||
	    !take_real("--alpha", t->alpha, &alpha) || !take_real("--rate", t->rate, &rate) ||
	    !take_seed(t->seed, &seed))
		return CTL_USAGE;
	ctl_open_options(at, &dict);
	ctl_option_str(&dict, "base", base);
	ctl_option_str(&dict, "task", c->task);
	ctl_option_str(&dict, "style", c->style);
	ctl_option_str(&dict, "title", c->title);
	ctl_option_str(&dict, "prompt", prompt.data);
	if (c->languages)
		adapter_option_languages(&dict, c->languages);
	option_fd(&dict, "held_out", held_out);
	option_number(&dict, "rank", t->rank);
	option_number(&dict, "context", t->context);
	option_number(&dict, "rows", t->rows);
	option_number(&dict, "epochs", t->epochs);
	option_number(&dict, "threads", t->threads);
	if (t->alpha)
		ctl_option_double(&dict, "alpha", alpha);
	if (t->rate)
		ctl_option_double(&dict, "rate", rate);
	if (t->seed)
		ctl_option_u64(&dict, "seed", seed);
	ctl_close_options(at, &dict);
	return CTL_OK;
}

static int start(struct ctl *c, const char *name)
{
	_cleanup_close_ int data = train_open_data(c->train.data);
	DBusMessage *m = data < 0 ? NULL : ctl_message(TRAINING, "Start");
	DBusMessageIter at;
	json_t *answer = NULL;
	int status;

	if (!m)
		return data < 0 ? CTL_USAGE : CTL_FAILED;
	dbus_message_iter_init_append(m, &at);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &name);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_UNIX_FD, &data);
	status = append_options(c, &at);
	if (status != CTL_OK) {
		dbus_message_unref(m);
		return status;
	}
	/* The data are copied first. */
	status = ctl_call_within(c, m, PROOF_MS, &answer);
	json_decref(answer);
	if (status != CTL_OK)
		return status;
	return c->train.wait ? watch(c, name) : first_look(c, name);
}

int adapter_train(struct ctl *c)
{
	static const struct {
		const char *verb, *member;
		int (*run)(struct ctl *c, const char *name);
	} verbs[] = { { "watch", NULL, watch }, { "report", NULL, report },
		      { "pause", "Pause", NULL }, { "resume", "Resume", NULL },
		      { "stop", "Stop", NULL } };

	if (c->argc == 1 && !c->train.data)
		return ctl_show_list(c, TRAINING, "List", print_line);
	if (c->argc == 2 && c->train.data)
		return start(c, c->argv[1]);
	for (size_t i = 0; c->argc == 3 && i < ARRAY_SIZE(verbs); i++)
		if (strcmp(c->argv[1], verbs[i].verb) == 0)
			return verbs[i].run ? verbs[i].run(c, c->argv[2])
					    : change(c, verbs[i].member, c->argv[2]);
	fprintf(stderr, "usage: assistantctl adapter train [NAME --data FILE | watch NAME | pause "
		"NAME | resume NAME | stop NAME | report NAME]\n");
	return CTL_USAGE;
}

void train_summary(struct ctl *c, void (*label)(bool ok, const char *text))
{
	json_t *runs, *run;
	char text[400] = "nothing is being trained";
	bool ok = true, open = false;
	size_t i;

	if (ctl_fetch_list(c, TRAINING, "List", &runs) != CTL_OK)
		return;
	/* One that goes on says more than those that are over, and a later one than an earlier. */
	json_array_foreach(runs, i, run) {
		const char *reason = ctl_text(run, "reason");

		if (has_ended(run) && open)
			continue;
		ok = !is(run, "state", "failed");
		snprintf(text, sizeof(text), "%s: %s%s%s", ctl_text(run, "name"),
			 ctl_text(run, "state"), *reason ? ", " : "", reason);
		if (!has_ended(run)) {
			open = true;
			if (is(run, "state", "running") || is(run, "state", "paused"))
				break;
		}
	}
	json_decref(runs);
	label(ok, text);
}
