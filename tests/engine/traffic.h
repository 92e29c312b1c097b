/* SPDX-License-Identifier: MIT */
/*
 * Random requests on a front end: both lanes, with and without guesses, scores, cancelled, with
 * the wrong file, beside LOAD, UNLOAD, PIN and COUNT. What is answered is compared with what is
 * right; the first difference ends the test.
 */
#pragma once

#include "tests/engine/front.h"

enum { TRAFFIC_BESIDE = 16, TRAFFIC_REQUESTS = 24 };

enum landing { LANDING_NONE, LANDING_DONE, LANDING_REFUSED, LANDING_BUSY, LANDING_CANCELLED };

struct flight {
	uint64_t id;		/* 0: free */
	const struct front_case *c;
	struct buf text;
	uint32_t n_tokens;
	bool cancelled, wrong_file, started, scores;
	enum landing *landing;	/* where to tell how it ends, or NULL */
	int *stored;		/* where to put what is to be stored of it, or NULL */
};

struct traffic {
	struct front *f;
	uint64_t state;
	struct flight flights[TRAFFIC_BESIDE];
	size_t beside, limit, begun, total;
	uint64_t other;		/* the id of LOAD, UNLOAD, PIN or COUNT that is not answered; 0 */
	bool shrinks;		/* budgets do: what is in use may be more than they are */
	uint32_t needed;	/* tokens of the text that is counted, and of its answer */
	/* What came of it. */
	size_t done, scored, cancelled, refused, busy;
	size_t tokens, known, guessed, right, changes, stored;
};

/* Sends START for @c; there must be a flight that is free. The flight, until it ends. */
struct flight *traffic_start(struct traffic *t, const struct front_case *c,
			     struct front_options o);
/* The same with SCORE. */
void traffic_score(struct traffic *t, const struct front_case *c, struct front_options o);
void traffic_cancel(struct traffic *t, struct flight *fl);
/* Takes one message and checks it; with @wait false, does nothing when there is none. */
void traffic_take(struct traffic *t, bool wait);
/* One schedule of up to TRAFFIC_REQUESTS, to its end. */
void traffic_run(struct traffic *t);
