/* SPDX-License-Identifier: MIT */
/* Lights in their three schemas. */
#include <string.h>

#include "assistantd/tools/component.h"
#include "util/macro.h"

#define ARGUMENTS "brightness color_temp_kelvin rgb effect white transition"
/* 500 to 153 mireds. */
#define KELVINS .low_at = 2000, .high_at = 1e6 / 153

static bool has_schema(const json_t *description, const char *name)
{
	const char *schema = json_string_value(json_object_get(description, "schema"));

	return strcmp(schema ? schema : "basic", name) == 0;
}

static bool is_json(const json_t *description)
{
	return has_schema(description, "json");
}

static bool is_template(const json_t *description)
{
	return has_schema(description, "template");
}

static bool is_basic(const json_t *description)
{
	return has_schema(description, "basic") || has_schema(description, "default");
}

static const struct word words[] = {
	{ "on", "state_on payload_on", "ON" },
	{ "off", "state_off payload_off", "OFF" },
};

static const struct feature basic[] = {
	{ "brightness", FEATURE_PERCENT, FEATURE_OFF,
	  "brightness_state_topic", "brightness_value_template",
	  "brightness_command_topic", "brightness_command_template",
	  .high = "brightness_scale", .high_at = 255 },
	{ "color_temp_kelvin", FEATURE_KELVIN, 0,
	  "color_temp_state_topic", "color_temp_value_template",
	  "color_temp_command_topic", "color_temp_command_template", KELVINS },
	{ "rgb", FEATURE_RGB, 0, "rgb_state_topic", "rgb_value_template",
	  "rgb_command_topic", "rgb_command_template" },
	{ "rgb", FEATURE_HS, 0, "hs_state_topic", "hs_value_template",
	  "hs_command_topic", "hs_command_template" },
	{ "rgb", FEATURE_XY, 0, "xy_state_topic", "xy_value_template",
	  "xy_command_topic", "xy_command_template" },
	{ "rgb", FEATURE_RGB, 0, "rgbw_state_topic", "rgbw_value_template",
	  "rgbw_command_topic", "rgbw_command_template", .whites = 1 },
	{ "rgb", FEATURE_RGB, 0, "rgbww_state_topic", "rgbww_value_template",
	  "rgbww_command_topic", "rgbww_command_template", .whites = 2 },
	{ "effect", FEATURE_CHOICE, 0, "effect_state_topic", "effect_value_template",
	  "effect_command_topic", "effect_command_template", .options = "effect_list" },
	{ "white", FEATURE_PERCENT, FEATURE_ONCE | FEATURE_OFF, .set = "white_command_topic",
	  .high = "white_scale", .high_at = 255 },
};

static const struct service basic_services[] = {
	{ "turn_on", SERVICE_LAST, "command_topic", NULL, "payload_on", "ON", ARGUMENTS,
	  .expect = "on" },
	{ "turn_off", 0, "command_topic", NULL, "payload_off", "OFF", .expect = "off" },
};

static const struct feature json[] = {
	{ "brightness", FEATURE_PERCENT, FEATURE_RIDES | FEATURE_OFF, .member = "brightness",
	  .when = "brightness hs xy rgb rgbw rgbww color_temp white",
	  .high = "brightness_scale", .high_at = 255 },
	{ "color_temp_kelvin", FEATURE_KELVIN, FEATURE_RIDES, .member = "color_temp",
	  .when = "color_temp", KELVINS },
	{ "rgb", FEATURE_RGB, FEATURE_RIDES, .member = "color", .when = "rgb rgbw rgbww" },
	{ "rgb", FEATURE_HS, FEATURE_RIDES, .member = "color", .when = "hs" },
	{ "rgb", FEATURE_XY, FEATURE_RIDES, .member = "color", .when = "xy" },
	{ "effect", FEATURE_CHOICE, FEATURE_RIDES, .member = "effect", .when = "effect",
	  .options = "effect_list" },
	{ "white", FEATURE_PERCENT, FEATURE_RIDES | FEATURE_ONCE | FEATURE_OFF, .member = "white",
	  .when = "white", .high = "white_scale", .high_at = 255 },
	{ "transition", FEATURE_NUMBER, FEATURE_RIDES | FEATURE_ONCE, .member = "transition",
	  .high_at = 300, .step_at = 0.1 },
};

/* The words of this schema are fixed. */
static const struct word json_words[] = {
	{ "on", NULL, "ON" },
	{ "off", NULL, "OFF" },
};

static const struct service json_services[] = {
	{ "turn_on", SERVICE_OBJECT, "command_topic", NULL, NULL, "ON", ARGUMENTS,
	  .expect = "on" },
	{ "turn_off", SERVICE_OBJECT, "command_topic", NULL, NULL, "OFF", "transition",
	  .expect = "off" },
};

static const struct feature template[] = {
	{ "brightness", FEATURE_PERCENT, FEATURE_RIDES | FEATURE_OFF, "state_topic",
	  "brightness_template", .variable = "brightness", .when = "brightness_template",
	  .high_at = 255 },
	{ "color_temp_kelvin", FEATURE_KELVIN, FEATURE_RIDES, "state_topic", "color_temp_template",
	  .variable = "color_temp", .when = "color_temp_template", KELVINS },
	{ "rgb", FEATURE_RGB, FEATURE_RIDES, "state_topic",
	  "red_template green_template blue_template", .when = "red_template" },
	{ "effect", FEATURE_CHOICE, FEATURE_RIDES, "state_topic", "effect_template",
	  .variable = "effect", .when = "effect_list", .options = "effect_list" },
	{ "transition", FEATURE_NUMBER, FEATURE_RIDES | FEATURE_ONCE, .variable = "transition",
	  .high_at = 300, .step_at = 0.1 },
};

static const struct word template_words[] = { { "on", NULL, "on" }, { "off", NULL, "off" } };

static const struct service template_services[] = {
	{ "turn_on", 0, "command_topic", "command_on_template", NULL, "on", ARGUMENTS,
	  .expect = "on" },
	{ "turn_off", 0, "command_topic", "command_off_template", NULL, "off", "transition",
	  .expect = "off" },
};

const struct component components_light[] = {
	{ "light", is_json, COMPONENT_OBJECT, "state_topic", NULL, "command_topic",
	  COMPONENT_WORDS(json_words), COMPONENT_FEATURES(json),
	  COMPONENT_SERVICES(json_services) },
	{ "light", is_template, 0, "state_topic", "state_template", "command_topic",
	  COMPONENT_WORDS(template_words), COMPONENT_FEATURES(template),
	  COMPONENT_SERVICES(template_services) },
	{ "light", is_basic, 0, "state_topic", "state_value_template", "command_topic",
	  COMPONENT_WORDS(words), COMPONENT_FEATURES(basic), COMPONENT_SERVICES(basic_services) },
};
const size_t n_components_light = ARRAY_SIZE(components_light);
