/* SPDX-License-Identifier: MIT */
/*
 * The catalogue of installed adapters, a YAML file beside them. Callers name adapters; only
 * the catalogue turns a name into a file. Stands on util alone, so that the front end, which
 * holds no model, may read it. Every entry is one version of an adapter:
 *
 *   version: 1
 *   adapters:
 *     - name: proofread          # what its manifest says (manifest.h): name, task, style, title,
 *       …                        # languages, sequence, base, tokenizer, template, rank, scale,
 *                                # prompt
 *       file: proofread.gguf     # beside the catalogue, no folder in it
 *       digest: 64 hex digits    # SHA-256 of the file
 *       state: active            # optional: active, staged, retired or refused
 *       reason: …                # optional, why it has that state; one line
 *       since: 1700000000        # optional, when it came to it, seconds since 1970
 *       signature: 16 hex digits # optional, the key that signed it, or `unknown`
 *       enabled: true            # optional
 *       pinned: false            # optional
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/manifest.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/diag.h"
#include "util/digest.h"

#define CATALOG_MAX_ENTRIES 1024
#define CATALOG_MAX_REASON 512
#define CATALOG_UNKNOWN_KEY "unknown"

enum catalog_state { CATALOG_ACTIVE, CATALOG_STAGED, CATALOG_RETIRED, CATALOG_REFUSED };

struct catalog_entry {
	struct manifest manifest;	/* without training and canaries */
	const char *file;
	struct digest digest;
	enum catalog_state state;
	const char *reason;	/* "" where none is given */
	const char *signature;	/* "" where there is none */
	int64_t since;		/* 0 where not given */
	bool enabled, pinned;
};

struct catalog;

/*
 * 0; -EINVAL with the field "line:column" in @d; -ENOMEM. No name has two active versions, and
 * no version of a name stands twice.
 */
int catalog_parse(struct catalog **ret, const char *text, size_t len, struct diag *d);
/* Reads from @fd, which stays the caller's; also the system's errors. */
int catalog_read_fd(struct catalog **ret, int fd, struct diag *d);
struct catalog *catalog_free(struct catalog *c);
DEFINE_CLEANUP(struct catalog *, catalog_free)

/* All versions. Entries and what they point to live as long as the catalogue. */
size_t catalog_count(const struct catalog *c);
const struct catalog_entry *catalog_at(const struct catalog *c, size_t index);
/* The active version of that name, whether enabled or not, or NULL. */
const struct catalog_entry *catalog_active(const struct catalog *c, const char *name);
/* Any version, or NULL. */
const struct catalog_entry *catalog_version(const struct catalog *c, const char *name,
					    const struct digest *digest);
/* "active", "staged", "retired", "refused". */
const char *catalog_state_name(enum catalog_state state);

/*
 * Appends the text of a catalogue with these entries, which may be those of another one. It is
 * parsed before it is given out: 0; what catalog_parse() finds wrong, DIAG_LIMIT where it
 * becomes larger than a catalogue may be; -ENOMEM.
 */
int catalog_write(struct buf *out, const struct catalog_entry *entries, size_t n,
		  struct diag *d);
