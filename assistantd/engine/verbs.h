/* SPDX-License-Identifier: MIT */
/* The command line of assistant-engine: one function per verb, argv[0] is the verb. */
#pragma once

/* Exit statuses of every verb. */
enum verb_status {
	VERB_OK = 0,
	VERB_BAD_INPUT = 1,	/* one line `error: FILE: FIELD: what is wrong` on stderr */
	VERB_USAGE = 64,
};
