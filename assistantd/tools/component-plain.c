/* SPDX-License-Identifier: MIT */
/* What is switched, pressed, chosen or read. */
#include "assistantd/tools/component.h"
#include "util/macro.h"

static const struct word switch_words[] = {
	{ "on", "state_on payload_on", "ON" },
	{ "off", "state_off payload_off", "OFF" },
};

static const struct service switch_services[] = {
	{ "turn_on", 0, "command_topic", "command_template", "payload_on", "ON", .expect = "on" },
	{ "turn_off", 0, "command_topic", "command_template", "payload_off", "OFF",
	  .expect = "off" },
};

static const struct feature siren_features[] = {
	{ "tone", FEATURE_CHOICE, FEATURE_RIDES | FEATURE_ONCE, .member = "tone",
	  .variable = "tone", .when = "available_tones", .options = "available_tones" },
	{ "volume_level", FEATURE_NUMBER, FEATURE_RIDES | FEATURE_ONCE, .member = "volume_level",
	  .variable = "volume_level", .when = "!support_volume_set", .high_at = 1,
	  .step_at = 0.01 },
	{ "duration", FEATURE_NUMBER, FEATURE_RIDES | FEATURE_ONCE, .member = "duration",
	  .variable = "duration", .when = "!support_duration", .high_at = 86400, .step_at = 1 },
};

static const struct service siren_services[] = {
	{ "turn_on", SERVICE_OBJECT, "command_topic", "command_template", "payload_on", "ON",
	  "tone volume_level duration", .expect = "on" },
	{ "turn_off", SERVICE_OBJECT, "command_topic", "command_off_template command_template",
	  "payload_off", "OFF", .expect = "off" },
};

static const struct service button_services[] = {
	{ "press", SERVICE_ALWAYS, "command_topic", "command_template", "payload_press", "PRESS" },
};

static const struct service scene_services[] = {
	{ "activate", SERVICE_ALWAYS, "command_topic", NULL, "payload_on", "ON" },
};

static const struct feature number_features[] = {
	{ "value", FEATURE_NUMBER, FEATURE_STATE, "state_topic", "value_template",
	  "command_topic", "command_template", .low = "min", .high = "max", .step = "step",
	  .low_at = 1, .high_at = 100, .step_at = 1 },
};

static const struct service number_services[] = {
	{ "set_value", 0, .arguments = "value" },
};

static const struct feature select_features[] = {
	{ "option", FEATURE_CHOICE, FEATURE_STATE, "state_topic", "value_template",
	  "command_topic", "command_template", .options = "options" },
};

static const struct service select_services[] = {
	{ "select_option", 0, .arguments = "option" },
};

/* The bounds are of its length. */
static const struct feature text_features[] = {
	{ "value", FEATURE_TEXT, FEATURE_STATE, "state_topic", "value_template",
	  "command_topic", "command_template", .low = "min", .high = "max", .high_at = 255 },
};

static const struct word binary_words[] = {
	{ "on", "payload_on", "ON" },
	{ "off", "payload_off", "OFF" },
};

static const struct word tracker_words[] = {
	{ "home", "payload_home", "home" },
	{ "not_home", "payload_not_home", "not_home" },
};

#define COMMANDED "state_topic", "value_template", "command_topic"
#define TOLD "state_topic", "value_template", "state_topic"

const struct component components_plain[] = {
	{ "switch", NULL, 0, COMMANDED, COMPONENT_WORDS(switch_words),
	  COMPONENT_SERVICES(switch_services) },
	{ "siren", NULL, COMPONENT_EITHER, "state_topic", "state_value_template", "command_topic",
	  COMPONENT_WORDS(switch_words), COMPONENT_FEATURES(siren_features),
	  COMPONENT_SERVICES(siren_services) },
	{ "button", NULL, COMPONENT_NAMED, NULL, NULL, "command_topic",
	  COMPONENT_SERVICES(button_services) },
	{ "scene", NULL, 0, NULL, NULL, "command_topic", COMPONENT_SERVICES(scene_services) },
	{ "number", NULL, COMPONENT_NAMED, NULL, NULL, "command_topic",
	  COMPONENT_FEATURES(number_features), COMPONENT_SERVICES(number_services) },
	{ "select", NULL, 0, NULL, NULL, "command_topic", COMPONENT_FEATURES(select_features),
	  COMPONENT_SERVICES(select_services) },
	{ "text", NULL, 0, NULL, NULL, "command_topic", COMPONENT_FEATURES(text_features),
	  COMPONENT_SERVICES(number_services) },
	{ "sensor", NULL, COMPONENT_NAMED | COMPONENT_FREE, TOLD },
	{ "binary_sensor", NULL, COMPONENT_NAMED, TOLD, COMPONENT_WORDS(binary_words) },
	{ "device_tracker", NULL, 0, TOLD, COMPONENT_WORDS(tracker_words) },
};
const size_t n_components_plain = ARRAY_SIZE(components_plain);
