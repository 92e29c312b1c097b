/* SPDX-License-Identifier: MIT */
/* Between agents.c, which knows who can be asked, and question.c, which asks. */
#pragma once

#include "assistantd/daemon/agents.h"
#include "util/loop.h"

enum { AGENTS_MAX = 32, AGENT_UNANSWERED_MAX = 3, AGENT_PRIORITY_MAX = 100,
       QUESTIONS_OPEN_MAX = 16, QUESTIONS_ASKED_MAX = 64 };

struct agent {
	struct caller *caller;		/* its connection */
	char *path;
	uint32_t priority;
	bool own;			/* only for questions of its own connection */
	unsigned unanswered;		/* calls to it that were given up on */
	struct agent *next;		/* newest first */
};

struct agents {
	struct agents_setup s;
	struct agent *first;
	struct agent_wait *waits;	/* questions, oldest first */
	struct {
		char caller[160];
		uint64_t at;
	} asked[QUESTIONS_ASKED_MAX];
	size_t next_asked;
	uint64_t next_id;
	struct loop_timer *soon;	/* a question was asked, which is not shown yet */
};

/* agents.c: whom to ask on behalf of @caller, or NULL. */
struct agent *agents_choose(const struct agents *a, const struct caller *caller);
/* Counts a question of @caller. */
void agents_note_asked(struct agents *a, const struct caller *caller);
struct agent *agents_find(const struct agents *a, const char *sender, const char *path);
void agents_remove(struct agents *a, struct agent *agent);

/* question-text.c */
struct question {			/* a copy of what is asked, in memory of its own */
	struct caller *caller;
	char *title, *summary, *parent_window;
	struct question_call {
		char *tool, *title, *target, *arguments;
		enum policy_risk risk;
		bool pin, always;
	} *calls;
	size_t n_calls;
	struct question_source {
		enum policy_label label;
		char *origin, *excerpt;
	} *sources;
	size_t n_sources;
	bool undo;
};

/* 0 or -ENOMEM; to be released in any case. */
int question_init(struct question *q, struct callers *callers, const struct agent_question *from);
void question_deinit(struct question *q);
/* The first call from @from on whose target needs a PIN; q->n_calls past the last. */
size_t question_pin(const struct question *q, size_t from);
/* Agent1.Confirm; @tries: of a PIN, that are left. NULL without memory. */
DBusMessage *question_message(const struct question *q, const struct agent *agent, uint64_t id,
			      uint32_t expires_ms, unsigned tries);
/* What a notification says: all of it, or -E2BIG where it is too long for one; -ENOMEM. */
int question_note(const struct question *q, char **ret);

/* question.c: one that is open. */
struct agent_wait {
	struct agents *agents;
	uint64_t id;
	agent_fn done;
	void *arg;
	struct question question;
	const struct agent *agent;	/* that shows it, or NULL */
	struct shown *shown;		/* the call to it */
	struct notify_wait *note;	/* or the notification */
	struct loop_timer *expiry;
	uint64_t expires_at;		/* 0: it was not shown yet */
	unsigned wrong;			/* PINs */
	char *pin;			/* that is looked at, which holds it; else NULL */
	size_t pin_of;			/* for the target of this call */
	bool always, over;
	struct agent_wait *next;
};

/* Shows what can be shown now. */
void questions_pump(struct agents *a);
/* Nobody answers at this agent any more: what it shows goes to another. */
void questions_forsake(struct agents *a, const struct agent *agent);
/* Ends all that are open: nobody could be asked, for the reason @why. */
void questions_end_all(struct agents *a, const char *why);
/* At the end of the service: nothing is called. */
void questions_drop_all(struct agents *a);
size_t questions_open(const struct agents *a);

/* Ends it and tells who asked; @w is gone, or goes when its PIN was looked at. */
void question_end(struct agent_wait *w, const struct agent_outcome *outcome);
void question_end_with(struct agent_wait *w, enum agent_answer answer, const char *why);
void question_end_with_yes(struct agent_wait *w, const char *by, bool always);
/* Looks at w->pin for the next target that needs one, from this call on; where none is left, it
 * is a yes. */
void question_check_pin(struct agent_wait *w, size_t from);

/* question-shown.c: by the agent, which ends it where that cannot be; by a notification, 0 or
 * -errno. */
void question_show(struct agent_wait *w, const struct agent *agent);
int question_show_note(struct agent_wait *w);
/* Nobody shows it any more; with @cancel, who did is told. */
void question_unshow(struct agent_wait *w, bool cancel);

/* agents1.c */
void agents1_add(struct agents *a);
