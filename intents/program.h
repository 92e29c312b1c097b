/* SPDX-License-Identifier: MIT */
/*
 * The automaton that templates become. A unit is what can be called: a rule, a list, a member
 * of a permutation; it is entered at a place of the text and returns the places where it can
 * end. Units call no unit that calls them, and states belong to one unit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NONE UINT32_MAX
#define NO_SLOT UINT16_MAX

/* Calls inside each other: bounds the stack of the compiler and of a match. */
#define UNIT_DEPTH_MAX 64
#define STATES_MAX 1000000

enum op {
	OP_CHAR,	/* takes the character `arg`, goes on at `next` */
	OP_BLANK,	/* takes a blank, or nothing beside one or at an end */
	OP_ALT,		/* goes on at each of `next` targets from `arg` on */
	OP_CALL,	/* calls the unit `arg`; with a slot, what it took is captured */
	OP_RET,		/* the unit ends, `arg` tells the caller how */
};

struct state {
	uint64_t first;		/* characters that it can begin with, by their low 6 bits */
	uint32_t arg, next;
	uint16_t slot;
	uint8_t op;
	bool nullable;		/* the unit may end without another character */
	bool wild;		/* it can begin with a wildcard */
};

/* Numbers from..to in steps, all in tenths; a step of 0 is none. */
struct range {
	int32_t from, to, step;
	bool halves, tenths;
	double multiplier;	/* of what the slot is given */
};

enum unit_kind {
	UNIT_RULE,	/* words may be passed over in it */
	UNIT_PHRASE,	/* returns a number */
	UNIT_LIST,	/* returns an index of `values`, or of names */
	UNIT_RANGE,	/* returns a number in tenths */
	UNIT_WILDCARD,
};

/* What a unit of a list returns for a value. */
#define VALUE_NAME 0x80000000u	/* and index into its names: it is not one of the files */

struct unit {
	enum unit_kind kind;
	uint32_t entry;		/* RULE, PHRASE, LIST */
	uint32_t names;		/* LIST: index into `names`, or NONE */
	struct range range;
	uint64_t first;		/* as of a state */
	bool nullable, wild;
	unsigned depth;		/* of the calls inside it, and itself */
};

struct program {
	struct state *code;
	size_t n_code, cap_code;
	uint32_t *targets;
	size_t n_targets, cap_targets;
	struct unit *units;
	size_t n_units, cap_units;
	unsigned depth;		/* of the deepest unit */
	uint32_t root, skip_words, numbers, halves, wildcard;	/* units, or NONE */
};

/* Bit of a character in `first`. */
static inline uint64_t first_bit(uint32_t c)
{
	return (uint64_t)1 << (c & 63);
}

/* Add one; NONE when there is no memory, or too many are there. What a state leads to is there
 * before it: so it is known here what it can begin with. */
uint32_t program_state(struct program *p, enum op op, uint32_t arg, uint32_t next);
uint32_t program_targets(struct program *p, const uint32_t *targets, size_t n);
uint32_t program_unit(struct program *p, struct unit u);
void program_deinit(struct program *p);
