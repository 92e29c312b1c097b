/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/identify.h"

#include <pthread.h>
#include <string.h>

struct file_hash {
	int fd, result;
	struct digest digest;
};

static void *run(void *arg)
{
	struct file_hash *h = arg;

	h->result = digest_of_fd(h->fd, &h->digest);
	return NULL;
}

/* Both read the same pages, so that the second one finds them in memory. */
static int identify_all(struct model_digests *ret, const struct gguf *g, int fd, struct diag *d)
{
	struct file_hash hash = { .fd = fd };
	pthread_t thread;
	bool threaded = pthread_create(&thread, NULL, run, &hash) == 0;
	int r = bm_identify(g, &ret->identity, d);

	if (threaded)
		pthread_join(thread, NULL);
	else
		run(&hash);
	ret->file = hash.digest;
	return r < 0 ? r : hash.result;
}

int identify_model(struct model_digests *ret, bool known, const struct gguf *g, int fd,
		   struct diag *d)
{
	int r = known ? bm_identify_text(g, &ret->identity, d) : identify_all(ret, g, fd, d);

	return r < 0 ? diag_set(d, r, DIAG_SYSTEM, "", "cannot hash: %s", strerror(-r)) : 0;
}
