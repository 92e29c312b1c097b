/* SPDX-License-Identifier: MIT */
/*
 * The gate: may this tool call run, must the user be asked, or is it refused. A pure
 * function of who calls, how much harm the tool can do, and where the words that chose
 * the call came from. No prompt and no model takes part in it.
 */
#pragma once

#include <stdbool.h>

/* Whence a value came; larger is less trusted. The lowest label of a set is the largest. */
enum policy_label {
	POLICY_LABEL_USER,	/* the user's words of this request, or picked by the user */
	POLICY_LABEL_NOTES,	/* stored notes that were the user's words when stored */
	POLICY_LABEL_OUTSIDE,	/* everything else */
	POLICY_LABEL_COUNT,
};

enum policy_caller {
	POLICY_CALLER_HAND,	/* assistantctl on a terminal, registered agent, launcher */
	POLICY_CALLER_HOST,	/* application outside any sandbox */
	POLICY_CALLER_SANDBOXED,	/* application with an app id */
	POLICY_CALLER_STORED,	/* automation that the user saved */
	POLICY_CALLER_COUNT,
};

enum policy_risk {
	POLICY_RISK_READ,
	POLICY_RISK_REVERSIBLE,
	POLICY_RISK_CONSEQUENTIAL,
	POLICY_RISK_FORBIDDEN,
	POLICY_RISK_COUNT,
};

struct policy_input {
	enum policy_caller caller;
	enum policy_risk risk;
	enum policy_label decided_by;	/* lowest label of what chose the tool and each argument */
	bool egress;		/* the tool sends data off this machine */
	bool private_data;	/* an argument holds private data */
	bool free_text;		/* an argument is text of free form and not the user's own */
	bool opening;		/* opens, unlocks, disarms, or lets gas or water run */
	bool many;		/* over 10 targets, a floor or everything, not named by the user */
	bool changed;		/* takes back what somebody else changed since */
	bool pin;		/* a PIN is configured for the target */
	/*
	 * A consent that covers exactly this call. Hand: standing grant (tool, target).
	 * Sandboxed: grant (app id, tool). Stored: its bytes were confirmed when saved.
	 */
	bool grant;
	bool agent;		/* somebody can be asked */
	bool locked;		/* the screen is locked */
	bool unregistered;	/* not registered, not exposed, or outside the request's plan */
	bool invalid;		/* the arguments do not fit the schema */
	bool repeated;		/* this call was done or confirmed before in the same request */
	bool crowded;		/* 3 questions open, or more than 5 a minute from the caller */
};

/* From mild to severe; the order is what policy_severity() compares. */
enum policy_action {
	POLICY_ALLOW,		/* run it and write it to the journal */
	POLICY_CONFIRM,		/* ask the user */
	POLICY_CONFIRM_SOURCES,	/* ask, in the foreground only, showing the sources */
	POLICY_UNAVAILABLE,	/* would have to ask and cannot: ConfirmationUnavailable */
	POLICY_DENY,
	POLICY_ACTION_COUNT,
};

/* Why; for the message and the journal. */
enum policy_reason {
	POLICY_REASON_TABLE,		/* caller, risk and label alone */
	POLICY_REASON_GRANT,		/* allowed by a consent */
	POLICY_REASON_UNREGISTERED,
	POLICY_REASON_INVALID,
	POLICY_REASON_REPEATED,
	POLICY_REASON_LEAK,		/* private data would leave at an outsider's bidding */
	POLICY_REASON_FREE_TEXT,	/* text of others would leave */
	POLICY_REASON_CHANGED,		/* another's change would be taken back with it */
	POLICY_REASON_PIN,
	POLICY_REASON_NO_AGENT,
	POLICY_REASON_LOCKED,
	POLICY_REASON_CROWDED,
	POLICY_REASON_COUNT,
};

struct policy_verdict {
	enum policy_action action;
	enum policy_reason reason;
	bool need_pin;		/* the confirmation must carry the PIN */
	bool offer_grant;	/* "always" may be offered with the confirmation */
};

/* An input outside its enums is denied. */
struct policy_verdict policy_decide(const struct policy_input *in);

/*
 * Rank of a verdict, larger is less mild. Denials rank above questions, a question with a
 * PIN above one without. Lowering decided_by, adding egress, raising the risk or dropping
 * the agent never lowers it.
 */
unsigned policy_severity(const struct policy_verdict *v);

/* "allow", "confirm" …; for journals. */
const char *policy_action_name(enum policy_action action);
/* "leak", "no-agent" …; for journals. */
const char *policy_reason_name(enum policy_reason reason);
