/* SPDX-License-Identifier: MIT */
/* What a description says of a value, and what may be asked for. */
#include "assistantd/tools/feature.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "util/macro.h"
#include "util/utf8.h"

enum { KELVINS_MAX = 1000000 };

/* A word of `when`: a key that is set, a colour mode, or with ! a key that is not false. */
static bool holds(const struct description *s, const char *word)
{
	const json_t *modes = json_object_get(s->root, "supported_color_modes");
	json_t *mode;
	size_t i;

	if (*word == '!')
		return !json_is_false(json_object_get(s->root, word + 1));
	json_array_foreach((json_t *)modes, i, mode)
		if (json_is_string(mode) && strcmp(json_string_value(mode), word) == 0)
			return true;
	return description_has(s, word);
}

static bool exists(const struct feature *f, const struct description *s)
{
	char word[64];

	if (!(f->flags & FEATURE_RIDES))
		return (f->told && description_has(s, f->told)) ||
		       (f->set && description_has(s, f->set));
	for (const char *at = f->when; at && *at;) {
		size_t len = strcspn(at, " ");

		memcpy(word, at, MIN(len, sizeof(word) - 1));
		word[MIN(len, sizeof(word) - 1)] = '\0';
		if (holds(s, word))
			return true;
		at += len + (at[len] == ' ');
	}
	return !f->when;
}

/* Bounds of temperatures are in the unit of the device, their defaults in degrees Celsius. */
static double default_bound(const struct feature *f, const struct description *s, double bound)
{
	const char *unit = json_string_value(json_object_get(s->root, "temperature_unit"));
	bool degrees = f->low && strcmp(f->low, "min_temp") == 0;

	return degrees && unit && strcmp(unit, "F") == 0 ? bound * 9 / 5 + 32 : bound;
}

/* In kelvin, whatever the device counts in; the longest mired is the lowest kelvin. */
static int take_kelvins(struct entity_feature *ef, const struct description *s)
{
	double least, most;
	int r;

	if ((r = description_flag(s, "color_temp_kelvin", false, &ef->kelvin)) < 0 ||
	    (r = description_number(s, "max_mireds", 0, &most)) < 0 ||
	    (r = description_number(s, "min_mireds", 0, &least)) < 0)
		return r;
	if (least < 0 || most < 0)
		return description_bad(s, "min_mireds", "expected a positive number");
	if ((r = description_number(s, "min_kelvin", most > 0 ? 1e6 / most : ef->f->low_at,
				    &ef->low)) < 0 ||
	    (r = description_number(s, "max_kelvin", least > 0 ? 1e6 / least : ef->f->high_at,
				    &ef->high)) < 0)
		return r;
	return ef->low > 0 && ef->high >= ef->low && ef->high <= KELVINS_MAX ? 0
		: description_bad(s, "max_mireds", "expected not less than the least, and no "
				  "light of more than a million kelvin");
}

static bool is_bounded(const struct entity_feature *ef)
{
	return ef->f->low_at != ef->f->high_at;
}

static int take_bounds(struct entity_feature *ef, const struct description *s)
{
	const struct feature *f = ef->f;
	int r;

	if (f->kind == FEATURE_KELVIN)
		return take_kelvins(ef, s);
	if ((r = description_number(s, f->low, default_bound(f, s, f->low_at),
				    &ef->low)) < 0 ||
	    (r = description_number(s, f->high, default_bound(f, s, f->high_at),
				    &ef->high)) < 0 ||
	    (r = description_number(s, f->step, f->step_at, &ef->step)) < 0)
		return r;
	if (ef->step < 0)
		return description_bad(s, f->step, "expected a positive number");
	/* A device may count from open to closed; one with a single value has no choice. */
	if (is_bounded(ef) &&
	    (f->kind == FEATURE_PERCENT ? ef->low == ef->high : ef->low > ef->high))
		return description_bad(s, f->high ? f->high : f->name, "it leaves no range");
	if (f->kind == FEATURE_SPEED && (ef->low < 1 || ef->high > 10000))
		return description_bad(s, f->high, "expected 1 to 10000");
	return 0;
}

/* Two words for yes and no, each under a key of its own. */
static int take_flag(struct entity_feature *ef, const struct description *s)
{
	const char *keys = ef->f->options, *words = ef->f->words;

	ef->options = json_array();
	for (int i = 0; ef->options && i < 2; i++) {
		_cleanup_free_ char *text = NULL, *key = strndup(keys, strcspn(keys, " "));
		_cleanup_free_ char *word = strndup(words, strcspn(words, " "));
		int r = key && word ? description_text(s, key, DESCRIPTION_TEXT_MAX, word, &text)
				    : -ENOMEM;

		if (r < 0)
			return r;
		if (json_array_append_new(ef->options, json_string(text)) < 0)
			return -ENOMEM;
		keys += strcspn(keys, " ") + 1;
		words += strcspn(words, " ") + 1;
	}
	return ef->options ? 0 : -ENOMEM;
}

int feature_init(struct entity_feature *ef, const struct feature *f, const struct description *s)
{
	int r;

	*ef = (struct entity_feature){ .f = f };
	if (!exists(f, s))
		return FEATURE_E_NONE;
	if ((r = description_topic(s, f->told, &ef->told)) < 0 ||
	    (r = description_topic(s, f->set, &ef->set)) < 0 ||
	    (r = description_template(s, f->read, f->kind == FEATURE_RGB, &ef->read)) < 0 ||
	    (r = description_template(s, f->write, false, &ef->write)) < 0 ||
	    (r = take_bounds(ef, s)) < 0)
		return r;
	/* Part of a message, it is told only where a template takes it out. */
	if ((f->flags & FEATURE_RIDES) && !ef->read)
		free(TAKE(ef->told));
	if (f->kind == FEATURE_FLAG)
		return take_flag(ef, s);
	return f->kind == FEATURE_CHOICE ? description_options(s, f->options, f->words,
							       &ef->options) : 0;
}

void feature_deinit(struct entity_feature *ef)
{
	free(ef->told);
	free(ef->set);
	jinja_free(ef->read);
	jinja_free(ef->write);
	json_decref(ef->options);
}

bool feature_can_set(const struct entity_feature *ef)
{
	return !(ef->f->flags & FEATURE_READ) && (ef->set || (ef->f->flags & FEATURE_RIDES));
}

static int refuse(const struct entity_feature *ef, struct diag *d, const char *what)
{
	return diag_set(d, -EINVAL, DIAG_RANGE, ef->f->name, "%s: expected %s", ef->f->name, what);
}

static int between(const struct entity_feature *ef, double v, double low, double high,
		   struct diag *d)
{
	if (v >= low && v <= high)
		return 0;
	return diag_set(d, -EINVAL, DIAG_RANGE, ef->f->name, "%s: expected %.10g to %.10g",
			ef->f->name, low, high);
}

static json_t *number_of(double v)
{
	return v == floor(v) && fabs(v) < 1e15 ? json_integer((json_int_t)v) : json_real(v);
}

static int check_number(const struct entity_feature *ef, const json_t *value, json_t **ret,
			struct diag *d)
{
	double v = json_number_value(value);
	int r;

	if (!json_is_number(value) || !isfinite(v))
		return refuse(ef, d, "a number");
	switch (ef->f->kind) {
	case FEATURE_PERCENT:
	case FEATURE_SPEED:
		r = between(ef, v, 0, 100, d);
		v = round(v);
		break;
	case FEATURE_KELVIN:
		/* Its bounds are rounded, as mireds are. */
		r = between(ef, v, floor(ef->low * 0.99), ceil(ef->high * 1.01), d);
		v = CLAMP(v, ef->low, ef->high);
		break;
	default:
		r = is_bounded(ef) ? between(ef, v, ef->low, ef->high, d) : 0;
		break;
	}
	*ret = r < 0 ? NULL : number_of(v);
	return r < 0 ? r : *ret ? 0 : -ENOMEM;
}

static int check_color(const struct entity_feature *ef, const json_t *value, json_t **ret,
		       struct diag *d)
{
	for (size_t i = 0; i < 3; i++) {
		const json_t *part = json_array_get(value, i);

		if (json_array_size(value) != 3 || !json_is_number(part) ||
		    !(json_number_value(part) >= 0 && json_number_value(part) <= 255))
			return refuse(ef, d, "a list of red, green and blue from 0 to 255");
	}
	*ret = json_copy((json_t *)value);
	return *ret ? 0 : -ENOMEM;
}

/* The device's own word, which people need not write as it does. */
static int check_choice(const struct entity_feature *ef, const json_t *value, json_t **ret,
			struct diag *d)
{
	const char *text = json_string_value(value);
	const json_t *found = NULL;
	size_t i, n = 0;
	json_t *option;

	json_array_foreach(ef->options, i, option) {
		const char *word = json_string_value(option);

		if (text && strcmp(word, text) == 0) {
			*ret = json_incref(option);
			return 0;
		}
		if (text && strcasecmp(word, text) == 0) {
			found = option;
			n++;
		}
	}
	if (n != 1)
		return refuse(ef, d, "one of the words that the device has");
	*ret = json_incref((json_t *)found);
	return 0;
}

static int check_text(const struct entity_feature *ef, const json_t *value, json_t **ret,
		      struct diag *d)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (!text || strlen(text) != len || len > DESCRIPTION_TEXT_MAX)
		return refuse(ef, d, "a text of at most 255 bytes");
	len = utf8_count(text, len);
	if ((double)len < ef->low || (double)len > ef->high)
		return diag_set(d, -EINVAL, DIAG_RANGE, ef->f->name,
				"%s: expected %.0f to %.0f letters", ef->f->name, ef->low,
				ef->high);
	*ret = json_incref((json_t *)value);
	return 0;
}

int feature_check(const struct entity_feature *ef, const json_t *value, json_t **ret,
		  struct diag *d)
{
	switch (ef->f->kind) {
	case FEATURE_PERCENT:
	case FEATURE_SPEED:
	case FEATURE_NUMBER:
	case FEATURE_KELVIN:
		return check_number(ef, value, ret, d);
	case FEATURE_RGB:
	case FEATURE_HS:
	case FEATURE_XY:
		return check_color(ef, value, ret, d);
	case FEATURE_CHOICE:
		return check_choice(ef, value, ret, d);
	case FEATURE_TEXT:
		return check_text(ef, value, ret, d);
	case FEATURE_FLAG:
		if (!json_is_boolean(value))
			return refuse(ef, d, "true or false");
		*ret = json_incref((json_t *)value);
		return 0;
	}
	return -EINVAL;
}

json_t *feature_bounds(const struct entity_feature *ef)
{
	double low = ef->low, high = ef->high;

	if (ef->f->kind == FEATURE_CHOICE && json_array_size(ef->options) > 0)
		return json_pack("{s:O}", "options", ef->options);
	if (ef->f->kind == FEATURE_PERCENT || ef->f->kind == FEATURE_SPEED)
		return json_pack("{s:i, s:i}", "min", 0, "max", 100);
	if (ef->f->kind == FEATURE_KELVIN)
		return json_pack("{s:i, s:i}", "min", (int)floor(low), "max", (int)ceil(high));
	if (ef->f->kind != FEATURE_NUMBER || !is_bounded(ef))
		return json_object();
	if (ef->step > 0)
		return json_pack("{s:o, s:o, s:o}", "min", number_of(low), "max", number_of(high),
				 "step", number_of(ef->step));
	return json_pack("{s:o, s:o}", "min", number_of(low), "max", number_of(high));
}
