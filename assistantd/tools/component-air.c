/* SPDX-License-Identifier: MIT */
/* Heating, cooling, air and water: climate, fan, humidifier, water heater. */
#include "assistantd/tools/component.h"
#include "util/macro.h"

static const struct feature climate_features[] = {
	{ "hvac_mode", FEATURE_CHOICE, FEATURE_STATE, "mode_state_topic", "mode_state_template",
	  "mode_command_topic", "mode_command_template", .options = "modes",
	  .words = "auto off cool heat dry fan_only" },
	{ "temperature", FEATURE_NUMBER, 0, "temperature_state_topic",
	  "temperature_state_template", "temperature_command_topic",
	  "temperature_command_template", .low = "min_temp", .high = "max_temp",
	  .step = "temp_step", .low_at = 7, .high_at = 35, .step_at = 1 },
	{ "target_low", FEATURE_NUMBER, 0, "temperature_low_state_topic",
	  "temperature_low_state_template", "temperature_low_command_topic",
	  "temperature_low_command_template", .low = "min_temp", .high = "max_temp",
	  .step = "temp_step", .low_at = 7, .high_at = 35, .step_at = 1 },
	{ "target_high", FEATURE_NUMBER, 0, "temperature_high_state_topic",
	  "temperature_high_state_template", "temperature_high_command_topic",
	  "temperature_high_command_template", .low = "min_temp", .high = "max_temp",
	  .step = "temp_step", .low_at = 7, .high_at = 35, .step_at = 1 },
	{ "fan_mode", FEATURE_CHOICE, 0, "fan_mode_state_topic", "fan_mode_state_template",
	  "fan_mode_command_topic", "fan_mode_command_template", .options = "fan_modes",
	  .words = "auto low medium high" },
	{ "preset_mode", FEATURE_CHOICE, 0, "preset_mode_state_topic",
	  "preset_mode_value_template", "preset_mode_command_topic",
	  "preset_mode_command_template", .options = "preset_modes" },
	{ "swing_mode", FEATURE_CHOICE, 0, "swing_mode_state_topic", "swing_mode_state_template",
	  "swing_mode_command_topic", "swing_mode_command_template", .options = "swing_modes",
	  .words = "on off" },
	{ "swing_horizontal_mode", FEATURE_CHOICE, 0, "swing_horizontal_mode_state_topic",
	  "swing_horizontal_mode_state_template", "swing_horizontal_mode_command_topic",
	  "swing_horizontal_mode_command_template", .options = "swing_horizontal_modes",
	  .words = "on off" },
	{ "humidity", FEATURE_NUMBER, 0, "target_humidity_state_topic",
	  "target_humidity_state_template", "target_humidity_command_topic",
	  "target_humidity_command_template", .low = "min_humidity", .high = "max_humidity",
	  .low_at = 30, .high_at = 99, .step_at = 1 },
	{ "current_temperature", FEATURE_NUMBER, FEATURE_READ, "current_temperature_topic",
	  "current_temperature_template" },
	{ "current_humidity", FEATURE_NUMBER, FEATURE_READ, "current_humidity_topic",
	  "current_humidity_template" },
	{ "hvac_action", FEATURE_TEXT, FEATURE_READ, "action_topic", "action_template" },
};

static const struct service climate_services[] = {
	{ "set_temperature", 0, .arguments = "hvac_mode temperature target_low target_high" },
	{ "set_hvac_mode", 0, .arguments = "hvac_mode" },
	{ "set_fan_mode", 0, .arguments = "fan_mode" },
	{ "set_preset_mode", 0, .arguments = "preset_mode" },
	{ "set_swing_mode", 0, .arguments = "swing_mode swing_horizontal_mode" },
	{ "set_humidity", 0, .arguments = "humidity" },
	{ "turn_on", 0, "power_command_topic", "power_command_template", "payload_on", "ON",
	  .implied = "hvac_mode", .value = "heat_cool heat cool auto", .expect = "!off" },
	{ "turn_off", 0, "power_command_topic", "power_command_template", "payload_off", "OFF",
	  .implied = "hvac_mode", .value = "off", .expect = "off" },
};

static const struct word fan_words[] = {
	{ "on", "payload_on", "ON" },
	{ "off", "payload_off", "OFF" },
};

static const struct feature fan_features[] = {
	{ "percentage", FEATURE_SPEED, FEATURE_OFF, "percentage_state_topic",
	  "percentage_value_template", "percentage_command_topic",
	  "percentage_command_template", .low = "speed_range_min", .high = "speed_range_max",
	  .low_at = 1, .high_at = 100 },
	{ "preset_mode", FEATURE_CHOICE, 0, "preset_mode_state_topic",
	  "preset_mode_value_template", "preset_mode_command_topic",
	  "preset_mode_command_template", .options = "preset_modes" },
	{ "oscillating", FEATURE_FLAG, 0, "oscillation_state_topic", "oscillation_value_template",
	  "oscillation_command_topic", "oscillation_command_template",
	  .options = "payload_oscillation_on payload_oscillation_off",
	  .words = "oscillate_on oscillate_off" },
	{ "direction", FEATURE_CHOICE, 0, "direction_state_topic", "direction_value_template",
	  "direction_command_topic", "direction_command_template",
	  .words = "forward reverse" },
};

static const struct service fan_services[] = {
	{ "turn_on", 0, "command_topic", "command_template", "payload_on", "ON",
	  "percentage preset_mode", .expect = "on" },
	{ "turn_off", 0, "command_topic", "command_template", "payload_off", "OFF",
	  .expect = "off" },
	{ "set_percentage", 0, .arguments = "percentage" },
	{ "set_preset_mode", 0, .arguments = "preset_mode" },
	{ "oscillate", 0, .arguments = "oscillating" },
	{ "set_direction", 0, .arguments = "direction" },
};

static const struct feature humidifier_features[] = {
	{ "humidity", FEATURE_NUMBER, 0, "target_humidity_state_topic",
	  "target_humidity_state_template", "target_humidity_command_topic",
	  "target_humidity_command_template", .low = "min_humidity", .high = "max_humidity",
	  .high_at = 100, .step_at = 1 },
	{ "mode", FEATURE_CHOICE, 0, "mode_state_topic", "mode_state_template",
	  "mode_command_topic", "mode_command_template", .options = "modes" },
	{ "current_humidity", FEATURE_NUMBER, FEATURE_READ, "current_humidity_topic",
	  "current_humidity_template" },
	{ "action", FEATURE_TEXT, FEATURE_READ, "action_topic", "action_template" },
};

static const struct service humidifier_services[] = {
	{ "turn_on", 0, "command_topic", "command_template", "payload_on", "ON", .expect = "on" },
	{ "turn_off", 0, "command_topic", "command_template", "payload_off", "OFF",
	  .expect = "off" },
	{ "set_humidity", 0, .arguments = "humidity" },
	{ "set_mode", 0, .arguments = "mode" },
};

static const struct feature heater_features[] = {
	{ "operation_mode", FEATURE_CHOICE, FEATURE_STATE, "mode_state_topic",
	  "mode_state_template", "mode_command_topic", "mode_command_template",
	  .options = "modes", .words = "off eco electric gas heat_pump high_demand performance" },
	{ "temperature", FEATURE_NUMBER, 0, "temperature_state_topic",
	  "temperature_state_template", "temperature_command_topic",
	  "temperature_command_template", .low = "min_temp", .high = "max_temp",
	  .step = "precision", .low_at = 43.3, .high_at = 60, .step_at = 0.1 },
	{ "current_temperature", FEATURE_NUMBER, FEATURE_READ, "current_temperature_topic",
	  "current_temperature_template" },
};

static const struct service heater_services[] = {
	{ "set_temperature", 0, .arguments = "operation_mode temperature" },
	{ "set_operation_mode", 0, .arguments = "operation_mode" },
	{ "turn_on", 0, "power_command_topic", "power_command_template", "payload_on", "ON",
	  .implied = "operation_mode", .value = "eco performance electric gas heat_pump",
	  .expect = "!off" },
	{ "turn_off", 0, "power_command_topic", "power_command_template", "payload_off", "OFF",
	  .implied = "operation_mode", .value = "off", .expect = "off" },
};

const struct component components_air[] = {
	{ "climate", NULL, 0, COMPONENT_FEATURES(climate_features),
	  COMPONENT_SERVICES(climate_services) },
	{ "fan", NULL, 0, "state_topic", "state_value_template", "command_topic",
	  COMPONENT_WORDS(fan_words), COMPONENT_FEATURES(fan_features),
	  COMPONENT_SERVICES(fan_services) },
	{ "humidifier", NULL, 0, "state_topic", "state_value_template", "command_topic",
	  COMPONENT_WORDS(fan_words), COMPONENT_FEATURES(humidifier_features),
	  COMPONENT_SERVICES(humidifier_services) },
	{ "water_heater", NULL, 0, COMPONENT_FEATURES(heater_features),
	  COMPONENT_SERVICES(heater_services) },
};
const size_t n_components_air = ARRAY_SIZE(components_air);
