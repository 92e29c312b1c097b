/* SPDX-License-Identifier: MIT */
/* Signatures behind a package: every one that is not of this content by this key is refused. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/signature.h"
#include "tests/check-main.h"
#include "util/buf.h"
#include "util/macro.h"

#define CONTENT "whatever was signed, to its last byte"
#define COMMENT "timestamp:1700000000\tfile:x.gguf"

struct key {
	uint8_t id[8], public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
};

static struct key key_of(uint8_t seed)
{
	struct key k = { .id = { 0xf9, 0xce, 0xd9, 0x59, 0x77, 0x29, 0x1b, seed } };
	uint8_t seeds[crypto_sign_SEEDBYTES] = { seed };

	ck_assert_int_ge(sodium_init(), 0);
	crypto_sign_seed_keypair(k.public, k.secret, seeds);
	return k;
}

static void put_base64(struct buf *out, const void *data, size_t len)
{
	char text[256];

	sodium_bin2base64(text, sizeof(text), data, len, sodium_base64_VARIANT_ORIGINAL);
	ck_assert_int_eq(buf_append_str(out, text), 0);
}

static void put_key(struct buf *out, const struct key *k, bool comment)
{
	uint8_t bytes[2 + sizeof(k->id) + sizeof(k->public)] = { 'E', 'd' };

	memcpy(bytes + 2, k->id, sizeof(k->id));
	memcpy(bytes + 10, k->public, sizeof(k->public));
	if (comment)
		ck_assert_int_eq(buf_append_str(out, "untrusted comment: a key\n"), 0);
	put_base64(out, bytes, sizeof(bytes));
	if (comment)
		ck_assert_int_eq(buf_append_char(out, '\n'), 0);
}

/* What minisign writes for @content, signed by @k but with the id of @shown. */
static void put_signature(struct buf *out, const struct key *k, const struct key *shown,
			  const char *content, bool prehashed, const char *comment)
{
	uint8_t bytes[74] = { 'E', prehashed ? 'D' : 'd' }, hash[64], global[64];
	uint8_t both[64 + 256];
	const void *data = prehashed ? (const void *)hash : content;
	size_t len = prehashed ? sizeof(hash) : strlen(content);

	crypto_generichash(hash, sizeof(hash), (const uint8_t *)content, strlen(content), NULL, 0);
	memcpy(bytes + 2, shown->id, 8);
	crypto_sign_detached(bytes + 10, NULL, data, len, k->secret);
	memcpy(both, bytes + 10, 64);
	memcpy(both + 64, comment, strlen(comment));
	crypto_sign_detached(global, NULL, both, 64 + strlen(comment), k->secret);
	ck_assert_int_eq(buf_append_str(out, "untrusted comment: whatever\n"), 0);
	put_base64(out, bytes, sizeof(bytes));
	ck_assert_int_eq(buf_printf(out, "\ntrusted comment: %s\n", comment), 0);
	put_base64(out, global, sizeof(global));
	ck_assert_int_eq(buf_append_char(out, '\n'), 0);
}

static int check(struct signature *ret, const char *content, const char *text, size_t len,
		 const char *key, struct diag *d)
{
	const struct package p = { content, strlen(content), text, len };

	return signature_check(ret, &p, &key, key ? 1 : 0, d);
}

static void refused(const char *content, const char *text, size_t len, const char *key)
{
	struct diag d = DIAG_NULL;
	struct signature s;

	ck_assert_msg(check(&s, content, text, len, key, &d) == -EINVAL, "%.*s", (int)len, text);
	ck_assert_int_eq(d.code, DIAG_SIG);
	ck_assert_str_eq(d.field, "signature");
	ck_assert_int_ne(s.state, SIGNATURE_VALID);
	ck_assert_str_eq(s.trusted_comment, "");
}

struct made {
	struct buf key, text;
};

static struct made made(bool prehashed)
{
	struct made m = { BUF_NULL, BUF_NULL };
	struct key k = key_of(1);

	put_key(&m.key, &k, true);
	put_signature(&m.text, &k, &k, CONTENT, prehashed, COMMENT);
	return m;
}

static void made_deinit(struct made *m)
{
	buf_deinit(&m->key);
	buf_deinit(&m->text);
}

START_TEST(valid_in_both_forms)
{
	_cleanup_(made_deinit) struct made m = made(_i);
	_cleanup_(buf_deinit) struct buf bare = BUF_NULL;
	struct key k = key_of(1);
	struct diag d = DIAG_NULL;
	struct signature s;

	ck_assert_msg(check(&s, CONTENT, m.text.data, m.text.len, m.key.data, &d) == 0, "%s",
		      d.text);
	ck_assert_int_eq(s.state, SIGNATURE_VALID);
	ck_assert_str_eq(s.trusted_comment, COMMENT);
	ck_assert_str_eq(s.key_id, "011B297759D9CEF9");
	/* The key as minisign -P takes it; a file without its last newline. */
	put_key(&bare, &k, false);
	ck_assert_int_eq(check(&s, CONTENT, m.text.data, m.text.len - 1, bare.data, &d), 0);
	ck_assert_int_eq(s.state, SIGNATURE_VALID);
}
END_TEST

START_TEST(by_none_of_the_keys)
{
	_cleanup_(made_deinit) struct made m = made(true);
	_cleanup_(buf_deinit) struct buf other = BUF_NULL;
	const struct package none = { .content = "x", .content_len = 1 };
	struct key k = key_of(2);
	struct diag d = DIAG_NULL;
	struct signature s;
	const char *keys[2];

	put_key(&other, &k, true);
	ck_assert_int_eq(check(&s, CONTENT, m.text.data, m.text.len, other.data, &d), 0);
	ck_assert_int_eq(s.state, SIGNATURE_UNKNOWN_KEY);
	ck_assert_str_eq(s.key_id, "011B297759D9CEF9");
	ck_assert_str_eq(s.trusted_comment, "");
	ck_assert_int_eq(check(&s, "other content", m.text.data, m.text.len, NULL, &d), 0);
	ck_assert_int_eq(s.state, SIGNATURE_UNKNOWN_KEY);
	/* The second of two is found; without a signature there is nothing to find. */
	keys[0] = other.data;
	keys[1] = m.key.data;
	ck_assert_int_eq(signature_check(&s, &(struct package){ CONTENT, strlen(CONTENT),
								m.text.data, m.text.len },
					 keys, 2, &d), 0);
	ck_assert_int_eq(s.state, SIGNATURE_VALID);
	ck_assert_int_eq(signature_check(&s, &none, keys, 2, &d), 0);
	ck_assert_int_eq(s.state, SIGNATURE_NONE);
	ck_assert_str_eq(s.key_id, "");
}
END_TEST

START_TEST(of_something_else)
{
	_cleanup_(made_deinit) struct made m = made(_i);
	_cleanup_(buf_deinit) struct buf forged = BUF_NULL, swapped = BUF_NULL;
	struct key k = key_of(1), other = key_of(3);
	char *comment, *end;

	refused(CONTENT ".", m.text.data, m.text.len, m.key.data);
	refused("", m.text.data, m.text.len, m.key.data);
	/* Another's, under the trusted id. */
	put_signature(&forged, &other, &k, CONTENT, _i, COMMENT);
	refused(CONTENT, forged.data, forged.len, m.key.data);
	/* Two good signatures by the trusted key, the comment of one beside the other. */
	put_signature(&swapped, &k, &k, CONTENT "2", _i, "timestamp:1800000000\tfile:x.gguf");
	comment = strstr(swapped.data, "trusted comment: t");
	end = strstr(m.text.data, "trusted comment: t");
	memmove(comment, end, strlen(end));
	refused(CONTENT "2", swapped.data, swapped.len, m.key.data);
	/* The comment alone. */
	comment = strstr(m.text.data, "1700000000");
	*comment = '2';
	refused(CONTENT, m.text.data, m.text.len, m.key.data);
}
END_TEST

START_TEST(cut_or_longer)
{
	_cleanup_(made_deinit) struct made m = made(true);

	/* All but the last newline is needed. */
	for (size_t len = 0; len + 1 < m.text.len; len++) {
		_cleanup_free_ char *copy = malloc(len ? len : 1);

		/* A block of its own, so that a byte too many is seen. */
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, m.text.data, len);
		refused(CONTENT, copy, len, m.key.data);
	}
	ck_assert_int_eq(buf_append_str(&m.text, "\n"), 0);
	refused(CONTENT, m.text.data, m.text.len, m.key.data);
}
END_TEST

START_TEST(no_byte_may_change)
{
	_cleanup_(made_deinit) struct made m = made(true);
	/* The first line proves nothing. */
	size_t free_text = strlen("untrusted comment: ");
	size_t its_end = strlen("untrusted comment: whatever");

	for (size_t i = 0; i + 1 < m.text.len; i++) {
		char old = m.text.data[i];

		if (i >= free_text && i <= its_end)
			continue;
		/* The id of an unknown key makes it one of an unknown key, and no valid one. */
		for (int bit = 0; bit < 7; bit++) {
			struct diag d = DIAG_NULL;
			struct signature s;
			int r;

			m.text.data[i] = (char)(old ^ 1 << bit);
			r = check(&s, CONTENT, m.text.data, m.text.len, m.key.data, &d);
			ck_assert_msg(r == -EINVAL || s.state == SIGNATURE_UNKNOWN_KEY,
				      "byte %zu, bit %d", i, bit);
		}
		m.text.data[i] = old;
	}
}
END_TEST

static const struct {
	const char *from, *to;
} edits[] = {
	{ "untrusted", "Untrusted" },
	{ "trusted comment: t", "trusted comment: \x1b" },
	{ "trusted comment: t", "trusted comment: \xff" },
	{ "trusted comment: ti", "trusted comment: \xc2\x9b" },
	{ "\nR", "\n R" },
	{ "\nR", "\n\nR" },
	{ "\nR", "\nQ" },
};

START_TEST(other_forms)
{
	_cleanup_(made_deinit) struct made m = made(true);
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	char *at = strstr(m.text.data, edits[_i].from);

	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(buf_append(&text, m.text.data, (size_t)(at - m.text.data)), 0);
	ck_assert_int_eq(buf_append_str(&text, edits[_i].to), 0);
	ck_assert_int_eq(buf_append_str(&text, at + strlen(edits[_i].from)), 0);
	refused(CONTENT, text.data, text.len, m.key.data);
}
END_TEST

static const char *const no_keys[] = {
	"", "x", "untrusted comment: only\n", "RWT5ztlZdykbC2zN1jiL7",
	/* One byte short; another algorithm; something behind it. */
	"RWQBAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJicoKQ==",
	"RURBAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJico",
	"RWQBAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJico\nmore\n",
};

START_TEST(what_is_no_key)
{
	_cleanup_(made_deinit) struct made m = made(true);
	struct package p = { CONTENT, strlen(CONTENT), m.text.data, m.text.len };
	const char *keys[] = { "RWQBAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJico",
			       no_keys[_i] };
	struct diag d = DIAG_NULL;
	struct signature s;

	ck_assert_int_eq(signature_check(&s, &p, keys, 2, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_SYNTAX);
	ck_assert_str_eq(d.field, "key 2");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("signature");

	tcase_add_loop_test(tc, valid_in_both_forms, 0, 2);
	tcase_add_test(tc, by_none_of_the_keys);
	tcase_add_loop_test(tc, of_something_else, 0, 2);
	tcase_add_test(tc, cut_or_longer);
	tcase_add_test(tc, no_byte_may_change);
	tcase_add_loop_test(tc, other_forms, 0, ARRAY_SIZE(edits));
	tcase_add_loop_test(tc, what_is_no_key, 0, ARRAY_SIZE(no_keys));
	return run_tests("signature of a package", tc);
}
