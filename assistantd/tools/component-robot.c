/* SPDX-License-Identifier: MIT */
/* What goes about by itself: vacuum cleaners and lawn mowers. */
#include "assistantd/tools/component.h"
#include "util/macro.h"

static const struct word vacuum_words[] = {
	{ "cleaning", NULL, "cleaning" },   { "docked", NULL, "docked" },
	{ "paused", NULL, "paused" },	    { "idle", NULL, "idle" },
	{ "returning", NULL, "returning" }, { "error", NULL, "error" },
};

static const struct feature vacuum_features[] = {
	{ "fan_speed", FEATURE_CHOICE, 0, .set = "set_fan_speed_topic", .member = "fan_speed",
	  .options = "fan_speed_list" },
	{ "battery_level", FEATURE_NUMBER, FEATURE_READ | FEATURE_RIDES,
	  .member = "battery_level" },
};

static const struct service vacuum_services[] = {
	{ "start", 0, "command_topic", NULL, "payload_start", "start", .expect = "cleaning",
	  .listed = "start" },
	{ "pause", 0, "command_topic", NULL, "payload_pause", "pause",
	  .expect = "paused idle", .listed = "pause" },
	{ "stop", 0, "command_topic", NULL, "payload_stop", "stop",
	  .expect = "idle paused docked", .listed = "stop" },
	/* The way home takes long; that it has set out is what was asked for. */
	{ "return_to_base", 0, "command_topic", NULL, "payload_return_to_base", "return_to_base",
	  .expect = "returning docked", .listed = "return_home" },
	{ "locate", SERVICE_ALWAYS, "command_topic", NULL, "payload_locate", "locate",
	  .listed = "locate" },
	{ "clean_spot", 0, "command_topic", NULL, "payload_clean_spot", "clean_spot",
	  .expect = "cleaning", .listed = "clean_spot" },
	{ "set_fan_speed", 0, .arguments = "fan_speed", .listed = "fan_speed" },
};

static const struct word mower_words[] = {
	{ "mowing", NULL, "mowing" },	    { "paused", NULL, "paused" },
	{ "docked", NULL, "docked" },	    { "returning", NULL, "returning" },
	{ "error", NULL, "error" },
};

static const struct service mower_services[] = {
	{ "start_mowing", 0, "start_mowing_command_topic", "start_mowing_command_template", NULL,
	  "start_mowing", .expect = "mowing" },
	{ "pause", 0, "pause_command_topic", "pause_command_template", NULL, "pause",
	  .expect = "paused" },
	{ "dock", 0, "dock_command_topic", "dock_command_template", NULL, "dock",
	  .expect = "docked returning" },
};

const struct component components_robot[] = {
	{ "vacuum", NULL, COMPONENT_OBJECT, "state_topic", NULL, NULL, "supported_features",
	  "start stop return_home clean_spot", COMPONENT_WORDS(vacuum_words),
	  COMPONENT_FEATURES(vacuum_features), COMPONENT_SERVICES(vacuum_services) },
	{ "lawn_mower", NULL, 0, "activity_state_topic", "activity_value_template",
	  COMPONENT_WORDS(mower_words), COMPONENT_SERVICES(mower_services) },
};
const size_t n_components_robot = ARRAY_SIZE(components_robot);
