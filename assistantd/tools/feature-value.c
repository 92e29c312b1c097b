/* SPDX-License-Identifier: MIT */
/* Values between the device's form and ours. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/tools/color.h"
#include "assistantd/tools/feature.h"
#include "util/macro.h"

enum { MIREDS_APART = 2, PARTS_MAX = 5 };

static bool is_color(enum feature_kind kind)
{
	return kind == FEATURE_RGB || kind == FEATURE_HS || kind == FEATURE_XY;
}

static json_t *number_of(double v)
{
	return v == floor(v) && fabs(v) < 1e15 ? json_integer((json_int_t)v) : json_real(v);
}

static double steps(const struct entity_feature *ef)
{
	return ef->high - ef->low + 1;
}

/* The device's number as ours; not finite for what is none. */
static double ours(const struct entity_feature *ef, double raw)
{
	switch (ef->f->kind) {
	case FEATURE_PERCENT:
		return round(CLAMP((raw - ef->low) / (ef->high - ef->low) * 100, 0.0, 100.0));
	case FEATURE_SPEED:
		return round(CLAMP((raw - ef->low + 1) / steps(ef) * 100, 0.0, 100.0));
	case FEATURE_KELVIN:
		return raw > 0 ? round(ef->kelvin ? raw : 1e6 / raw) : NAN;
	default:
		return raw;
	}
}

static int take_number(const struct entity_feature *ef, double raw, json_t **ret)
{
	double v = isfinite(raw) ? ours(ef, raw) : NAN;

	if (!isfinite(v) || fabs(v) > 1e15)
		return -EINVAL;
	*ret = number_of(v);
	return *ret ? 0 : -ENOMEM;
}

/* Whole text, as the device's template wrote it. */
static int read_numbers(const char *text, double *numbers, size_t max, size_t *n)
{
	char *end;

	for (*n = 0; *n < max; text = end + 1) {
		numbers[*n] = strtod(text, &end);
		if (end == text || !isfinite(numbers[*n]))
			return -EINVAL;
		++*n;
		while (*end == ' ')
			end++;
		if (!*end)
			return 0;
		if (*end != ',')
			return -EINVAL;
	}
	return -EINVAL;
}

static int take_color(enum feature_kind kind, const double *parts, json_t **ret)
{
	double rgb[3] = { parts[0], parts[1], kind == FEATURE_RGB ? parts[2] : 0 };

	if (kind == FEATURE_HS)
		color_from_hs(parts[0], parts[1], rgb);
	else if (kind == FEATURE_XY && parts[1] > 0)
		color_from_xy(parts[0], parts[1], rgb);
	else if (kind == FEATURE_XY)
		return -EINVAL;
	color_full(rgb);
	for (int i = 0; i < 3; i++)
		if (!(rgb[i] >= 0 && rgb[i] <= 255))
			return -EINVAL;
	*ret = json_pack("[i, i, i]", (int)lround(rgb[0]), (int)lround(rgb[1]),
			 (int)lround(rgb[2]));
	return *ret ? 0 : -ENOMEM;
}

static int hear_color(const struct entity_feature *ef, const char *text, json_t **ret)
{
	size_t least = ef->f->kind == FEATURE_RGB ? 3 + ef->f->whites : 2, n;
	double parts[PARTS_MAX];

	/* A light that is white has no colour to tell: "None,None,None". */
	if (strstr(text, "None"))
		return 0;
	if (read_numbers(text, parts, PARTS_MAX, &n) < 0 || n < least)
		return -EINVAL;
	return take_color(ef->f->kind, parts, ret);
}

static int hear_word(const struct entity_feature *ef, const char *text, json_t **ret)
{
	if (ef->f->kind == FEATURE_FLAG) {
		for (size_t i = 0; i < 2; i++)
			if (strcmp(json_string_value(json_array_get(ef->options, i)), text) == 0)
				*ret = json_boolean(i == 0);
		return *ret ? 0 : -EINVAL;
	}
	if (strlen(text) > ENTITY_STATE_MAX)
		return -EINVAL;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return -EINVAL;
	*ret = json_string(text);
	return *ret ? 0 : -EINVAL;
}

int feature_hear_text(const struct entity_feature *ef, const char *text, json_t **ret)
{
	enum feature_kind kind = ef->f->kind;
	double raw;
	size_t n;

	*ret = NULL;
	if (strcmp(text, "None") == 0 || strcmp(text, "null") == 0 || !*text)
		return 0;
	if (is_color(kind))
		return hear_color(ef, text, ret);
	if (kind == FEATURE_CHOICE || kind == FEATURE_TEXT || kind == FEATURE_FLAG)
		return hear_word(ef, text, ret);
	return read_numbers(text, &raw, 1, &n) < 0 ? -EINVAL : take_number(ef, raw, ret);
}

static bool members(const json_t *object, const char *const *names, double *parts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *part = json_object_get(object, names[i]);

		if (!json_is_number(part))
			return false;
		parts[i] = json_number_value(part);
	}
	return true;
}

/* In whatever way it says it: lamps tell more than one. */
static int hear_color_object(const json_t *object, json_t **ret)
{
	static const struct {
		enum feature_kind kind;
		size_t n;
		const char *names[3];
	} ways[] = {
		{ FEATURE_RGB, 3, { "r", "g", "b" } },
		{ FEATURE_HS, 2, { "h", "s" } },
		{ FEATURE_HS, 2, { "hue", "saturation" } },
		{ FEATURE_XY, 2, { "x", "y" } },
	};
	double parts[3];

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (members(object, ways[i].names, parts, ways[i].n))
			return take_color(ways[i].kind, parts, ret);
	return -EINVAL;
}

int feature_hear_json(const struct entity_feature *ef, const json_t *value, json_t **ret)
{
	*ret = NULL;
	if (json_is_null(value))
		return 0;
	if (is_color(ef->f->kind))
		return hear_color_object(value, ret);
	if (json_is_string(value))
		return feature_hear_text(ef, json_string_value(value), ret);
	if (json_is_boolean(value) && ef->f->kind == FEATURE_FLAG) {
		*ret = json_incref((json_t *)value);
		return 0;
	}
	if (!json_is_number(value) || ef->f->kind == FEATURE_CHOICE ||
	    ef->f->kind == FEATURE_TEXT || ef->f->kind == FEATURE_FLAG)
		return -EINVAL;
	return take_number(ef, json_number_value(value), ret);
}

static double theirs(const struct entity_feature *ef, double v)
{
	double raw;

	switch (ef->f->kind) {
	case FEATURE_PERCENT:
		raw = ef->low + (ef->high - ef->low) * v / 100;
		/* Short scales have no whole numbers to round to. */
		if (fabs(ef->high - ef->low) < 2)
			return round(raw * 100) / 100;
		/* A little light is not none. */
		return v > 0 && (ef->f->flags & FEATURE_OFF) ? MAX(round(raw), 1.0) : round(raw);
	case FEATURE_SPEED:
		return MAX(round(steps(ef) * v / 100 + ef->low - 1), ef->low);
	case FEATURE_KELVIN:
		return ef->kelvin ? round(v)
			: CLAMP(round(1e6 / v), ceil(1e6 / ef->high - 1e-6),
				floor(1e6 / ef->low + 1e-6));
	default:
		return v;
	}
}

static void rgb_of(const json_t *value, double rgb[3])
{
	for (size_t i = 0; i < 3; i++)
		rgb[i] = json_number_value(json_array_get(value, i));
}

/* The parts of a colour as the device counts them, and what templates call them. */
static size_t color_parts(const struct entity_feature *ef, const json_t *value, double *parts,
			  const char *names[PARTS_MAX])
{
	static const char *const all[][3] = {
		[FEATURE_RGB] = { "red", "green", "blue" },
		[FEATURE_HS] = { "hue", "sat" },
		[FEATURE_XY] = { "x", "y" },
	};
	enum feature_kind kind = ef->f->kind;
	size_t n = kind == FEATURE_RGB ? 3 : 2;
	double rgb[3];

	rgb_of(value, rgb);
	for (size_t i = 0; i < n; i++)
		names[i] = all[kind][i];
	if (kind == FEATURE_HS) {
		color_to_hs(rgb, &parts[0], &parts[1]);
	} else if (kind == FEATURE_XY) {
		color_to_xy(rgb, &parts[0], &parts[1]);
	} else {
		memcpy(parts, rgb, sizeof(rgb));
		for (; n < 3 + ef->f->whites; n++) {
			parts[n] = 0;
			names[n] = n == 3 && ef->f->whites == 1 ? "white" :
				   n == 3 ? "cold_white" : "warm_white";
		}
	}
	for (size_t i = 0; i < n; i++)
		parts[i] = kind == FEATURE_XY ? round(parts[i] * 1e4) / 1e4
					      : kind == FEATURE_HS ? round(parts[i] * 10) / 10
								   : round(parts[i]);
	return n;
}

static json_t *color_raw(const struct entity_feature *ef, const json_t *value, json_t *variables)
{
	const char *names[PARTS_MAX];
	double parts[PARTS_MAX];
	size_t n = color_parts(ef, value, parts, names);
	json_t *list = json_array();

	for (size_t i = 0; list && i < n; i++)
		if (json_array_append_new(list, number_of(parts[i])) < 0 ||
		    json_object_set_new(variables, names[i], number_of(parts[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

json_t *feature_raw(const struct entity_feature *ef, const json_t *value, json_t *variables)
{
	json_t *raw;

	if (is_color(ef->f->kind))
		return color_raw(ef, value, variables);
	if (ef->f->kind == FEATURE_FLAG)
		raw = json_incref(json_array_get(ef->options, json_is_true(value) ? 0 : 1));
	else if (json_is_number(value))
		raw = number_of(theirs(ef, json_number_value(value)));
	else
		raw = json_incref((json_t *)value);
	/* A position is called by its share, and "value" by what the device counts. */
	if (raw && ef->f->variable &&
	    json_object_set(variables, ef->f->variable,
			    ef->set ? (json_t *)value : raw) < 0) {
		json_decref(raw);
		return NULL;
	}
	return raw;
}

json_t *feature_member(const struct entity_feature *ef, const json_t *value)
{
	static const char *const members_of[][3] = {
		[FEATURE_RGB] = { "r", "g", "b" },
		[FEATURE_HS] = { "h", "s" },
		[FEATURE_XY] = { "x", "y" },
	};
	const char *names[PARTS_MAX];
	double parts[PARTS_MAX];
	json_auto_t *unused = json_object();
	json_t *object;
	size_t n;

	if (!is_color(ef->f->kind))
		return unused ? feature_raw(ef, value, unused) : NULL;
	n = color_parts(ef, value, parts, names);
	object = json_object();
	for (size_t i = 0; object && i < n; i++)
		if (json_object_set_new(object, members_of[ef->f->kind][i],
					number_of(parts[i])) < 0) {
			json_decref(object);
			return NULL;
		}
	return object;
}

int feature_text(const json_t *raw, struct buf *out)
{
	size_t i;
	json_t *part;
	int r = 0;

	if (json_is_string(raw))
		return buf_append_str(out, json_string_value(raw));
	if (!json_is_array(raw))
		return buf_printf(out, "%.15g", json_number_value(raw));
	json_array_foreach((json_t *)raw, i, part)
		if (r == 0)
			r = buf_printf(out, "%s%.15g", i ? "," : "", json_number_value(part));
	return r;
}

/* How far off the device may be and still have done what it was told. */
static double slack(const struct entity_feature *ef, double wanted)
{
	switch (ef->f->kind) {
	case FEATURE_PERCENT:
		return MAX(1.0, 100 / fabs(ef->high - ef->low));
	case FEATURE_SPEED:
		return 50 / steps(ef) + 0.5;
	default:
		return MAX(ef->step / 2, fabs(wanted) * 1e-9) + 1e-6;
	}
}

bool feature_reached(const struct entity_feature *ef, const json_t *wanted, const json_t *now)
{
	double a = json_number_value(wanted), b = json_number_value(now), x[3], y[3];

	if (!now)
		return false;
	if (is_color(ef->f->kind)) {
		rgb_of(wanted, x);
		rgb_of(now, y);
		return color_alike(x, y);
	}
	if (!json_is_number(wanted))
		return json_equal(wanted, now);
	if (!json_is_number(now))
		return false;
	if (ef->f->kind == FEATURE_KELVIN)
		return fabs(1e6 / a - 1e6 / b) < MIREDS_APART;
	return fabs(a - b) <= slack(ef, a);
}
