/* SPDX-License-Identifier: MIT */
#include "assistantd/tools/description.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "util/buf.h"
#include "util/macro.h"

enum { KEY_MAX = 64 };

int description_bad(const struct description *s, const char *key, const char *what)
{
	return diag_set(s->d, -EINVAL, DIAG_TYPE, key, "%s", what);
}

static const json_t *get(const struct description *s, const char *key)
{
	const json_t *value = key ? json_object_get(s->root, key) : NULL;

	return json_is_null(value) ? NULL : value;
}

/* The next of several keys; false past the last. */
static bool next_key(const char **keys, char key[KEY_MAX])
{
	size_t len = *keys ? strcspn(*keys, " ") : 0;

	if (len == 0 || len >= KEY_MAX)
		return false;
	memcpy(key, *keys, len);
	key[len] = '\0';
	*keys += len + ((*keys)[len] == ' ');
	return true;
}

/* What is no text is written as Python would, by which such payloads are compared. */
static int as_text(const struct description *s, const char *key, const json_t *value, char **ret)
{
	char number[40];

	if (json_is_string(value) && strlen(json_string_value(value)) ==
				     json_string_length(value))
		*ret = strdup(json_string_value(value));
	else if (json_is_boolean(value))
		*ret = strdup(json_is_true(value) ? "True" : "False");
	else if (json_is_integer(value))
		*ret = asprintf(ret, "%" JSON_INTEGER_FORMAT, json_integer_value(value)) < 0
			? NULL : *ret;
	else if (json_is_real(value)) {
		snprintf(number, sizeof(number), "%.15g", json_real_value(value));
		*ret = strdup(number);
	} else {
		return description_bad(s, key, "expected a text without NUL");
	}
	return *ret ? 0 : -ENOMEM;
}

int description_text(const struct description *s, const char *key, size_t max,
		     const char *fallback, char **ret)
{
	_cleanup_free_ char *text = NULL;
	const json_t *value = get(s, key);
	int r = 0;

	if (value)
		r = as_text(s, key, value, &text);
	else if (fallback)
		r = (text = strdup(fallback)) ? 0 : -ENOMEM;
	if (r < 0 || !text)
		return r;
	if (strlen(text) > max)
		return diag_set(s->d, -EINVAL, DIAG_LIMIT, key, "more than %zu bytes", max);
	*ret = TAKE(text);
	return 0;
}

int description_first(const struct description *s, const char *keys, size_t max,
		      const char *fallback, char **ret)
{
	char key[KEY_MAX];

	while (next_key(&keys, key))
		if (get(s, key))
			return description_text(s, key, max, NULL, ret);
	return description_text(s, NULL, max, fallback, ret);
}

/* What a topic may not have: wildcards name many places, controls would garble a log. */
static bool names_one_place(const char *topic)
{
	for (const char *c = topic; *c; c++)
		if (*c == '+' || *c == '#' || (unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	return *topic;
}

int description_topic(const struct description *s, const char *key, char **ret)
{
	_cleanup_free_ char *topic = NULL;
	int r = description_text(s, key, DESCRIPTION_TOPIC_MAX, NULL, &topic);

	if (r < 0 || !topic)
		return r;
	if (!names_one_place(topic))
		return description_bad(s, key, "expected a topic without wildcards and controls");
	*ret = TAKE(topic);
	return 0;
}

int description_template(const struct description *s, const char *keys, bool all,
			 struct jinja **ret)
{
	_cleanup_(buf_deinit) struct buf source = BUF_NULL;
	struct diag d = DIAG_NULL;
	char key[KEY_MAX], first[KEY_MAX] = "";
	int r = 0;

	while (r == 0 && next_key(&keys, key)) {
		_cleanup_free_ char *part = NULL;

		r = description_text(s, key, DESCRIPTION_TEMPLATE_MAX, NULL, &part);
		if (r == 0 && !part && !all)
			continue;
		if (r == 0 && !part)
			return *first ? description_bad(s, key, "missing beside the others") : 0;
		if (r == 0 && *first)
			r = buf_append_char(&source, ',');
		if (r == 0)
			r = buf_append_str(&source, part);
		if (!*first)
			snprintf(first, sizeof(first), "%s", key);
		if (!all)
			break;
	}
	if (r < 0 || !*first)
		return r;
	r = jinja_parse(ret, source.len ? source.data : "", source.len, &d);
	return r == -EINVAL ? diag_set(s->d, r, DIAG_SYNTAX, first, "%s: %s", d.field, d.text) : r;
}

int description_number(const struct description *s, const char *key, double fallback, double *ret)
{
	const json_t *value = get(s, key);
	char *end;

	*ret = fallback;
	if (json_is_number(value)) {
		*ret = json_number_value(value);
	} else if (value) {
		const char *text = json_string_value(value);

		*ret = text ? strtod(text, &end) : 0;
		if (!text || end == text || *end)
			return description_bad(s, key, "expected a number");
	}
	return fabs(*ret) <= 1e15 ? 0 : description_bad(s, key, "expected a number up to 1e15");
}

int description_flag(const struct description *s, const char *key, bool fallback, bool *ret)
{
	const json_t *value = get(s, key);

	*ret = value ? json_is_true(value) : fallback;
	return !value || json_is_boolean(value) ? 0
		: description_bad(s, key, "expected true or false");
}

static int add_option(const struct description *s, const char *key, const char *text,
		      json_t *list, size_t *bytes)
{
	size_t i;
	json_t *other;

	*bytes += strlen(text);
	if (strlen(text) > DESCRIPTION_TEXT_MAX || *bytes > DESCRIPTION_OPTIONS_BYTES ||
	    json_array_size(list) == DESCRIPTION_OPTIONS_MAX)
		return diag_set(s->d, -EINVAL, DIAG_LIMIT, key, "more than %d words or %d bytes",
				DESCRIPTION_OPTIONS_MAX, DESCRIPTION_OPTIONS_BYTES);
	json_array_foreach(list, i, other)
		if (strcmp(json_string_value(other), text) == 0)
			return 0;
	return json_array_append_new(list, json_string(text)) < 0 ? -ENOMEM : 0;
}

int description_options(const struct description *s, const char *key, const char *fallback,
			json_t **ret)
{
	const json_t *value = get(s, key);
	json_auto_t *list = json_array();
	size_t i, bytes = 0;
	json_t *item;
	char word[KEY_MAX];
	int r = list ? 0 : -ENOMEM;

	if (r == 0 && value && !json_is_array(value))
		return description_bad(s, key, "expected a list");
	if (r == 0 && !value && !fallback)
		return 0;
	json_array_foreach((json_t *)value, i, item) {
		_cleanup_free_ char *text = NULL;

		if (r == 0)
			r = as_text(s, key, item, &text);
		if (r == 0)
			r = add_option(s, key, text, list, &bytes);
	}
	while (r == 0 && !value && next_key(&fallback, word))
		r = add_option(s, key, word, list, &bytes);
	if (r == 0)
		*ret = TAKE(list);
	return r;
}

bool description_has(const struct description *s, const char *key)
{
	const json_t *value = get(s, key);

	return json_is_true(value) || json_is_string(value) || json_is_number(value) ||
	       json_array_size(value) > 0;
}
