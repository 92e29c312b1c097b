/* SPDX-License-Identifier: MIT */
/* The gate once more, as its specification has it; nothing of the implementation is used. */
#pragma once

#include "tools_api/policy.h"

/* a allow, c confirm, * confirm unless granted (hand), s sources, g grant or confirm,
 * p exact bytes confirmed at saving or deny, d deny. By caller; "UNO" for each risk. */
static const char *const gate_cells[4] = {
	"aaa aac *cs ddd",
	"aaa acc ccd ddd",
	"ggd gcd cdd ddd",
	"aaa aad pdd ddd",
};

/* One letter: a, c, s, u (unavailable), d; upper case with a PIN. */
static inline char gate_expected(const struct policy_input *in)
{
	static const char risen[4][2][2] = {	/* [risk][opening][many] as a digit */
		{ "01", "23" }, { "12", "23" }, { "23", "23" }, { "33", "33" },
	};
	unsigned risk = (unsigned)(risen[in->risk][in->opening][in->many] - '0');
	char c = gate_cells[in->caller][risk * 4 + in->decided_by];

	if (in->unregistered || in->invalid || in->repeated)
		return 'd';
	if (in->egress && in->private_data && in->decided_by == POLICY_LABEL_OUTSIDE)
		return 'd';
	if (c == '*' || c == 'g')
		c = in->grant ? 'a' : 'c';
	if (c == 'p')
		c = in->grant ? 'a' : 'd';
	if (c == 'a' && ((in->egress && in->free_text) || in->changed || in->pin))
		c = 'c';
	if (c == 'd' || c == 'a')
		return c;
	if (!in->agent || in->locked || in->crowded)
		return 'u';
	return in->pin ? (c == 'c' ? 'C' : 'S') : c;
}
