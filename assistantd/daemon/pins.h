/* SPDX-License-Identifier: MIT */
/*
 * PINs of targets: what has one is done only with it, whoever asks. Only Argon2id hashes are
 * kept, in a file of the user's that forgetting the history leaves alone. A file that cannot
 * be read protects everything: nobody's PIN is right until it is repaired or removed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assistantd/daemon/worker.h"

enum { PIN_LENGTH_MIN = 4, PIN_LENGTH_MAX = 64, PIN_TRIES = 3, PIN_LOCKOUT_MS = 5 * 60 * 1000,
       PINS_MAX = 256 };

enum pin_result {
	PIN_RIGHT,
	PIN_WRONG,
	PIN_LOCKED_OUT,		/* PIN_TRIES wrong ones: for PIN_LOCKOUT_MS no more is looked at */
	PIN_FAILED,		/* the system: no memory, no disk */
};

struct pins;

typedef void (*pin_fn)(void *arg, enum pin_result result);

/* 0 or -ENOMEM; what is wrong with the file is logged. */
int pins_new(struct pins **ret, const char *path, struct worker *worker);
/* The worker has ended before. */
struct pins *pins_free(struct pins *p);
DEFINE_CLEANUP(struct pins *, pins_free)

bool pins_has(const struct pins *p, const char *target);
/* So long no PIN of @target is looked at, in milliseconds; 0: it is. */
uint64_t pins_lockout_ms(const struct pins *p, const char *target);
/* Tells by @fn, later, what @pin is for @target; hashing is the worker's. 0 or -ENOMEM. */
int pins_check(struct pins *p, const char *target, const char *pin, pin_fn fn, void *arg);
/*
 * Gives @target the PIN @pin, or with "" none, where @old is the present one ("" where it has
 * none). PIN_RIGHT: it is so, and on disk. 0; -EINVAL for a length that is none; -E2BIG for
 * more than PINS_MAX; -ENOMEM: then @fn is not called.
 */
int pins_set(struct pins *p, const char *target, const char *old, const char *pin, pin_fn fn,
	     void *arg);
/* Targets that have one, in no order; NULL past the last. */
const char *pins_at(const struct pins *p, size_t i);
