/* SPDX-License-Identifier: MIT */
#include "adapters/train/row.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/macro.h"

static int wrong(struct diag *d, const char *field, const char *what)
{
	return diag_set(d, -EINVAL, DIAG_TYPE, field, "%s", what);
}

static bool is_among(const char *key, const char *const *known, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(key, known[i]) == 0)
			return true;
	return false;
}

/* What nobody looks at may be what somebody meant. @prefix stands before the key. */
static int check_keys(const json_t *object, const char *prefix, const char *const *known, size_t n,
		      struct diag *d)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		char field[96];

		if (is_among(key, known, n))
			continue;
		snprintf(field, sizeof(field), "%s%.64s", prefix, key);
		return wrong(d, field, "is not known here");
	}
	return 0;
}

static int check_text(const json_t *value, const char *field, struct diag *d)
{
	return json_string_length(value) > 0 ? 0
		: wrong(d, field, "expected a text that is not empty");
}

static int check_message(const json_t *message, size_t i, const char *expected, struct diag *d)
{
	static const char *const keys[] = { "role", "content" };
	const char *role = json_string_value(json_object_get(message, "role"));
	char field[64];
	int r;

	snprintf(field, sizeof(field), "messages[%zu]", i);
	if (!json_is_object(message))
		return wrong(d, field, "expected an object with role and content");
	snprintf(field, sizeof(field), "messages[%zu].", i);
	r = check_keys(message, field, keys, ARRAY_SIZE(keys), d);
	if (r < 0)
		return r;
	snprintf(field, sizeof(field), "messages[%zu].role", i);
	if (!role || strcmp(role, expected) != 0)
		return diag_set(d, -EINVAL, DIAG_TYPE, field, "'%.32s', expected %s",
				role ? role : "", expected);
	snprintf(field, sizeof(field), "messages[%zu].content", i);
	return check_text(json_object_get(message, "content"), field, d);
}

static bool is_system(const json_t *message)
{
	const char *role = json_string_value(json_object_get(message, "role"));

	return role && strcmp(role, "system") == 0;
}

/* A system message or none, then user and assistant by turns to the last answer. */
static int check_messages(const json_t *messages, struct diag *d)
{
	size_t n = json_array_size(messages), i;
	size_t first = is_system(json_array_get(messages, 0)) ? 1 : 0;
	const json_t *message;

	if (!json_is_array(messages))
		return wrong(d, "messages", "expected a list");
	json_array_foreach(messages, i, message) {
		int r = check_message(message, i, i < first ? "system" :
				      (i - first) % 2 ? "assistant" : "user", d);

		if (r < 0)
			return r;
	}
	if (n < first + 2 || (n - first) % 2)
		return wrong(d, "messages", "expected a question and its answer at the end");
	return 0;
}

static int take_messages(struct row *ret, const json_t *row, struct diag *d)
{
	static const char *const keys[] = { "messages", "whole" };
	int r = check_keys(row, "", keys, ARRAY_SIZE(keys), d);

	if (r == 0)
		r = check_messages(json_object_get(row, "messages"), d);
	if (r == 0)
		ret->messages = json_incref(json_object_get(row, "messages"));
	return r;
}

static int take_pair(struct row *ret, const json_t *row, struct diag *d)
{
	static const char *const keys[] = { "prompt", "completion", "whole" };
	json_t *prompt = json_object_get(row, "prompt");
	json_t *completion = json_object_get(row, "completion");
	int r = check_keys(row, "", keys, ARRAY_SIZE(keys), d);

	if (r == 0)
		r = check_text(prompt, "prompt", d);
	if (r == 0)
		r = check_text(completion, "completion", d);
	if (r < 0)
		return r;
	ret->messages = json_pack("[{s:s, s:O}, {s:s, s:O}]", "role", "user", "content", prompt,
				  "role", "assistant", "content", completion);
	return ret->messages ? 0 : -ENOMEM;
}

static int take_text(struct row *ret, const json_t *row, struct diag *d)
{
	static const char *const keys[] = { "text" };
	int r = check_keys(row, "", keys, ARRAY_SIZE(keys), d);

	if (r == 0)
		r = check_text(json_object_get(row, "text"), "text", d);
	if (r == 0)
		ret->text = json_incref(json_object_get(row, "text"));
	return r;
}

static int take_row(struct row *ret, const json_t *row, struct diag *d)
{
	const json_t *whole = json_object_get(row, "whole");

	if (whole && !json_is_boolean(whole))
		return wrong(d, "whole", "expected true or false");
	ret->whole = json_is_true(whole);
	if (json_object_get(row, "messages"))
		return take_messages(ret, row, d);
	if (json_object_get(row, "prompt") || json_object_get(row, "completion"))
		return take_pair(ret, row, d);
	if (json_object_get(row, "text"))
		return take_text(ret, row, d);
	return wrong(d, "", "expected \"messages\", \"prompt\" and \"completion\", or \"text\"");
}

int row_parse(struct row *ret, const char *line, size_t len, struct diag *d)
{
	json_error_t error = { .text = "" };
	json_auto_t *row = NULL;
	int r;

	*ret = (struct row)ROW_NULL;
	if (len > ROW_MAX)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "", "longer than %d bytes", ROW_MAX);
	/* So that a defect at the end is in the line's last column. */
	while (len && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	row = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (!row && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (!row)
		return diag_set(d, -EINVAL, DIAG_SYNTAX, "", "column %d: %s", error.column,
				error.text);
	if (!json_is_object(row))
		return wrong(d, "", "expected an object of JSON");
	r = take_row(ret, row, d);
	if (r < 0)
		row_deinit(ret);
	return r;
}

void row_deinit(struct row *r)
{
	json_decref(r->messages);
	json_decref(r->text);
	*r = (struct row)ROW_NULL;
}

static const json_t *content(const struct row *r, size_t from_end)
{
	size_t n = json_array_size(r->messages);

	return json_object_get(json_array_get(r->messages, n - from_end), "content");
}

const json_t *row_answer(const struct row *r)
{
	return content(r, 1);
}

const json_t *row_question(const struct row *r)
{
	return content(r, 2);
}
