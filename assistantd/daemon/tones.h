/* SPDX-License-Identifier: MIT */
/*
 * How messages are put into other tones by plain code. The rules are a YAML file:
 *
 *   version: 1
 *   verbs: [bring, call]         # that an order begins with
 *   finite: [is, was]            # "Call is ..." is no order, and with one there is a clause
 *   subjects: [i, it, the]       # behind a comma they begin a sentence of their own
 *   small: [the, my, because]    # begin with a small letter inside a sentence
 *   swaps:                       # lists that several styles use
 *     full:
 *       - {say: ["can't"], as: ["cannot"]}
 *   styles:
 *     - name: professional
 *       calm: true               # no shouting: capitals, rows of signs, exclamations
 *       swaps: [full]
 *       shapes:                  # of a whole sentence; the first that fits
 *         - {match: "please? {do}", forms: ["Could you please {do}?"], closing: thanks}
 *         - {match: "{rest}", forms: ["Please note that {rest}."], once: true}
 *       closings:
 *         - {name: thanks, text: "Thank you.", unless: ["thank you", thanks]}
 *
 * A shape without forms leaves the sentence as it is; what one with "again: true" has made is
 * looked at anew. What is said is in small letters; several "as" or "forms" are ways to choose
 * from, the first is taken where nobody chooses, and "" leaves out. Patterns: phrase.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "assistantd/daemon/phrase.h"
#include "util/cleanup.h"
#include "util/diag.h"

struct yaml;

struct strings {
	const char **items;
	size_t n;
};

struct tone_swap {
	struct strings say, as;
};

struct tone_swaps {
	const char *name;
	struct tone_swap *items;
	size_t n;
};

struct tone_closing {
	const char *name, *text;
	struct strings unless;	/* the message says one of these already */
};

struct tone_shape {
	const char *match;
	struct strings forms;
	bool question;		/* only for questions; others only for what is none */
	bool once;		/* in a message */
	bool again;		/* what it has made may have a shape, too */
	const struct tone_closing *closing;	/* behind the message, or NULL */
};

struct tone {
	const char *name;
	bool calm;
	const struct tone_swaps **swaps;
	size_t n_swaps;
	struct tone_shape *shapes;
	size_t n_shapes;
	struct tone_closing *closings;
	size_t n_closings;
};

/* All strings are those of @yaml. */
struct tones {
	struct yaml *yaml;
	struct phrase_lists lists;
	struct word_set small;
	struct tone_swaps *swaps;
	size_t n_swaps;
	struct tone *styles;
	size_t n_styles;
};

/* 0; -EINVAL with line:column in @d; -ENOMEM; the system's errors. */
int tones_read_fd(struct tones **ret, int fd, struct diag *d);
struct tones *tones_free(struct tones *t);
DEFINE_CLEANUP(struct tones *, tones_free)

/* The rules of a style, NULL: of the first one; NULL where there are none, also for a NULL @t. */
const struct tone *tones_find(const struct tones *t, const char *style);
