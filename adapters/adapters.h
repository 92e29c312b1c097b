/* SPDX-License-Identifier: MIT */
/*
 * LoRA adapters: low-rank updates of a base model's matrices, W + scale · B·A
 * (Hu et al. 2021, arXiv:2106.09685), kept beside the base and never merged.
 *
 * An adapter is read once from a descriptor into memory of our own, hashed
 * while it is read: the bytes that were verified are the bytes in use, whatever
 * happens to the file afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/answers.h"
#include "adapters/cache.h"
#include "adapters/canary.h"
#include "adapters/catalog.h"
#include "adapters/manifest.h"
#include "adapters/package.h"
#include "adapters/peft.h"
#include "adapters/signature.h"
#include "adapters/proof.h"
#include "adapters/stop.h"
#include "adapters/uses.h"
#include "util/cleanup.h"
#include "util/diag.h"
#include "util/digest.h"

struct bm_delta;
struct bm_model;
struct tokenizer;

#define ADAPTER_MAX_INVOCATION 64

struct adapter;

/*
 * Reads a GGUF LoRA (general.type "adapter", adapter.type "lora") from @fd,
 * which stays the caller's, and checks it against @m: architecture, names,
 * every shape, complete pairs, one rank per pair of 1..ADAPTER_MAX_RANK, finite
 * values, alpha > 0, and 1..ADAPTER_MAX_INVOCATION invocation tokens of the
 * vocabulary where it has some (adapter.alora.invocation_tokens). It may bring
 * tokens of its own: tokens.h says how.
 *
 * Returns 0 and a reference; -EINVAL, -ENOMEM or the system's error with @d
 * filled. @m must outlive the adapter.
 */
int adapter_load_fd(struct adapter **ret, const struct bm_model *m, int fd, struct diag *d);

/* References belong to one thread, the scheduler's. */
struct adapter *adapter_ref(struct adapter *a);
struct adapter *adapter_unref(struct adapter *a);
DEFINE_CLEANUP(struct adapter *, adapter_unref)

/* The update in compute form, alpha / rank folded in; lives as long as the adapter. */
const struct bm_delta *adapter_delta(const struct adapter *a);
/* SHA-256 of the whole file. */
const struct digest *adapter_digest(const struct adapter *a);
/* Memory that it holds. */
size_t adapter_bytes(const struct adapter *a);
/* Microseconds that reading, hashing, checking and packing it took. */
uint64_t adapter_load_us(const struct adapter *a);
/* Largest rank of its matrices, and how many matrices it changes. */
uint32_t adapter_rank(const struct adapter *a);
uint32_t adapter_matrix_count(const struct adapter *a);
/* The tokens that invoke it, *@n; none of an ordinary one, which acts on all of a text. */
const int32_t *adapter_invocation(const struct adapter *a, size_t *n);
/* The base's vocabulary with the tokens that it brings; NULL where it brings none. */
const struct tokenizer *adapter_tokenizer(const struct adapter *a);
