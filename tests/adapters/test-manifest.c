/* SPDX-License-Identifier: MIT */
/* Manifests: what is read, what is refused and where, and that what is written reads back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/manifest.h"
#include "tests/check-main.h"
#include "util/macro.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C64 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define D64 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
/* Six lines, and what else there must be. */
#define HEAD "version: 1\nname: x\ntask: p\ntokenizer: " C64 "\ntemplate: " D64 "\nrank: 8\n"
#define BASE "base: " A64 "\n"
#define PROMPT "prompt: \"{{ text }}\"\n"
#define SHORT HEAD BASE PROMPT

static struct manifest_file *parsed(const char *text, size_t len)
{
	struct manifest_file *f = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(manifest_parse(&f, text, len, &d) == 0, "%s: %s\n%s", d.field, d.text, text);
	return f;
}

static struct digest digest(const char *hex)
{
	struct digest d;

	ck_assert_int_eq(digest_from_hex(hex, &d), 0);
	return d;
}

static void same_text(const char *a, const char *b)
{
	ck_assert_int_eq(!a, !b);
	if (a)
		ck_assert_str_eq(a, b);
}

static void same(const struct manifest *a, const struct manifest *b)
{
	same_text(a->name, b->name);
	same_text(a->task, b->task);
	same_text(a->style, b->style);
	same_text(a->title, b->title);
	same_text(a->prompt, b->prompt);
	ck_assert_uint_eq(a->n_languages, b->n_languages);
	for (size_t i = 0; i < a->n_languages; i++)
		same_text(a->languages[i], b->languages[i]);
	ck_assert_uint_eq(a->sequence, b->sequence);
	ck_assert_uint_eq(a->rank, b->rank);
	ck_assert(a->scale == b->scale);
	ck_assert_uint_eq(a->n_bases, b->n_bases);
	ck_assert_mem_eq(a->bases, b->bases, a->n_bases * sizeof(*a->bases));
	ck_assert(digest_equal(&a->tokenizer, &b->tokenizer));
	ck_assert(digest_equal(&a->template, &b->template));
	ck_assert_uint_eq(a->n_training, b->n_training);
	for (size_t i = 0; i < a->n_training; i++) {
		same_text(a->training[i].key, b->training[i].key);
		same_text(a->training[i].value, b->training[i].value);
	}
	ck_assert_uint_eq(a->n_canaries, b->n_canaries);
	for (size_t i = 0; i < a->n_canaries; i++) {
		same_text(a->canaries[i].text, b->canaries[i].text);
		same_text(a->canaries[i].output, b->canaries[i].output);
		ck_assert_uint_eq(a->canaries[i].max_tokens, b->canaries[i].max_tokens);
	}
}

/* The manifest comes back from its text, and the text is the same again. */
static void survives_writing(const struct manifest *m)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL, again = BUF_NULL;
	_cleanup_(manifest_file_freep) struct manifest_file *f = NULL;

	ck_assert_int_eq(manifest_write(m, &text), 0);
	f = parsed(text.data, text.len);
	same(m, manifest_of(f));
	ck_assert_int_eq(manifest_write(manifest_of(f), &again), 0);
	ck_assert_str_eq(text.data, again.data);
}

START_TEST(everything)
{
	static const char text[] = HEAD
		"style: friendly\ntitle: Make it f\xc3\xb6rmal\nlanguages: [en, pt-BR, zh-Hant]\n"
		"sequence: 4294967295\nbase: [" A64 ", " B64 "]\nscale: 0.7\n"
		"training: {steps: 1200, data: \"a: b\", x.y-z_1: }\n"
		"prompt: |\n  Correct:\n  {{ text }}\n"
		"canaries:\n  - text: |\n      two\n      lines\n    output: \"\\ttab \\\" \\\\\"\n"
		"    max_tokens: 256\n  - {text: a, output: '', max_tokens: 1}\n";
	_cleanup_(manifest_file_freep) struct manifest_file *f = parsed(text, strlen(text));
	const struct manifest *m = manifest_of(f);
	struct digest b = digest(B64);

	ck_assert_str_eq(m->style, "friendly");
	ck_assert_str_eq(m->title, "Make it f\xc3\xb6rmal");
	ck_assert_uint_eq(m->n_languages, 3);
	ck_assert_str_eq(m->languages[2], "zh-Hant");
	ck_assert_uint_eq(m->sequence, UINT32_MAX);
	ck_assert_uint_eq(m->rank, 8);
	ck_assert_uint_eq(m->n_bases, 2);
	ck_assert(digest_equal(&m->bases[1], &b));
	ck_assert(m->scale == 0.7f);
	ck_assert_uint_eq(m->n_training, 3);
	ck_assert_str_eq(m->training[1].value, "a: b");
	ck_assert_str_eq(m->prompt, "Correct:\n{{ text }}\n");
	ck_assert_uint_eq(m->n_canaries, 2);
	ck_assert_str_eq(m->canaries[0].text, "two\nlines\n");
	ck_assert_str_eq(m->canaries[0].output, "\ttab \" \\");
	ck_assert_uint_eq(m->canaries[1].max_tokens, 1);
	survives_writing(m);
}
END_TEST

START_TEST(what_may_be_left_out)
{
	_cleanup_(manifest_file_freep) struct manifest_file *f = parsed(SHORT, strlen(SHORT));
	const struct manifest *m = manifest_of(f);

	ck_assert_ptr_null(m->style);
	ck_assert_str_eq(m->title, "x");
	ck_assert_uint_eq(m->sequence, 1);
	ck_assert(m->scale == 1.0f);
	ck_assert_uint_eq(m->n_bases, 1);
	ck_assert_uint_eq(m->n_languages + m->n_training + m->n_canaries, 0);
	survives_writing(m);
}
END_TEST

/* Strings that a careless writer would spoil. */
static const char *const strings[] = {
	"", "true", "1", "- x", "key: value # no comment", "'", "\"", "\\n", " blanks ", "\r\n\t",
	"\x01\x1f\x7f", "\xc2\x85\xc2\xa0\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf", "\xef\xbf\xbf",
	"\xf0\x9f\x98\x80\xed\x9f\xbf\xee\x80\x80", "---\n...\n%YAML\n", "&a *a !a |\n >",
};

START_TEST(any_string_comes_back)
{
	const struct manifest_canary canary = { "x", strings[_i], 3 };
	struct digest a = digest(A64);
	const struct manifest m = { .name = "x", .task = "p", .title = "t", .prompt = "p",
				    .sequence = 1, .rank = 1, .scale = 0.1f, .bases = &a,
				    .n_bases = 1, .canaries = &canary, .n_canaries = 1 };

	survives_writing(&m);
}
END_TEST

#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16
#define CANARY "canaries:\n- {text: "
#define LANGUAGES8 "en, en, en, en, en, en, en, en, "

static const struct {
	const char *text;
	enum diag_code code;
	const char *field, *part;
} broken[] = {
	{ "", DIAG_PAIR, "1:1", "version is missing" },
	{ "x", DIAG_TYPE, "1:1", "expected a mapping" },
	{ "version: 2\n", DIAG_RANGE, "1:10", "version" },
	{ "version: '1'\n", DIAG_RANGE, "1:10", "version" },
	{ "version: 1\nname: x\n", DIAG_PAIR, "1:1", "task is missing" },
	{ HEAD PROMPT, DIAG_PAIR, "1:1", "base is missing" },
	{ HEAD BASE, DIAG_PAIR, "1:1", "prompt is missing" },
	{ "version: 1\nname: x\ntask: p\n" BASE PROMPT, DIAG_PAIR, "1:1", "tokenizer is missing" },
	{ SHORT "colour: red\n", DIAG_UNSUP, "9:1", "colour" },
	{ SHORT "rank: 8\n", DIAG_DUP, "9:1", "rank" },
	{ SHORT "style: Red\n", DIAG_RANGE, "9:8", "style" },
	{ SHORT "style: ''\n", DIAG_RANGE, "9:8", "style" },
	{ SHORT "style: -x\n", DIAG_RANGE, "9:8", "not - or _ first" },
	{ SHORT "style: a/b\n", DIAG_RANGE, "9:8", "style" },
	{ SHORT "style: " X64 "x\n", DIAG_RANGE, "9:8", "1 to 64" },
	{ SHORT "style: [x]\n", DIAG_TYPE, "9:8", "single value" },
	{ SHORT "title: ''\n", DIAG_LIMIT, "9:8", "0 bytes" },
	{ SHORT "title: \"a\\nb\"\n", DIAG_RANGE, "9:8", "one line" },
	{ SHORT "title: \"\\x1b[2J\"\n", DIAG_RANGE, "9:8", "control" },
	{ SHORT "title: \"\\u009b2J\"\n", DIAG_RANGE, "9:8", "control" },
	{ SHORT "title: \"\\u2028\"\n", DIAG_RANGE, "9:8", "one line" },
	{ SHORT "title: " X64 X64 X64 X64 "x\n", DIAG_LIMIT, "9:8", "257 bytes" },
	{ SHORT "languages: en\n", DIAG_TYPE, "9:12", "expected a list" },
	{ SHORT "languages: [e]\n", DIAG_RANGE, "9:13", "BCP 47" },
	{ SHORT "languages: [en-]\n", DIAG_RANGE, "9:13", "BCP 47" },
	{ SHORT "languages: [en--x]\n", DIAG_RANGE, "9:13", "BCP 47" },
	{ SHORT "languages: [english123]\n", DIAG_RANGE, "9:13", "BCP 47" },
	{ SHORT "languages: [en_US]\n", DIAG_RANGE, "9:13", "BCP 47" },
	{ SHORT "languages: [" LANGUAGES8 LANGUAGES8 LANGUAGES8 LANGUAGES8 "en]\n", DIAG_LIMIT,
	  "9:12", "33 items" },
	{ SHORT "sequence: 0\n", DIAG_RANGE, "9:11", "sequence" },
	{ SHORT "sequence: 4294967296\n", DIAG_RANGE, "9:11", "sequence" },
	{ SHORT "sequence: -1\n", DIAG_RANGE, "9:11", "sequence" },
	{ SHORT "scale: 8.5\n", DIAG_RANGE, "9:8", "0 to 8" },
	{ SHORT "scale: nan\n", DIAG_RANGE, "9:8", "0 to 8" },
	{ SHORT "scale: -1\n", DIAG_RANGE, "9:8", "0 to 8" },
	{ SHORT "scale: 1e30\n", DIAG_RANGE, "9:8", "0 to 8" },
	{ "version: 1\nname: x\ntask: p\ntokenizer: " C64 "\ntemplate: " D64 "\nrank: 0\n" BASE
	  PROMPT, DIAG_RANGE, "6:7", "1 to 256" },
	{ "version: 1\nname: x\ntask: p\ntokenizer: " C64 "\ntemplate: " D64 "\nrank: 257\n" BASE
	  PROMPT, DIAG_RANGE, "6:7", "1 to 256" },
	{ "version: 1\nname: x\ntask: p\ntokenizer: " C64 "0\ntemplate: " D64 "\nrank: 1\n" BASE
	  PROMPT, DIAG_RANGE, "4:12", "64 hexadecimal" },
	{ HEAD PROMPT "base: " A64 "0\n", DIAG_RANGE, "8:7", "64 hexadecimal" },
	{ HEAD PROMPT "base: []\n", DIAG_LIMIT, "8:7", "at least one" },
	{ HEAD PROMPT "base: {a: " A64 "}\n", DIAG_TYPE, "8:7", "single value" },
	{ HEAD PROMPT "base: [[" A64 "]]\n", DIAG_TYPE, "8:8", "single value" },
	{ HEAD PROMPT "base: [" A64 ", " B64 ", " A64 "]\n", DIAG_DUP, "8:140", "twice" },
	{ HEAD PROMPT "base: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]\n", DIAG_LIMIT,
	  "8:7", "17 items" },
	{ HEAD BASE "prompt: ''\n", DIAG_LIMIT, "8:9", "0 bytes" },
	{ HEAD BASE "prompt: \"{{ text\"\n", DIAG_SYNTAX, "prompt", "1:" },
	{ HEAD BASE "prompt: \"{% include 'x' %}\"\n", DIAG_SYNTAX, "prompt", "include" },
	{ SHORT "training: 3\n", DIAG_TYPE, "9:11", "expected a mapping" },
	{ SHORT "training: {a: [1]}\n", DIAG_TYPE, "9:15", "single value" },
	{ SHORT "training: {'a b': 1}\n", DIAG_RANGE, "9:19", "letters" },
	{ SHORT "training: {a: \"\\n\"}\n", DIAG_RANGE, "9:15", "one line" },
	{ SHORT "canaries: {}\n", DIAG_TYPE, "9:11", "expected a list" },
	{ SHORT "canaries: [x]\n", DIAG_TYPE, "9:12", "expected a mapping" },
	{ SHORT CANARY "a, max_tokens: 1}\n", DIAG_PAIR, "10:3", "output is missing" },
	{ SHORT CANARY "a, output: b}\n", DIAG_PAIR, "10:3", "max_tokens is missing" },
	{ SHORT CANARY "'', output: b, max_tokens: 1}\n", DIAG_LIMIT, "10:10", "0 bytes" },
	{ SHORT CANARY "a, output: b, max_tokens: 0}\n", DIAG_RANGE, "10:36", "1 to 256" },
	{ SHORT CANARY "a, output: b, max_tokens: 257}\n", DIAG_RANGE, "10:36", "1 to 256" },
	{ SHORT CANARY "a, output: b, max_tokens: 1, seed: 2}\n", DIAG_UNSUP, "10:39", "seed" },
	{ SHORT "prompt: a\xff\n", DIAG_SYNTAX, "1:1", "" },
	{ SHORT "---\nversion: 1\n", DIAG_UNSUP, "9:1", "second document" },
	{ SHORT "training: &a {}\n", DIAG_UNSUP, "9:11", "anchors" },
};

START_TEST(says_what_is_wrong)
{
	struct manifest_file *f = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(manifest_parse(&f, broken[_i].text, strlen(broken[_i].text), &d), -EINVAL);
	ck_assert_ptr_null(f);
	ck_assert_msg(d.code == broken[_i].code, "case %d: %s %s: %s", _i, diag_code_name(d.code),
		      d.field, d.text);
	ck_assert_msg(strcmp(d.field, broken[_i].field) == 0, "case %d: %s: %s", _i, d.field,
		      d.text);
	ck_assert_msg(strstr(d.text, broken[_i].part) != NULL, "case %d: %s", _i, d.text);
}
END_TEST

/* Lists and texts just within their limits, and beyond. */
static const struct {
	const char *before, *repeated, *after;
	unsigned most;
	enum diag_code code;
} limits[] = {
	{ "training: {", "k%u: v, ", "}\n", MANIFEST_MAX_FACTS, DIAG_LIMIT },
	{ "canaries: [", "{text: a, output: b, max_tokens: 1}, ", "]\n", MANIFEST_MAX_CANARIES,
	  DIAG_LIMIT },
	{ "training: {a: ", "x", "}\n", MANIFEST_MAX_FACT, DIAG_LIMIT },
	{ "training: {", "k", ": 1}\n", MANIFEST_MAX_NAME, DIAG_RANGE },
	{ CANARY, "x", ", output: b, max_tokens: 1}\n", MANIFEST_MAX_CANARY_TEXT, DIAG_LIMIT },
	{ CANARY "a, output: ", "x", ", max_tokens: 1}\n", MANIFEST_MAX_CANARY_TEXT, DIAG_LIMIT },
	{ "title: ", "x", "\n", MANIFEST_MAX_TITLE, DIAG_LIMIT },
};

START_TEST(limits_are_exact)
{
	for (unsigned n = limits[_i].most; n <= limits[_i].most + 1; n++) {
		_cleanup_(buf_deinit) struct buf text = BUF_NULL;
		_cleanup_(manifest_file_freep) struct manifest_file *f = NULL;
		struct diag d = DIAG_NULL;
		int r;

		ck_assert_int_eq(buf_append_str(&text, SHORT), 0);
		ck_assert_int_eq(buf_append_str(&text, limits[_i].before), 0);
		for (unsigned i = 0; i < n; i++) {
			const char *number = strstr(limits[_i].repeated, "%u");

			if (number)
				r = buf_printf(&text, "k%u%s", i, number + 2);
			else
				r = buf_append_str(&text, limits[_i].repeated);
			ck_assert_int_eq(r, 0);
		}
		ck_assert_int_eq(buf_append_str(&text, limits[_i].after), 0);
		r = manifest_parse(&f, text.data, text.len, &d);
		ck_assert_msg(r == (n > limits[_i].most ? -EINVAL : 0), "%u: %s", n, d.text);
		ck_assert_int_eq(d.code, n > limits[_i].most ? limits[_i].code : DIAG_NONE);
	}
}
END_TEST

START_TEST(cut_anywhere)
{
	static const char text[] = SHORT "canaries: [{text: a, output: b, max_tokens: 1}]\n";

	for (size_t len = 0; len < sizeof(text); len++) {
		_cleanup_(manifest_file_freep) struct manifest_file *f = NULL;
		_cleanup_free_ char *copy = malloc(len ? len : 1);
		struct diag d = DIAG_NULL;
		int r;

		/* A block of its own, so that a byte too many is seen. */
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, text, len);
		r = manifest_parse(&f, copy, len, &d);
		ck_assert(r == 0 || (r == -EINVAL && d.code != DIAG_NONE && *d.text));
	}
}
END_TEST

START_TEST(the_first_mismatch)
{
	static const char text[] = HEAD "base: [" B64 ", " A64 "]\n" PROMPT;
	_cleanup_(manifest_file_freep) struct manifest_file *f = parsed(text, strlen(text));
	const struct manifest *m = manifest_of(f);
	struct identity model = { digest(A64), digest(C64), digest(D64) }, none = { 0 };

	ck_assert_int_eq(manifest_mismatch(m, &model), MANIFEST_FITS);
	model.weights = digest(B64);
	ck_assert_int_eq(manifest_mismatch(m, &model), MANIFEST_FITS);
	model.template = digest(A64);
	ck_assert_int_eq(manifest_mismatch(m, &model), MANIFEST_TEMPLATE);
	model.tokenizer = digest(A64);
	ck_assert_int_eq(manifest_mismatch(m, &model), MANIFEST_TOKENIZER);
	model.weights = digest(C64);
	ck_assert_int_eq(manifest_mismatch(m, &model), MANIFEST_WEIGHTS);
	ck_assert_int_eq(manifest_mismatch(m, &none), MANIFEST_WEIGHTS);
}
END_TEST

START_TEST(no_older_update)
{
	struct manifest served = { .name = "x", .sequence = 3 }, offered = served;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(manifest_check_update(&served, &offered, &d), 0);
	offered.sequence = 4;
	ck_assert_int_eq(manifest_check_update(&served, &offered, &d), 0);
	offered.sequence = 2;
	ck_assert_int_eq(manifest_check_update(&served, &offered, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_SIG);
	ck_assert_str_eq(d.field, "sequence");
	ck_assert_str_eq(d.text, "2 is older than 3, which is in service");
	d = (struct diag)DIAG_NULL;
	offered = (struct manifest){ .name = "y", .sequence = 4 };
	ck_assert_int_eq(manifest_check_update(&served, &offered, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_SIG);
	ck_assert_str_eq(d.field, "name");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("manifest");

	tcase_add_test(tc, everything);
	tcase_add_test(tc, what_may_be_left_out);
	tcase_add_loop_test(tc, any_string_comes_back, 0, ARRAY_SIZE(strings));
	tcase_add_loop_test(tc, says_what_is_wrong, 0, ARRAY_SIZE(broken));
	tcase_add_loop_test(tc, limits_are_exact, 0, ARRAY_SIZE(limits));
	tcase_add_test(tc, cut_anywhere);
	tcase_add_test(tc, the_first_mismatch);
	tcase_add_test(tc, no_older_update);
	return run_tests("adapter manifest", tc);
}
