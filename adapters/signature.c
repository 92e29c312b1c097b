/* SPDX-License-Identifier: MIT */
#include "adapters/signature.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"
#include "util/utf8.h"

#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "
#define BLAKE2B_512 64

/* Both as base64 holds them. */
struct public_key {
	char algorithm[2];
	uint8_t id[8], key[crypto_sign_PUBLICKEYBYTES];
};

struct inner {
	char algorithm[2];
	uint8_t id[8], signature[crypto_sign_BYTES];
};

struct signature_text {
	struct inner inner;
	const char *comment;	/* the trusted one */
	size_t comment_len;
	uint8_t global[crypto_sign_BYTES];
};

struct text {
	const char *at;
	size_t len;
};

/* Takes the next line, without what ends it. */
static struct text next_line(struct text *t)
{
	const char *end = t->len ? memchr(t->at, '\n', t->len) : NULL;
	struct text line = { t->at, end ? (size_t)(end - t->at) : t->len };
	size_t taken = line.len + (end ? 1 : 0);

	t->at += taken;
	t->len -= taken;
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool take_prefix(struct text *line, const char *prefix)
{
	size_t n = strlen(prefix);

	if (line->len < n || memcmp(line->at, prefix, n) != 0)
		return false;
	line->at += n;
	line->len -= n;
	return true;
}

/* Exactly @size bytes, padded, with no other reading. */
static bool decode(void *ret, size_t size, struct text line)
{
	const char *end;
	size_t n;

	return line.len && sodium_base642bin(ret, size, line.at, line.len, NULL, &n, &end,
					     sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       n == size && end == line.at + line.len;
}

static int malformed(const char *what, struct diag *d)
{
	return diag_set(d, -EINVAL, DIAG_SIG, "signature", "expected %s, as minisign writes it",
			what);
}

/* The comment goes to the user: one line of text, which may have tabs, as minisign's own has. */
static bool is_comment(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f ||
		    ((unsigned char)s[i] == 0xc2 && i + 1 < len &&
		     (unsigned char)s[i + 1] < 0xa0))
			return false;
	return utf8_valid(s, len);
}

static int parse(struct signature_text *ret, const struct package *p, struct diag *d)
{
	struct text text = { p->signature, p->signature_len }, line = next_line(&text);

	if (!take_prefix(&line, UNTRUSTED))
		return malformed("a line '" UNTRUSTED "…'", d);
	if (!decode(&ret->inner, sizeof(ret->inner), next_line(&text)) ||
	    ret->inner.algorithm[0] != 'E' ||
	    (ret->inner.algorithm[1] != 'd' && ret->inner.algorithm[1] != 'D'))
		return malformed("an Ed25519 signature in its second line", d);
	line = next_line(&text);
	if (!take_prefix(&line, TRUSTED) || !is_comment(line.at, line.len))
		return malformed("a third line '" TRUSTED "…' of printable text", d);
	ret->comment = line.at;
	ret->comment_len = line.len;
	if (!decode(ret->global, sizeof(ret->global), next_line(&text)))
		return malformed("the signature of the comment in its fourth line", d);
	return text.len == 0 ? 0 : malformed("four lines", d);
}

static int parse_key(struct public_key *ret, const char *source, size_t index, struct diag *d)
{
	struct text text = { source, strlen(source) }, line = next_line(&text);
	char field[32];

	if (take_prefix(&line, UNTRUSTED))
		line = next_line(&text);
	if (decode(ret, sizeof(*ret), line) && text.len == 0 && ret->algorithm[0] == 'E' &&
	    ret->algorithm[1] == 'd')
		return 0;
	snprintf(field, sizeof(field), "key %zu", index + 1);
	return diag_set(d, -EINVAL, DIAG_SYNTAX, field,
			"no public key, expected what minisign -G writes into a .pub file");
}

static bool verify_content(const struct signature_text *s, const struct package *p,
			   const uint8_t *key)
{
	uint8_t hash[BLAKE2B_512];
	const void *signed_data = p->content;
	size_t len = p->content_len;

	if (s->inner.algorithm[1] == 'D') {
		if (crypto_generichash(hash, sizeof(hash), signed_data, len, NULL, 0) != 0)
			return false;
		signed_data = hash;
		len = sizeof(hash);
	}
	return crypto_sign_verify_detached(s->inner.signature, signed_data, len, key) == 0;
}

static bool verify_comment(const struct signature_text *s, const uint8_t *key)
{
	uint8_t both[crypto_sign_BYTES + PACKAGE_MAX_SIGNATURE];

	memcpy(both, s->inner.signature, crypto_sign_BYTES);
	memcpy(both + crypto_sign_BYTES, s->comment, s->comment_len);
	return crypto_sign_verify_detached(s->global, both, crypto_sign_BYTES + s->comment_len,
					   key) == 0;
}

static int verify(struct signature *ret, const struct signature_text *s, const struct package *p,
		  const uint8_t *key, struct diag *d)
{
	if (!verify_content(s, p, key))
		return diag_set(d, -EINVAL, DIAG_SIG, "signature",
				"key %s did not sign this content", ret->key_id);
	if (!verify_comment(s, key))
		return diag_set(d, -EINVAL, DIAG_SIG, "signature",
				"key %s did not sign its trusted comment", ret->key_id);
	memcpy(ret->trusted_comment, s->comment, s->comment_len);
	ret->state = SIGNATURE_VALID;
	return 0;
}

/* minisign reads the id as a little-endian number. */
static void show_id(char ret[SIGNATURE_KEY_ID_LEN + 1], const uint8_t id[8])
{
	for (int i = 0; i < 8; i++)
		snprintf(ret + (size_t)2 * i, 3, "%02X", id[7 - i]);
}

int signature_check(struct signature *ret, const struct package *p,
		    const char *const *public_keys, size_t n_keys, struct diag *d)
{
	struct signature_text s;
	struct public_key key;
	bool known = false;
	int r;

	*ret = (struct signature){ .state = SIGNATURE_NONE };
	if (sodium_init() < 0)
		return diag_set(d, -EIO, DIAG_SYSTEM, "", "libsodium does not start");
	if (!p->signature)
		return 0;
	r = parse(&s, p, d);
	if (r < 0)
		return r;
	show_id(ret->key_id, s.inner.id);
	ret->state = SIGNATURE_UNKNOWN_KEY;
	for (size_t i = 0; i < n_keys && !known; i++) {
		r = parse_key(&key, public_keys[i], i, d);
		if (r < 0)
			return r;
		known = memcmp(key.id, s.inner.id, sizeof(key.id)) == 0;
	}
	return known ? verify(ret, &s, p, key.key, d) : 0;
}
