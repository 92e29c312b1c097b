/* SPDX-License-Identifier: MIT */
/* A LoRA and a manifest become a package in memory that nobody can change any more. */
#pragma once

#include "adapters/adapters.h"

struct packaged {
	int fd;			/* a sealed memfd, owned; -1: none */
	struct digest digest;	/* of its bytes */
	uint64_t bytes;
	struct buf manifest;	/* its text */
	uint32_t n_canaries;	/* recorded by packaging_make() */
};

#define PACKAGED_NULL { .fd = -1 }

void packaged_deinit(struct packaged *p);

/* A new memfd that can be sealed; -errno with @d. */
int packaging_file(const char *name, struct diag *d);
/* Seals a file that is written: 0 or -errno with @d. */
int packaging_seal(int fd, struct diag *d);
/* Takes over *@fd, seals it and reads it back: what is wrong with the manifest is said by who
 * reads manifests. 0; -EINVAL with @d; -ENOMEM; the system's error. */
int packaging_finish(struct packaged *ret, int *fd, struct diag *d);

/*
 * @lora, which @a was loaded from, with @m, whose rank and canaries are filled in here. The
 * canaries are recorded with @model; @own [n_own] are texts for them, as canaries_record() has
 * it. Errors as above.
 */
int packaging_make(struct packaged *ret, const struct gguf *lora, struct bm_model *model,
		   const struct adapter *a, struct manifest *m, const char *const *own,
		   size_t n_own, const struct stop *stop, struct diag *d);
