/* SPDX-License-Identifier: MIT */
/* A training run for the front end at the other end of a socket (ipc/train-protocol.h). */
#pragma once

#include <stdint.h>

/* Waits for TRAIN_BEGIN, runs it, tells its end and waits until the other end closes: 0, or -errno.
 * @threads, @checkpoint_seconds as in struct run_front. */
int train_serve(int sock, unsigned threads, uint32_t checkpoint_seconds);
