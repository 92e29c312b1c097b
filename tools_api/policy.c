/* SPDX-License-Identifier: MIT */
#include "tools_api/policy.h"

/* One cell of the table. */
enum cell {
	CELL_ALLOW,
	CELL_GRANT_OR_CONFIRM,	/* a consent allows it, else the user is asked */
	CELL_CONFIRM,
	CELL_SOURCES,
	CELL_GRANT_OR_DENY,	/* allowed only as confirmed when it was saved */
	CELL_DENY,
};

#define A CELL_ALLOW
#define G CELL_GRANT_OR_CONFIRM
#define C CELL_CONFIRM
#define S CELL_SOURCES
#define P CELL_GRANT_OR_DENY
#define D CELL_DENY
static const unsigned char cells[POLICY_CALLER_COUNT][POLICY_RISK_COUNT][POLICY_LABEL_COUNT] = {
	/*			       read         reversible   consequential  forbidden */
	[POLICY_CALLER_HAND]	  = { { A, A, A }, { A, A, C }, { G, C, S }, { D, D, D } },
	[POLICY_CALLER_HOST]	  = { { A, A, A }, { A, C, C }, { C, C, D }, { D, D, D } },
	[POLICY_CALLER_SANDBOXED] = { { G, G, D }, { G, C, D }, { C, D, D }, { D, D, D } },
	[POLICY_CALLER_STORED]	  = { { A, A, A }, { A, A, D }, { P, D, D }, { D, D, D } },
};
#undef A
#undef G
#undef C
#undef S
#undef P
#undef D

static struct policy_verdict verdict(enum policy_action action, enum policy_reason reason)
{
	return (struct policy_verdict){ .action = action, .reason = reason };
}

/* Opening sets a floor, many targets then raise by one: both may apply. */
static enum policy_risk effective_risk(const struct policy_input *in)
{
	enum policy_risk risk = in->risk;

	if (in->opening && risk < POLICY_RISK_CONSEQUENTIAL)
		risk = POLICY_RISK_CONSEQUENTIAL;
	if (in->many && risk < POLICY_RISK_FORBIDDEN)
		risk++;
	return risk;
}

static struct policy_verdict by_table(const struct policy_input *in)
{
	enum cell cell = cells[in->caller][effective_risk(in)][in->decided_by];
	struct policy_verdict v = { .reason = POLICY_REASON_TABLE };

	switch (cell) {
	case CELL_ALLOW:
		v.action = POLICY_ALLOW;
		break;
	case CELL_GRANT_OR_CONFIRM:
		if (in->grant) {
			v.reason = POLICY_REASON_GRANT;
		} else {
			v.action = POLICY_CONFIRM;
			v.offer_grant = true;
		}
		break;
	case CELL_CONFIRM:
		v.action = POLICY_CONFIRM;
		break;
	case CELL_SOURCES:
		v.action = POLICY_CONFIRM_SOURCES;
		break;
	case CELL_GRANT_OR_DENY:
		v = in->grant ? verdict(POLICY_ALLOW, POLICY_REASON_GRANT) :
				verdict(POLICY_DENY, POLICY_REASON_TABLE);
		break;
	case CELL_DENY:
		v.action = POLICY_DENY;
		break;
	}
	return v;
}

static void at_least_confirm(struct policy_verdict *v, enum policy_reason reason)
{
	if (v->action >= POLICY_CONFIRM)
		return;
	*v = verdict(POLICY_CONFIRM, reason);
}

/* A question that cannot be put becomes an error at once, never a silent yes. */
static void ask_or_fail(const struct policy_input *in, struct policy_verdict *v)
{
	if (v->action != POLICY_CONFIRM && v->action != POLICY_CONFIRM_SOURCES)
		return;
	if (in->locked)
		*v = verdict(POLICY_UNAVAILABLE, POLICY_REASON_LOCKED);
	else if (!in->agent)
		*v = verdict(POLICY_UNAVAILABLE, POLICY_REASON_NO_AGENT);
	else if (in->crowded)
		*v = verdict(POLICY_UNAVAILABLE, POLICY_REASON_CROWDED);
}

struct policy_verdict policy_decide(const struct policy_input *in)
{
	struct policy_verdict v;

	if ((unsigned)in->caller >= POLICY_CALLER_COUNT ||
	    (unsigned)in->risk >= POLICY_RISK_COUNT ||
	    (unsigned)in->decided_by >= POLICY_LABEL_COUNT)
		return verdict(POLICY_DENY, POLICY_REASON_INVALID);
	if (in->unregistered)
		return verdict(POLICY_DENY, POLICY_REASON_UNREGISTERED);
	if (in->invalid)
		return verdict(POLICY_DENY, POLICY_REASON_INVALID);
	if (in->egress && in->private_data && in->decided_by == POLICY_LABEL_OUTSIDE)
		return verdict(POLICY_DENY, POLICY_REASON_LEAK);
	if (in->repeated)
		return verdict(POLICY_DENY, POLICY_REASON_REPEATED);

	v = by_table(in);
	if (v.action == POLICY_DENY)
		return v;
	if (in->egress && in->free_text)
		at_least_confirm(&v, POLICY_REASON_FREE_TEXT);
	if (in->changed)
		at_least_confirm(&v, POLICY_REASON_CHANGED);
	if (in->pin) {
		if (v.action == POLICY_ALLOW)
			v = verdict(POLICY_CONFIRM, POLICY_REASON_PIN);
		v.need_pin = true;
		v.offer_grant = false;
	}
	ask_or_fail(in, &v);
	return v;
}

unsigned policy_severity(const struct policy_verdict *v)
{
	return (unsigned)v->action * 2 + v->need_pin;
}

const char *policy_action_name(enum policy_action action)
{
	static const char *const names[POLICY_ACTION_COUNT] = {
		[POLICY_ALLOW] = "allow",
		[POLICY_CONFIRM] = "confirm",
		[POLICY_CONFIRM_SOURCES] = "confirm-sources",
		[POLICY_UNAVAILABLE] = "unavailable",
		[POLICY_DENY] = "deny",
	};

	return (unsigned)action < POLICY_ACTION_COUNT ? names[action] : "unknown";
}

const char *policy_reason_name(enum policy_reason reason)
{
	static const char *const names[POLICY_REASON_COUNT] = {
		[POLICY_REASON_TABLE] = "table",
		[POLICY_REASON_GRANT] = "grant",
		[POLICY_REASON_UNREGISTERED] = "unregistered",
		[POLICY_REASON_INVALID] = "invalid",
		[POLICY_REASON_REPEATED] = "repeated",
		[POLICY_REASON_LEAK] = "leak",
		[POLICY_REASON_FREE_TEXT] = "free-text",
		[POLICY_REASON_CHANGED] = "changed",
		[POLICY_REASON_PIN] = "pin",
		[POLICY_REASON_NO_AGENT] = "no-agent",
		[POLICY_REASON_LOCKED] = "locked",
		[POLICY_REASON_CROWDED] = "crowded",
	};

	return (unsigned)reason < POLICY_REASON_COUNT ? names[reason] : "unknown";
}
