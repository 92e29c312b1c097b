/* SPDX-License-Identifier: MIT */
/*
 * The file in which a training run keeps where it is: two slots, written in turn, so that there is
 * a whole one whenever the writing ends. A slot is what is kept and, written last, a head with
 * its digest and with what run it is of. The format is of this machine's byte order.
 */
#pragma once

#include <stdint.h>

#include "util/diag.h"
#include "util/digest.h"

/* What a run depends on: with the same, it comes to the same weights. */
struct slots_id {
	struct digest base, data, held_out, options;
};

struct slots {
	int fd;			/* borrowed */
	struct slots_id id;
	uint64_t length;	/* of a slot's bytes */
	uint64_t generation;	/* of the newest slot, from 1 on; 0: there is none */
};

/* Positive result. */
enum { _SLOTS_E_SUCCESS, SLOTS_E_EMPTY };

/* Bytes that the whole file comes to with slots of @length; UINT64_MAX where that overflows. */
uint64_t slots_file_size(uint64_t length);

/*
 * Finds the newest whole slot of @length bytes in @fd: 0 and the file stands where it starts;
 * SLOTS_E_EMPTY where none was ever finished; -EINVAL with @d where there are only damaged ones,
 * or one of another run or of another length, or other bytes: nothing is changed. Else -errno. Of
 * the file no more is read than such slots have.
 */
int slots_open(struct slots *s, int fd, const struct slots_id *id, uint64_t length,
	       struct diag *d);
/* The file stands where the next slot is written; what is written then becomes the newest slot by
 * slots_commit(), which answers -EINVAL for another length. 0 or -errno; the slot before stays
 * whole. */
int slots_begin(struct slots *s);
int slots_commit(struct slots *s);
