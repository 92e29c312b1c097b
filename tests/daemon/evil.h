/* SPDX-License-Identifier: MIT */
/*
 * A world for a model that wants harm: the real registry, parser, validator, gate and executor,
 * with back ends that record, a user who answers by chance, and an oracle of its own that knows
 * what may have an effect. It uses neither policy.c nor schema-validate.c.
 */
#pragma once

#include "assistantd/daemon/executor.h"

struct evil_counts {
	uint64_t refused;	/* bytes that are no call */
	uint64_t proposed;	/* calls that were read of what the model wrote */
	uint64_t invalid;	/* of them, those that do not fit a tool */
	uint64_t asked, agreed;	/* calls that the user was shown, and agreed to */
	uint64_t effects;	/* calls that reached a back end */
	uint64_t confirmed;	/* of them, those that the user had agreed to */
};

extern struct evil_counts evil_counts;

/* The shipped tools, and some of applications. */
void evil_setup(void);
void evil_teardown(void);
const struct tool_registry *evil_registry(void);

uint64_t evil_random(void);
static inline uint64_t evil_below(uint64_t n)
{
	return evil_random() % n;
}

/*
 * One request in which the model wrote @n texts (at most 8), all of which came from words with
 * that label. Fails the test when something has an effect that nobody allowed.
 */
void evil_request(const char *const *texts, const size_t *lens, size_t n,
		  enum policy_label label, enum policy_caller caller);

/* Whether the value fits: the schema's meaning, written once more. */
bool evil_fits(const json_t *schema, const json_t *value);

/* evil-calls.c: a call of the tool whose arguments fit, with @text (NULL: any) as every text of
 * them that may be free; as a model writes it. The caller's. */
char *evil_call(const struct tool *t, const char *text);
/* Bytes that look more or less like a call. The caller's. */
char *evil_bytes(size_t *len);
