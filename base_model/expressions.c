/* SPDX-License-Identifier: MIT */
#include "base_model/expressions.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/macro.h"

#define MAX_EXPRESSIONS 16
#define MAX_JSON ((size_t)64 << 10)	/* of what is parsed: not vocabulary and merges */

static const char key_one[] = "tokenizer.ggml.pretokenizer";
static const char key_json[] = "tokenizer.huggingface.json";
static const char gpt2[] =
	"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
static const char punctuation[] = "[\\p{P}$+<=>^`|~]";

struct expressions {
	char *texts[MAX_EXPRESSIONS];
	size_t n;
	bool bytes;	/* what follows would see bytes spelled as characters, not text */
	bool ignores_merges;
	struct diag *d;
};

static void expressions_deinit(struct expressions *e)
{
	while (e->n)
		free(e->texts[--e->n]);
}

static int unsupported(struct expressions *e, const char *what)
{
	return diag_set(e->d, -EINVAL, DIAG_UNSUP, key_json, "pre_tokenizer: %.100s not supported",
			what);
}

static int add(struct expressions *e, const char *text, const char *suffix)
{
	_cleanup_(buf_deinit) struct buf b = BUF_NULL;

	if (e->n == MAX_EXPRESSIONS)
		return unsupported(e, "more than 16 expressions are");
	if (buf_append_str(&b, text) < 0 || buf_append_str(&b, suffix) < 0)
		return diag_set(e->d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	e->texts[e->n++] = buf_steal(&b);
	return 0;
}

static int add_group(struct expressions *e, const char *text)
{
	_cleanup_(buf_deinit) struct buf b = BUF_NULL;

	if (buf_printf(&b, "(?:%s", text) < 0)
		return diag_set(e->d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	return add(e, b.data, ")+");
}

/* A string as an expression for just it. */
static int quote(const char *string, struct buf *out)
{
	int r = buf_append_str(out, "");

	for (; r == 0 && *string; string++) {
		bool special = strchr("\\^$.|?*+()[]{}", *string);

		r = special ? buf_append_char(out, '\\') : 0;
		if (r == 0)
			r = buf_append_char(out, *string);
	}
	return r;
}

/* Pieces are what matches and what stands between: of the ways to split, those that keep both
 * apart, or that take runs of matches for one. */
static int add_split(struct expressions *e, const json_t *part)
{
	const json_t *pattern = json_object_get(part, "pattern");
	const char *behavior = json_string_value(json_object_get(part, "behavior"));
	const char *regex = json_string_value(json_object_get(pattern, "Regex"));
	const char *string = json_string_value(json_object_get(pattern, "String"));
	bool invert = json_is_true(json_object_get(part, "invert"));
	_cleanup_(buf_deinit) struct buf quoted = BUF_NULL;

	if (!behavior || (!regex && !string))
		return unsupported(e, "a Split without pattern or behavior is");
	if (!regex && quote(string, &quoted) < 0)
		return diag_set(e->d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	regex = regex ? regex : quoted.data;
	if (strcmp(behavior, "Isolated") == 0 || (strcmp(behavior, "Removed") == 0 && invert))
		return add(e, regex, "");
	if (strcmp(behavior, "Contiguous") == 0 && !invert)
		return add_group(e, regex);
	return unsupported(e, behavior);
}

static int add_byte_level(struct expressions *e, const json_t *part)
{
	const json_t *regex = json_object_get(part, "use_regex");

	if (json_is_true(json_object_get(part, "add_prefix_space")))
		return unsupported(e, "ByteLevel with add_prefix_space is");
	e->bytes = true;
	return regex && !json_is_true(regex) ? 0 : add(e, gpt2, "");
}

static int add_digits(struct expressions *e, const json_t *part)
{
	bool each = json_is_true(json_object_get(part, "individual_digits"));

	return add(e, "\\p{N}", each ? "" : "+");
}

static int add_punctuation(struct expressions *e, const json_t *part)
{
	const char *behavior = json_string_value(json_object_get(part, "behavior"));

	if (behavior && strcmp(behavior, "Contiguous") == 0)
		return add(e, punctuation, "+");
	return !behavior || strcmp(behavior, "Isolated") == 0 ? add(e, punctuation, "") :
								unsupported(e, behavior);
}

static int add_part(struct expressions *e, const json_t *part)
{
	static const struct {
		const char *type;
		int (*add)(struct expressions *e, const json_t *part);
	} types[] = {
		{ "Split", add_split },
		{ "ByteLevel", add_byte_level },
		{ "Digits", add_digits },
		{ "Punctuation", add_punctuation },
	};
	const char *type = json_string_value(json_object_get(part, "type"));

	if (!type)
		return unsupported(e, "a part without type is");
	if (e->bytes)
		return unsupported(e, "what follows ByteLevel is");
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(type, types[i].type) == 0)
			return types[i].add(e, part);
	return unsupported(e, type);
}

static int add_parts(struct expressions *e, const json_t *root)
{
	const char *type = json_string_value(json_object_get(root, "type"));
	const json_t *part;
	size_t i;
	int r = 0;

	if (!type || strcmp(type, "Sequence") != 0)
		return add_part(e, root);
	json_array_foreach(json_object_get(root, "pretokenizers"), i, part) {
		if (r == 0)
			r = add_part(e, part);
	}
	return r;
}

struct span {
	const char *data;
	size_t len;
};

/* The end of the string that begins at @at, or @json.len. */
static size_t string_end(struct span json, size_t at)
{
	for (at++; at < json.len && json.data[at] != '"'; at++)
		if (json.data[at] == '\\')
			at++;
	return MIN(at + 1, json.len);
}

static bool is_key(struct span json, size_t at, size_t end, const char *name)
{
	size_t n = strlen(name);

	if (end - at != n + 2 || memcmp(json.data + at + 1, name, n) != 0)
		return false;
	while (end < json.len && memchr(" \t\r\n", json.data[end], 4))
		end++;
	return end < json.len && json.data[end] == ':';
}

static size_t after_colon(struct span json, size_t at)
{
	const char *colon = memchr(json.data + at, ':', json.len - at);

	return (size_t)(colon - json.data) + 1;
}

/* The value of a member of an object of valid JSON; of other text some stretch of it or none.
 * Nothing is parsed: what is passed over may have millions of values. */
static bool find_member(struct span json, const char *name, struct span *ret)
{
	size_t depth = 0, begin = 0;

	for (size_t at = 0; at < json.len;) {
		size_t end = json.data[at] == '"' ? string_end(json, at) : at + 1;
		char c = json.data[at];

		if (begin && depth == 1 && (c == ',' || c == '}')) {
			*ret = (struct span){ json.data + begin, at - begin };
			return true;
		}
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && depth)
			depth--;
		else if (c == '"' && depth == 1 && !begin && is_key(json, at, end, name))
			begin = end = after_colon(json, end);
		at = end;
	}
	return false;
}

static bool is_true(struct span object, const char *name)
{
	struct span value;

	return find_member(object, name, &value) && memmem(value.data, value.len, "true", 4);
}

static int read_json(struct expressions *e, struct span json)
{
	json_error_t error;
	struct span value;
	json_t *root;
	int r = 0;

	if (find_member(json, "model", &value))
		e->ignores_merges = is_true(value, "ignore_merges");
	if (!find_member(json, "pre_tokenizer", &value))
		return GGUF_E_ABSENT;
	if (value.len > MAX_JSON)
		return diag_set(e->d, -EINVAL, DIAG_LIMIT, key_json,
				"pre_tokenizer: %zu bytes, at most %zu", value.len, MAX_JSON);
	root = json_loadb(value.data, value.len, JSON_DECODE_ANY, &error);
	if (!root)
		return diag_set(e->d, -EINVAL, DIAG_SYNTAX, key_json, "pre_tokenizer: %s",
				error.text);
	/* null: words are not cut. */
	if (!json_is_null(root))
		r = add_parts(e, root);
	json_decref(root);
	return r;
}

static int read_one(struct expressions *e, struct span text)
{
	_cleanup_(buf_deinit) struct buf b = BUF_NULL;

	if (memchr(text.data, '\0', text.len))
		return diag_set(e->d, -EINVAL, DIAG_TYPE, key_one, "a NUL in the expression");
	if (buf_append(&b, text.data, text.len) < 0)
		return diag_set(e->d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	return add(e, b.data, "");
}

int expressions_read(struct pretokenizer **ret, const struct gguf *g, struct diag *d)
{
	static const struct {
		const char *key;
		int (*read)(struct expressions *e, struct span text);
	} sources[] = { { key_one, read_one }, { key_json, read_json } };
	_cleanup_(expressions_deinit) struct expressions e = { .d = d };
	struct span s;
	int r = GGUF_E_ABSENT;
	size_t i = 0;

	for (; i < ARRAY_SIZE(sources) && r == GGUF_E_ABSENT; i++) {
		r = gguf_str(g, sources[i].key, &s.data, &s.len, d);
		if (r == 0)
			r = s.len ? sources[i].read(&e, s) : GGUF_E_ABSENT;
	}
	return r ? r : pretokenizer_new(ret, (const char *const *)e.texts, e.n, e.ignores_merges,
					sources[i - 1].key, d);
}
