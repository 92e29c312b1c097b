/* SPDX-License-Identifier: MIT */
/* doctor: what may be wrong with the installation. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "assistantd/ctl/train.h"

static void check(const char *what, bool ok, const char *found, const char *advice)
{
	printf("%-9s %-7s ", what, ok ? "OK" : "PROBLEM");
	ctl_put_plain(stdout, found);
	putchar('\n');
	if (!ok && advice)
		printf("          %s\n", advice);
}

/*
 * What the service says of its configuration, one line in @text: it would not start with a wrong
 * one, and one that runs goes on with what it had. 0: nothing is wrong; 1; -1: it cannot be run.
 */
static int check_config(char *text, size_t size)
{
	FILE *f = popen("assistantd --check 2>&1", "re");
	char rest[256];
	int status;

	if (!f)
		return -1;
	if (!fgets(text, (int)size, f))
		*text = '\0';
	while (fgets(rest, sizeof(rest), f))
		;
	text[strcspn(text, "\n")] = '\0';
	status = pclose(f);
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		return -1;
	return WEXITSTATUS(status);
}

/* False where it is known to be wrong. */
static bool is_config_right(void)
{
	char text[600] = "";
	int r = check_config(text, sizeof(text));
	/* Behind the priority that the journal reads. */
	const char *said = *text == '<' && strchr(text, '>') ? strchr(text, '>') + 1 : text;

	if (r >= 0)
		check("config", r == 0, r == 0 ? "nothing is wrong with it" : said,
		      "the line and the column are behind the file's name");
	return r != 1;
}

static void check_training(bool ok, const char *text)
{
	check("training", ok, text, "assistantctl adapter train resume NAME tries again, "
	      "unless its data are wrong; stop NAME forgets it");
}

int ctl_doctor(struct ctl *c)
{
	json_t *all, *sandbox, *model;
	bool ready, confined, configured;
	int status;

	check("bus", true, "session bus reached", NULL);
	configured = is_config_right();
	all = ctl_properties(c, &status);
	check("service", status == CTL_OK, status == CTL_OK ? "assistantd answers" : "no answer",
	      configured ? "is it installed? try: systemctl --user status assistantd"
			 : "it does not start with this configuration");
	if (status != CTL_OK)
		return status;
	model = json_object_get(all, "Model");
	sandbox = json_object_get(all, "Sandbox");
	ready = ctl_number(all, "State") == 3;
	confined = json_is_true(json_object_get(sandbox, "seccomp")) &&
		   json_is_true(json_object_get(sandbox, "no_new_privs"));
	check("model", ready, ready ? ctl_text(model, "path") : ctl_text(model, "error"),
	      "add one: assistantctl model add FILE.gguf, or: assistantctl model use default");
	check("sandbox", confined && ctl_number(sandbox, "landlock_abi") > 0,
	      confined ? "seccomp and no_new_privs are on" : "incomplete",
	      "the kernel or a container refuses part of it; the engine runs with the rest");
	train_summary(c, check_training);
	json_decref(all);
	return ready && configured ? CTL_OK : CTL_FAILED;
}
