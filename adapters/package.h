/* SPDX-License-Identifier: MIT */
/*
 * An adapter as one file: a GGUF LoRA that carries the text of its manifest (manifest.h) under
 * the string key `assistantd.manifest`, and optionally, behind its last byte,
 *
 *   the signature, as `minisign -S` writes it into FILE.minisig, of 1 to 4096 bytes
 *   the number of these bytes, u32, little endian
 *   the twelve bytes "ASSISTSIGN1\n"
 *
 * What is signed is the content: all before the signature. A LoRA without a manifest is not a
 * package, but what one is made from. The digest of an adapter is that of the whole file.
 */
#pragma once

#include "adapters/manifest.h"
#include "util/cleanup.h"
#include "util/diag.h"
#include "util/digest.h"

#define PACKAGE_MANIFEST_KEY "assistantd.manifest"
#define PACKAGE_MAX_SIZE (UINT64_C(2) << 30)
#define PACKAGE_MAX_SIGNATURE 4096

struct gguf;
struct gguf_writer;

/* Positive results. */
enum { _PACKAGE_E_SUCCESS, PACKAGE_E_BARE };

/* Its parts, borrowed from the file's bytes. */
struct package {
	const char *content;
	size_t content_len;
	const char *signature;	/* NULL where there is none */
	size_t signature_len;
};

/* 0; -EINVAL and DIAG_SIG for a footer whose length cannot be. */
int package_split(struct package *ret, const char *data, size_t len, struct diag *d);

/*
 * The manifest of a parsed content, compared with it: its rank is that of the largest matrix.
 * 0; PACKAGE_E_BARE where there is none; -EINVAL, its field being the manifest's "line:column",
 * or the key where that holds no text; -ENOMEM.
 */
int package_manifest(struct manifest_file **ret, const struct gguf *g, struct diag *d);
/* Of a LoRA's matrices the largest rank, 0 where there are none; and how many there are. */
uint32_t package_rank(const struct gguf *g);
uint32_t package_matrices(const struct gguf *g);

/* A file in memory of our own: what was verified is what is used, whatever becomes of it. */
struct package_file;

/*
 * Reads all of @fd, which stays the caller's: a package or a bare LoRA, of at most
 * PACKAGE_MAX_SIZE bytes. The manifest is not looked at. 0; -EINVAL; -ENOMEM; the system's
 * error.
 */
int package_open_fd(struct package_file **ret, int fd, struct diag *d);
struct package_file *package_file_free(struct package_file *f);
DEFINE_CLEANUP(struct package_file *, package_file_free)

/* These live as long as @f. */
const struct package *package_parts(const struct package_file *f);
const struct gguf *package_gguf(const struct package_file *f);
size_t package_size(const struct package_file *f);
/* SHA-256 of the whole file, computed beside everything since it was opened: waits for its end.
 * 0, -ENOMEM or -EIO. */
int package_digest(struct package_file *f, struct digest *ret, struct diag *d);

/*
 * Making one: what a LoRA holds but for its manifest; a manifest; and, behind the written
 * content where @fd stands, a signature. The first borrows @g until @w is written. 0, -EINVAL
 * with @d, -ENOMEM, or the error of write().
 */
int package_put_lora(struct gguf_writer *w, const struct gguf *g, struct diag *d);
int package_put_manifest(struct gguf_writer *w, const struct manifest *m, struct diag *d);
int package_write_signature(int fd, const char *text, size_t len, struct diag *d);
