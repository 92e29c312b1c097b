/* SPDX-License-Identifier: MIT */
/* assistantctl: the assistant from the command line. */
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/ctl/agent.h"
#include "assistantd/ctl/request.h"
#include "util/macro.h"

int ctl_task(struct ctl *c, const char *task)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	int status;

	if (c->argc > 1) {
		fprintf(stderr, "usage: assistantctl %s [OPTION…] [FILE|-]\n", task);
		return CTL_USAGE;
	}
	status = ctl_read_text(c->argc ? c->argv[0] : NULL, &text);
	return status == CTL_OK ? request_run(c, task, text.data, text.len) : status;
}

int ctl_ask(struct ctl *c)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;

	for (int i = 0; i < c->argc; i++)
		if ((i && buf_append_char(&text, ' ') < 0) ||
		    buf_append_str(&text, c->argv[i]) < 0)
			return CTL_FAILED;
	if (text.len == 0) {
		fprintf(stderr, "usage: assistantctl ask TEXT…\n");
		return CTL_USAGE;
	}
	if (agent_register(c, true) == CTL_NO_SERVICE)
		return CTL_NO_SERVICE;
	/* What was said before is known, unless it is to begin anew. */
	if (!c->conversation)
		c->conversation = "last";
	else if (strcmp(c->conversation, "new") == 0)
		c->conversation = NULL;
	return request_run(c, "ask", text.data, text.len);
}

static const struct {
	const char *name;
	int (*task)(struct ctl *c, const char *task);
	int (*run)(struct ctl *c);
	const char *usage;
} verbs[] = {
	{ "proofread", ctl_task, NULL, "[FILE|-]               correct spelling and grammar" },
	{ "tone", ctl_task, NULL,
	  "[--style S] [FILE|-]   rewrite: friendly, professional, concise" },
	{ "summarize", ctl_task, NULL, "[--kind K] [FILE|-]    paragraph, headline or keypoints" },
	{ "reply", ctl_task, NULL, "[--hint H] [FILE|-]    suggest answers to a message" },
	{ "notifications", NULL, ctl_notifications,
	  "[FILE|-]            JSON of notifications, by how urgent they are" },
	{ "ask", NULL, ctl_ask, "[--area A] TEXT…       a request in plain words" },
	{ "agent", NULL, ctl_agent, "                       show questions in this terminal" },
	{ "intent", NULL, ctl_intent, "[--explain] TEXT…      how a request is understood" },
	{ "adapter", NULL, ctl_adapter,
	  "[list | info | explain | versions | import | train | update | rollback | …]" },
	{ "model", NULL, ctl_model, "[list | info | add FILE | use NAME]" },
	{ "tool", NULL, ctl_tool, "[list | show NAME | call NAME [JSON]]" },
	{ "grant", NULL, ctl_grant, "[list | add TOOL [TARGET] | rm TOOL [TARGET]]" },
	{ "app", NULL, ctl_app, "[list | block NAME | unblock NAME]" },
	{ "history", NULL, ctl_history, "[WORDS | forget]" },
	{ "journal", NULL, ctl_journal, "[CALL]                 what was done, and why" },
	{ "undo", NULL, ctl_undo, "[CALL]                 take back the last of it, or that" },
	{ "home", NULL, ctl_home, "[list | show | set | alias | unalias | areas | …]" },
	{ "timer", NULL, ctl_timer, "[list | cancel ID]     timers and reminders" },
	{ "status", NULL, ctl_status, "" },
	{ "doctor", NULL, ctl_doctor, "                       check the installation" },
};

static int usage(FILE *out, int status)
{
	fputs("usage: assistantctl VERB [OPTION…] …\n\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].usage);
	fputs("\n  --json          the whole result as JSON\n"
	      "  --stream        show the text as it is made (on a terminal)\n"
	      "  --private       keep neither the text nor the result in the history\n"
	      "  --whole         of ask: when a part fails, what was done is taken back\n"
	      "  --adapter NAME[=SCALE]  up to four; 1 is as it is, 0 as if it were not there\n"
	      "  --style S  --kind K  --hint H  --area A  --max-tokens N  --timeout SECONDS\n"
	      "  --conversation ID|new   of ask; without it, the last one goes on\n"
	      "\nExit status: 0 done, 1 failed, 2 usage, 3 no service, 4 busy, 5 you said no,\n"
	      "130 interrupted.\n", out);
	return status;
}

static bool take_number(const char *option, const char *text, uint32_t *ret)
{
	char *end = NULL;
	unsigned long v = isdigit((unsigned char)text[0]) ? strtoul(text, &end, 10) : 0;

	if (end && !*end && v >= 1 && v <= 1000000) {
		*ret = (uint32_t)v;
		return true;
	}
	fprintf(stderr, "assistantctl: %s: '%s', expected a number from 1 to 1000000\n", option,
		text);
	return false;
}

/* NAME or NAME=FACTOR. */
static int take_adapter(struct ctl *c, const char *text)
{
	const char *equals = strchrnul(text, '=');
	char *end = NULL;
	double factor = *equals ? strtod(equals + 1, &end) : 1.0;
	const char *why = NULL;

	if (c->n_adapters == CTL_ADAPTERS_MAX)
		why = "more than 4 adapters";
	else if (equals == text || equals - text >= CTL_NAME_MAX)
		why = "expected a name, or NAME=SCALE";
	else if (*equals && (end == equals + 1 || *end || !(factor >= 0.0 && factor <= 8.0)))
		why = "expected a scale from 0 to 8 behind the =";
	if (why) {
		fprintf(stderr, "assistantctl: --adapter: '%s': %s\n", text, why);
		return -1;
	}
	c->adapters[c->n_adapters++] = text;
	return 2;
}

/* Takes one option with its value: how many words it is, or 0 for a word that is none. */
static int take_option(struct ctl *c, int left, char **at)
{
	const struct {
		const char *name;
		bool *flag;
		const char **text;
		uint32_t *number;
	} options[] = {
		{ "--json", &c->json, NULL, NULL },
		{ "--stream", &c->stream, NULL, NULL },
		{ "--private", &c->is_private, NULL, NULL },
		{ "--explain", &c->explain, NULL, NULL },
		{ "--whole", &c->whole, NULL, NULL },
		{ "--style", NULL, &c->style, NULL },
		{ "--kind", NULL, &c->kind, NULL },
		{ "--hint", NULL, &c->hint, NULL },
		{ "--area", NULL, &c->area, NULL },
		{ "--conversation", NULL, &c->conversation, NULL },
		{ "--choose", NULL, &c->choose, NULL },
		{ "--app", NULL, &c->app, NULL },
		{ "--name", NULL, &c->name, NULL },
		{ "--task", NULL, &c->task, NULL },
		{ "--title", NULL, &c->title, NULL },
		{ "--languages", NULL, &c->languages, NULL },
		{ "--prompt", NULL, &c->prompt, NULL },
		{ "--scale", NULL, &c->scale, NULL },
		{ "--signature", NULL, &c->signature, NULL },
		{ "--data", NULL, &c->train.data, NULL },
		{ "--base", NULL, &c->train.base, NULL },
		{ "--held-out", NULL, &c->train.held_out, NULL },
		{ "--alpha", NULL, &c->train.alpha, NULL },
		{ "--rate", NULL, &c->train.rate, NULL },
		{ "--seed", NULL, &c->train.seed, NULL },
		{ "--rank", NULL, NULL, &c->train.rank },
		{ "--context", NULL, NULL, &c->train.context },
		{ "--rows", NULL, NULL, &c->train.rows },
		{ "--epochs", NULL, NULL, &c->train.epochs },
		{ "--threads", NULL, NULL, &c->train.threads },
		{ "--wait", &c->train.wait, NULL, NULL },
		{ "--max-tokens", NULL, NULL, &c->max_tokens },
		{ "--timeout", NULL, NULL, &c->timeout_s },
	};

	if (strcmp(at[0], "--adapter") == 0 && left >= 2)
		return take_adapter(c, at[1]);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(at[0], options[i].name) != 0)
			continue;
		if (options[i].flag)
			return *options[i].flag = true;
		if (left < 2)
			break;
		if (options[i].text)
			*options[i].text = at[1];
		else if (!take_number(at[0], at[1], options[i].number))
			return -1;
		return 2;
	}
	if (at[0][0] != '-' || !at[0][1])
		return 0;
	fprintf(stderr, "assistantctl: %s: unknown, or without its value\n", at[0]);
	return -1;
}

/* Options out, words together; `--` ends the options. */
static bool parse(struct ctl *c, int argc, char **argv)
{
	int n = 0;

	c->argv = argv;
	for (int i = 0, took; i < argc; i += took) {
		if (strcmp(argv[i], "--") == 0) {
			while (++i < argc)
				argv[n++] = argv[i];
			break;
		}
		took = take_option(c, argc - i, argv + i);
		if (took < 0)
			return false;
		if (took == 0) {
			argv[n++] = argv[i];
			took = 1;
		}
	}
	c->argc = n;
	return true;
}

/* Those that go to the bus. */
static bool options_valid(const struct ctl *c)
{
	const char *const texts[] = { c->style, c->kind, c->hint, c->area, c->conversation,
				      c->choose, c->app, c->name, c->task, c->title, c->languages,
				      c->prompt };

	return ctl_words_valid(ARRAY_SIZE(texts), (char *const *)texts);
}

int main(int argc, char **argv)
{
	struct ctl c = { 0 };
	const char *verb;
	int status;

	/* A reader that has enough ends us quietly. */
	signal(SIGPIPE, SIG_DFL);
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return usage(stdout, CTL_OK);
	if (!parse(&c, argc - 1, argv + 1))
		return CTL_USAGE;
	if (c.argc == 0)
		return usage(stderr, CTL_USAGE);
	verb = c.argv[0];
	c.argv++;
	c.argc--;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verb, verbs[i].name) != 0)
			continue;
		/* Of a task the word is a file, whose name may be any. */
		if (!options_valid(&c) ||
		    !ctl_words_valid(c.n_adapters, (char *const *)c.adapters) ||
		    (verbs[i].run && !ctl_words_valid(c.argc, c.argv)))
			return CTL_USAGE;
		status = ctl_connect(&c);
		if (status != CTL_OK)
			return status;
		return verbs[i].task ? verbs[i].task(&c, verbs[i].name) : verbs[i].run(&c);
	}
	fprintf(stderr, "assistantctl: no verb '%s'\n", verb);
	return usage(stderr, CTL_USAGE);
}
