/* SPDX-License-Identifier: MIT */
/* What opens and closes: covers, valves, locks; and alarms. */
#include "assistantd/tools/component.h"
#include "util/macro.h"

static const struct word cover_words[] = {
	{ "open", "state_open", "open" },	   { "opening", "state_opening", "opening" },
	{ "closed", "state_closed", "closed" },	   { "closing", "state_closing", "closing" },
	{ "stopped", "state_stopped", "stopped" },
};

static const struct feature cover_features[] = {
	{ "position", FEATURE_PERCENT, 0, "position_topic", "position_template",
	  "set_position_topic", "set_position_template", .variable = "position",
	  .low = "position_closed", .high = "position_open", .high_at = 100 },
	{ "tilt", FEATURE_PERCENT, 0, "tilt_status_topic", "tilt_status_template",
	  "tilt_command_topic", "tilt_command_template", .variable = "tilt_position",
	  .low = "tilt_closed_value", .high = "tilt_opened_value", .high_at = 100 },
};

/* Ajar is told as open, too, and the end of travel is rarely exact. */
#define OPENED .expect = "open", .heading = "opening", .measured = "position", .least = 95

static const struct service cover_services[] = {
	{ "open", 0, "command_topic", NULL, "payload_open", "OPEN", OPENED },
	{ "close", 0, "command_topic", NULL, "payload_close", "CLOSE", .expect = "closed",
	  .heading = "closing" },
	{ "stop", SERVICE_ALWAYS | SERVICE_STILL, "command_topic", NULL, "payload_stop", "STOP" },
	{ "set_position", 0, .arguments = "position", .heading = "opening closing" },
	{ "set_tilt", 0, .arguments = "tilt", .heading = "opening closing" },
};

static bool reports_position(const json_t *description)
{
	return json_is_true(json_object_get(description, "reports_position"));
}

static const struct word valve_words[] = {
	{ "open", "state_open", "open" },     { "opening", "state_opening", "opening" },
	{ "closed", "state_closed", "closed" }, { "closing", "state_closing", "closing" },
};

static const struct service valve_services[] = {
	{ "open", 0, "command_topic", "command_template", "payload_open", "OPEN", OPENED },
	{ "close", 0, "command_topic", "command_template", "payload_close", "CLOSE",
	  .expect = "closed", .heading = "closing" },
	{ "stop", SERVICE_ALWAYS | SERVICE_STILL, "command_topic", NULL, "payload_stop", NULL },
};

static const struct feature position_features[] = {
	{ "position", FEATURE_PERCENT, 0, "state_topic", "value_template", "command_topic",
	  "command_template", .member = "position", .low = "position_closed",
	  .high = "position_open", .high_at = 100 },
};

static const struct service position_services[] = {
	{ "open", 0, .implied = "position", .value = "100", OPENED },
	{ "close", 0, .implied = "position", .value = "0", .expect = "closed",
	  .heading = "closing" },
	{ "stop", SERVICE_ALWAYS | SERVICE_STILL, "command_topic", NULL, "payload_stop", NULL },
	{ "set_position", 0, .arguments = "position", .heading = "opening closing" },
};

static const struct word lock_words[] = {
	{ "locked", "state_locked", "LOCKED" },	   { "locking", "state_locking", "LOCKING" },
	{ "unlocked", "state_unlocked", "UNLOCKED" },
	{ "unlocking", "state_unlocking", "UNLOCKING" },
	{ "jammed", "state_jammed", "JAMMED" },	   { "open", "state_open", "OPEN" },
	{ "opening", "state_opening", "OPENING" },
};

static const struct feature code[] = {
	{ "code", FEATURE_TEXT, FEATURE_RIDES | FEATURE_ONCE, .variable = "code", .high_at = 64 },
};

static const struct service lock_services[] = {
	{ "lock", 0, "command_topic", "command_template", "payload_lock", "LOCK", "code",
	  .expect = "locked", .heading = "locking" },
	{ "unlock", 0, "command_topic", "command_template", "payload_unlock", "UNLOCK", "code",
	  .expect = "unlocked open", .heading = "unlocking" },
	{ "open", 0, "command_topic", "command_template", "payload_open", NULL, "code",
	  .expect = "open", .heading = "opening" },
};

static const struct word alarm_words[] = {
	{ "disarmed", NULL, "disarmed" },	{ "armed_home", NULL, "armed_home" },
	{ "armed_away", NULL, "armed_away" },	{ "armed_night", NULL, "armed_night" },
	{ "armed_vacation", NULL, "armed_vacation" },
	{ "armed_custom_bypass", NULL, "armed_custom_bypass" },
	{ "pending", NULL, "pending" },		{ "triggered", NULL, "triggered" },
	{ "arming", NULL, "arming" },		{ "disarming", NULL, "disarming" },
};

static const struct service alarm_services[] = {
	{ "arm_home", 0, "command_topic", "command_template", "payload_arm_home", "ARM_HOME",
	  "code", .expect = "armed_home", .heading = "arming pending", .listed = "arm_home" },
	{ "arm_away", 0, "command_topic", "command_template", "payload_arm_away", "ARM_AWAY",
	  "code", .expect = "armed_away", .heading = "arming pending", .listed = "arm_away" },
	{ "arm_night", 0, "command_topic", "command_template", "payload_arm_night", "ARM_NIGHT",
	  "code", .expect = "armed_night", .heading = "arming pending", .listed = "arm_night" },
	{ "arm_vacation", 0, "command_topic", "command_template", "payload_arm_vacation",
	  "ARM_VACATION", "code", .expect = "armed_vacation", .heading = "arming pending",
	  .listed = "arm_vacation" },
	{ "disarm", 0, "command_topic", "command_template", "payload_disarm", "DISARM", "code",
	  .expect = "disarmed", .heading = "disarming" },
};

const struct component components_opening[] = {
	{ "cover", NULL, COMPONENT_POSITION, "state_topic", "value_template",
	  "command_topic set_position_topic tilt_command_topic", COMPONENT_WORDS(cover_words),
	  COMPONENT_FEATURES(cover_features), COMPONENT_SERVICES(cover_services) },
	{ "valve", reports_position, COMPONENT_POSITION | COMPONENT_EITHER, "state_topic",
	  "value_template", "command_topic", COMPONENT_WORDS(valve_words),
	  COMPONENT_FEATURES(position_features), COMPONENT_SERVICES(position_services) },
	{ "valve", NULL, COMPONENT_EITHER, "state_topic", "value_template", "command_topic",
	  COMPONENT_WORDS(valve_words), COMPONENT_SERVICES(valve_services) },
	{ "lock", NULL, 0, "state_topic", "value_template", "command_topic",
	  COMPONENT_WORDS(lock_words), COMPONENT_FEATURES(code),
	  COMPONENT_SERVICES(lock_services) },
	{ "alarm_control_panel", NULL, COMPONENT_GUARDED, "state_topic", "value_template",
	  "command_topic", "supported_features",
	  "arm_home arm_away arm_night arm_vacation", COMPONENT_WORDS(alarm_words),
	  COMPONENT_FEATURES(code), COMPONENT_SERVICES(alarm_services) },
};
const size_t n_components_opening = ARRAY_SIZE(components_opening);
