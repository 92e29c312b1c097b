/* SPDX-License-Identifier: MIT */
/*
 * Signatures in the format of minisign (jedisct1.github.io/minisign): Ed25519 of the content
 * ("Ed") or of its BLAKE2b-512 ("ED"), and a second one that covers the first and the trusted
 * comment. A signature proves where a package is from. It says nothing of what it does.
 */
#pragma once

#include "adapters/package.h"

enum signature_state {
	SIGNATURE_NONE,
	SIGNATURE_UNKNOWN_KEY,	/* by none of the given keys: nothing is known of it */
	SIGNATURE_VALID,
};

#define SIGNATURE_KEY_ID_LEN 16

struct signature {
	enum signature_state state;
	char key_id[SIGNATURE_KEY_ID_LEN + 1];	/* as minisign shows it, with its zeros; or "" */
	char trusted_comment[PACKAGE_MAX_SIGNATURE];	/* where it is valid; UTF-8, one line */
};

/*
 * Checks a package's signature by public keys: texts of .pub files, or the line with the key
 * alone. 0 and the state; -EINVAL with DIAG_SIG for a signature that is malformed or not of
 * this content; -EINVAL with DIAG_SYNTAX and the field "key N" for what is no public key;
 * -EIO where libsodium does not start.
 */
int signature_check(struct signature *ret, const struct package *p,
		    const char *const *public_keys, size_t n_keys, struct diag *d);
