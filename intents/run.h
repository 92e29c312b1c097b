/* SPDX-License-Identifier: MIT */
/*
 * The program on a text: from a unit and a place, all places where the unit can end. All ways
 * are followed at once, character by character; what a unit came to at a place is kept, so
 * that it is worked out once however many call it there.
 */
#pragma once

#include "intents/derivation.h"
#include "intents/heard.h"
#include "intents/intents-private.h"

/* Where a unit ended, with what it returned. */
struct result {
	struct derivation d;
	uint32_t value;
	uint32_t next;		/* the next of the list; 0: none */
	uint16_t end;
};

struct results {
	uint32_t first, last;	/* 0: none */
};

/* A way that has come to a state at some place. */
struct thread {
	struct derivation d;
	uint32_t state;
	uint32_t next;		/* at the same place of the same call */
	uint32_t same;		/* at the same state there, with another meaning */
	uint32_t stamp;		/* of call and place, once it is looked at; 0: not, or no more */
};

struct frame {
	uint32_t first[HEARD_POSITIONS], last[HEARD_POSITIONS];
	uint32_t furthest;
	uint32_t base;		/* threads that are others' */
};

struct memo {
	uint32_t unit, pos;	/* unit: one more, 0 is free */
	uint32_t first;
};

struct run {
	const struct intents *set;
	const struct program *p;
	struct heard heard;
	uint32_t skips[HEARD_POSITIONS];	/* results of the words to skip that begin here */
	bool held[HEARD_POSITIONS];	/* from here, a way may go on further behind */
	struct derivations derivations;
	struct result *results;
	size_t n_results, cap_results;
	struct thread *threads;
	size_t n_threads, cap_threads;
	struct memo *memos;
	size_t n_memos, cap_memos;
	uint32_t *latest;	/* of each state: the last thread that was looked at */
	struct frame **frames;
	unsigned depth, n_frames;
	uint32_t stamp;
	size_t steps;
	int error;
};

/* 0, -ENOMEM, -E2BIG; to be released in any case. */
int run_init(struct run *r, const struct intents *set, const char *text, size_t len);
void run_deinit(struct run *r);

/* The results of a unit at a place, as a list (first, then `next`); check `error` after it. */
uint32_t run_unit(struct run *r, uint32_t unit, uint32_t pos);
/* Whether nothing but what may be left out stands from @pos on. */
bool run_at_end(const struct run *r, uint32_t pos);

void run_result(struct run *r, struct results *to, const struct result *one);
void run_wildcard(struct run *r, uint32_t pos, struct results *to);
void run_range(struct run *r, const struct unit *u, uint32_t pos, struct results *to);
void run_names(struct run *r, const struct unit *u, uint32_t pos, struct results *to);
