/* SPDX-License-Identifier: MIT */
/* SHA-256 of bytes that are still arriving, by a thread of its own. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "util/digest.h"

struct hashing {
	pthread_t thread;
	bool threaded;		/* else hashing_end() does all of it */
	pthread_mutex_t lock;
	pthread_cond_t more;
	const char *data;
	size_t len;		/* bytes that are there */
	bool complete;
	int result;
	struct digest digest;
};

/* @data will be filled from its beginning, and stays as it is until the end. */
void hashing_begin(struct hashing *h, const char *data);
/* The first @len bytes are there. */
void hashing_extend(struct hashing *h, size_t len);
/* There are no more: waits for the digest. 0, -ENOMEM or -EIO. Always to be called. */
int hashing_end(struct hashing *h, struct digest *ret);
