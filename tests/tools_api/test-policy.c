/* SPDX-License-Identifier: MIT */
/*
 * Every row of the gate: 4 callers × 4 risks × 3 labels × 2^8 = 12,288, each also with the
 * conditions that are not part of the table.
 */
#include <check.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/tools_api/gate-table.h"
#include "tools_api/tools_api.h"

#define N_ROWS (4 * 4 * 3 * 256)

static struct policy_input row(unsigned i)
{
	struct policy_input in = { 0 };

	in.egress = i & 1;
	in.private_data = i >> 1 & 1;
	in.opening = i >> 2 & 1;
	in.many = i >> 3 & 1;
	in.pin = i >> 4 & 1;
	in.grant = i >> 5 & 1;
	in.agent = i >> 6 & 1;
	in.locked = i >> 7 & 1;
	i >>= 8;
	in.decided_by = i % 3;
	in.risk = i / 3 % 4;
	in.caller = i / 12;
	return in;
}

static char actual(const struct policy_input *in)
{
	struct policy_verdict v = policy_decide(in);
	char c = "acsud"[v.action];

	if (v.need_pin)
		c = c == 'c' ? 'C' : c == 's' ? 'S' : '?';
	return c;
}

START_TEST(every_row_of_the_table)
{
	unsigned i, k, seen[128] = { 0 };

	for (i = 0; i < N_ROWS; i++)
		for (k = 0; k < 8; k++) {
			struct policy_input in = row(i);

			in.free_text = k & 1;
			in.crowded = k >> 1 & 1;
			in.changed = k >> 2;
			if (actual(&in) != gate_expected(&in))
				ck_abort_msg("row %u.%u: caller %d risk %d label %d: "
					     "%c, expected %c", i, k, in.caller, in.risk,
					     in.decided_by, actual(&in), gate_expected(&in));
			seen[(unsigned char)actual(&in)]++;
		}
	ck_assert(seen['a'] && seen['c'] && seen['s'] && seen['C'] && seen['S'] && seen['u'] &&
		  seen['d'] && !seen['?']);
}
END_TEST

START_TEST(what_is_not_in_the_table_is_denied)
{
	unsigned i, k;

	for (i = 0; i < N_ROWS; i++)
		for (k = 0; k < 6; k++) {
			struct policy_input in = row(i);

			if (k == 0)
				in.unregistered = true;
			else if (k == 1)
				in.invalid = true;
			else if (k == 2)
				in.repeated = true;
			else if (k == 3)
				in.caller = POLICY_CALLER_COUNT;
			else if (k == 4)
				in.risk = POLICY_RISK_COUNT;
			else
				in.decided_by = (enum policy_label)-1;
			ck_assert_int_eq(policy_decide(&in).action, POLICY_DENY);
		}
}
END_TEST

static unsigned severity(const struct policy_input *in)
{
	struct policy_verdict v = policy_decide(in);

	return policy_severity(&v);
}

/* Without an assertion for each of millions, which take longer than what they look at. */
#define NEVER_MILDER(change)                                                              \
	do {                                                                              \
		struct policy_input worse = in;                                           \
		change;                                                                   \
		if (severity(&worse) < severity(&in))                                     \
			ck_abort_msg("row %u.%u: " #change, i, k);                        \
		stricter += severity(&worse) > severity(&in);                             \
	} while (0)

START_TEST(worse_inputs_are_never_judged_milder)
{
	unsigned i, k, stricter = 0;

	for (i = 0; i < N_ROWS; i++)
		for (k = 0; k < 8; k++) {
			struct policy_input in = row(i);

			in.free_text = k & 1;
			in.crowded = k >> 1 & 1;
			in.changed = k >> 2;
			if (in.decided_by < POLICY_LABEL_OUTSIDE)
				NEVER_MILDER(worse.decided_by++);
			if (in.risk < POLICY_RISK_FORBIDDEN)
				NEVER_MILDER(worse.risk++);
			NEVER_MILDER(worse.egress = true);
			NEVER_MILDER(worse.private_data = true);
			NEVER_MILDER(worse.free_text = true);
			NEVER_MILDER(worse.changed = true);
			NEVER_MILDER(worse.opening = true);
			NEVER_MILDER(worse.many = true);
			NEVER_MILDER(worse.pin = true);
			NEVER_MILDER(worse.grant = false);
			NEVER_MILDER(worse.agent = false);
			NEVER_MILDER(worse.locked = true);
			NEVER_MILDER(worse.crowded = true);
		}
	ck_assert_uint_gt(stricter, 1000);
}
END_TEST

START_TEST(reasons_and_offers)
{
	struct policy_input in = { .caller = POLICY_CALLER_HAND,
				   .risk = POLICY_RISK_CONSEQUENTIAL, .agent = true };
	struct policy_verdict v = policy_decide(&in);
	int i;

	ck_assert(v.action == POLICY_CONFIRM && v.offer_grant && !v.need_pin);
	in.pin = true;
	v = policy_decide(&in);
	ck_assert(v.action == POLICY_CONFIRM && !v.offer_grant && v.need_pin);
	in.grant = true;
	v = policy_decide(&in);
	ck_assert(v.action == POLICY_CONFIRM && v.reason == POLICY_REASON_PIN && v.need_pin);
	in.pin = false;
	v = policy_decide(&in);
	ck_assert(v.action == POLICY_ALLOW && v.reason == POLICY_REASON_GRANT);
	in.egress = in.free_text = true;
	ck_assert_int_eq(policy_decide(&in).reason, POLICY_REASON_FREE_TEXT);
	in.locked = true;
	ck_assert_int_eq(policy_decide(&in).reason, POLICY_REASON_LOCKED);
	in.private_data = true;
	in.decided_by = POLICY_LABEL_OUTSIDE;
	ck_assert_int_eq(policy_decide(&in).reason, POLICY_REASON_LEAK);
	in = (struct policy_input){ .risk = POLICY_RISK_REVERSIBLE, .changed = true,
				    .agent = true };
	v = policy_decide(&in);
	ck_assert(v.action == POLICY_CONFIRM && v.reason == POLICY_REASON_CHANGED);
	for (i = 0; i < POLICY_ACTION_COUNT; i++)
		ck_assert_ptr_nonnull(policy_action_name(i));
	ck_assert_str_eq(policy_action_name(POLICY_ACTION_COUNT), "unknown");
	for (i = 0; i < POLICY_REASON_COUNT; i++)
		ck_assert_ptr_nonnull(policy_reason_name(i));
	ck_assert_str_eq(policy_reason_name(POLICY_REASON_COUNT), "unknown");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("policy");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_row_of_the_table);
	tcase_add_test(tc, what_is_not_in_the_table_is_denied);
	tcase_add_test(tc, worse_inputs_are_never_judged_milder);
	tcase_add_test(tc, reasons_and_offers);
	return run_tests("policy", tc);
}
