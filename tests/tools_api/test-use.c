/* SPDX-License-Identifier: MIT */
/* How sentences reach tools, and how calls are taken back: with the files that are shipped. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/tools_api/shipped.h"
#include "util/macro.h"

#define SLOTS_MAX 4

static struct tool_registry *tools;

static void open_tools(void)
{
	tools = shipped_tools();
}

static void close_tools(void)
{
	tools = tool_registry_free(tools);
}

static const struct {
	const char *intent, *entity, *domain;
	struct tool_slot slots[SLOTS_MAX];
	const char *state;		/* JSON, or NULL */
	const char *tool;		/* NULL: none serves it */
	const char *arguments;		/* NULL: they do not fit, or the state does not tell */
} uses[] = {
	{ "HassTurnOn", "light.a", "light", { { "name", "light.a" } }, NULL, "home/turn_on",
	  "{\"entity\":\"light.a\"}" },
	{ "HassTurnOn", "cover.a", "cover", { { "area", "bath" } }, NULL, "home/open",
	  "{\"entity\":\"cover.a\"}" },
	{ "HassTurnOff", "lock.a", "lock", { { 0 } }, NULL, "home/unlock",
	  "{\"entity\":\"lock.a\"}" },
	{ "HassTurnOn", "scene.a", "scene", { { 0 } }, NULL, "home/activate",
	  "{\"entity\":\"scene.a\"}" },
	{ "HassTurnOn", "sensor.a", "sensor", { { 0 } }, NULL, NULL },
	{ "HassLightSet", "light.a", "light", { { "brightness", "40" } }, NULL, "home/turn_on",
	  "{\"brightness\":40,\"entity\":\"light.a\"}" },
	{ "HassLightSet", "light.a", "light", { { "brightness", "140" } }, NULL, "home/turn_on",
	  NULL },
	{ "HassLightSet", "light.a", "light", { { "color", "red" }, { "brightness", "5" } }, NULL,
	  "home/turn_on", "{\"brightness\":5,\"entity\":\"light.a\",\"rgb\":[255,0,0]}" },
	{ "HassLightSet", "light.a", "light", { { "color", "grue" } }, NULL, "home/turn_on",
	  NULL },
	{ "HassLightSet", "light.a", "light", { { "temperature", "warm" } }, NULL,
	  "home/turn_on", "{\"color_temp_kelvin\":2700,\"entity\":\"light.a\"}" },
	{ "HassLightSet", "light.a", "light", { { "temperature", "3100" } }, NULL,
	  "home/turn_on", "{\"color_temp_kelvin\":3100,\"entity\":\"light.a\"}" },
	/* What nobody takes is not left out. */
	{ "HassLightSet", "light.a", "light", { { "brightness", "40" }, { "pulse", "1" } }, NULL,
	  NULL },
	{ "HassTurnOn", "fan.a", "fan", { { "percentage", "40" } }, NULL, NULL },
	{ "HassSetPosition", "cover.a", "cover", { { "name", "cover.a" } }, NULL, NULL },
	/* From where it is. */
	{ "HassLightSet", "light.a", "light", { { "brightness_step", "up" } },
	  "{\"state\": \"on\", \"brightness\": 50}", "home/turn_on",
	  "{\"brightness\":70,\"entity\":\"light.a\"}" },
	{ "HassLightSet", "light.a", "light", { { "brightness_step", "up" } },
	  "{\"brightness\": 95}", "home/turn_on", "{\"brightness\":100,\"entity\":\"light.a\"}" },
	{ "HassLightSet", "light.a", "light", { { "brightness_step", "up" } },
	  "{\"state\": \"off\"}", "home/turn_on", NULL },
	{ "HassLightSet", "light.a", "light", { { "brightness_step", "up" } },
	  "{\"brightness\": \"50\"}", "home/turn_on", NULL },
	{ "HassClimateSetTemperature", "climate.a", "climate", { { "temperature", "21.5" } },
	  NULL, "home/set_temperature", "{\"entity\":\"climate.a\",\"temperature\":21.5}" },
	{ "HassClimateSetTemperature", "climate.a", "climate", { { "temperature_step", "down" } },
	  "{\"temperature\": 20.5}", "home/set_temperature",
	  "{\"entity\":\"climate.a\",\"temperature\":19.5}" },
	{ "HassSetVolume", "media_player.a", "media_player", { { "volume_level", "30" } }, NULL,
	  "media/set_volume", "{\"entity\":\"media_player.a\",\"volume\":30}" },
	{ "HassMediaPlayerMute", "media_player.a", "media_player", { { 0 } }, NULL,
	  "media/set_volume", "{\"entity\":\"media_player.a\",\"volume\":0}" },
	{ "DesktopWifi", NULL, NULL, { { "state", "off" } }, NULL, "desktop/set_wifi",
	  "{\"on\":false}" },
	{ "DesktopSetTimeZone", NULL, NULL, { { "timezone", "New York" } }, NULL,
	  "desktop/set_time_zone", "{\"zone\":\"America/New_York\"}" },
	{ "DesktopSetTimeZone", NULL, NULL, { { "timezone", "Europe/Vaduz" } }, NULL,
	  "desktop/set_time_zone", "{\"zone\":\"Europe/Vaduz\"}" },
	{ "DesktopPowerProfile", NULL, NULL, { { "profile", "turbo" } }, NULL,
	  "desktop/set_power_profile", NULL },
	{ "FanOscillate", "fan.a", "fan", { { "oscillating", "on" } }, NULL, "home/oscillate",
	  "{\"entity\":\"fan.a\",\"oscillating\":true}" },
};

START_TEST(a_sentence_reaches_a_tool)
{
	struct tool_wish w = { uses[_i].intent, uses[_i].entity, uses[_i].domain, NULL,
			       uses[_i].slots, 0 };
	json_auto_t *state = uses[_i].state ? json_loads(uses[_i].state, 0, NULL) : NULL;
	json_auto_t *arguments = NULL;
	struct diag d = DIAG_NULL;
	struct tool_use use;
	size_t at = 0;
	char *text;
	int r;

	w.state = state;
	while (w.n_slots < SLOTS_MAX && uses[_i].slots[w.n_slots].name)
		w.n_slots++;
	ck_assert_int_eq(tool_registry_by_intent(tools, &w, &at, &use), uses[_i].tool != NULL);
	if (!uses[_i].tool)
		return;
	ck_assert_str_eq(use.tool->name, uses[_i].tool);
	r = tool_use_arguments(&use, &w, &arguments, &d);
	if (!uses[_i].arguments) {
		ck_assert(r == -ENOENT || (r == -EINVAL && d.code));
		return;
	}
	ck_assert_msg(r == 0, "%s: %s", d.field, d.text);
	text = json_dumps(arguments, JSON_COMPACT | JSON_SORT_KEYS);
	ck_assert_str_eq(text, uses[_i].arguments);
	free(text);
}
END_TEST

static const struct {
	const char *tool, *arguments, *before;
	int r;
	const char *inverse_tool, *inverse;
} undos[] = {
	{ "home/turn_on", "{\"entity\": \"light.a\"}", "{\"state\": \"off\"}", 0,
	  "home/turn_off", "{\"entity\":\"light.a\"}" },
	{ "home/turn_on", "{\"entity\": \"light.a\", \"brightness\": 9}",
	  "{\"state\": \"on\", \"brightness\": 70, \"color_temp_kelvin\": 2700}", 0,
	  "home/turn_on",
	  "{\"brightness\":70,\"color_temp_kelvin\":2700,\"entity\":\"light.a\"}" },
	{ "home/turn_off", "{\"entity\": \"light.a\"}",
	  "{\"state\": \"on\", \"brightness\": 70, \"rgb\": [1, 2, 3]}", 0, "home/turn_on",
	  "{\"brightness\":70,\"entity\":\"light.a\",\"rgb\":[1,2,3]}" },
	{ "home/turn_off", "{\"entity\": \"light.a\"}", "{\"state\": \"off\"}", 1 },
	{ "home/turn_off", "{\"entity\": \"climate.a\"}", "{\"state\": \"heat\"}", 0,
	  "home/set_hvac_mode", "{\"entity\":\"climate.a\",\"hvac_mode\":\"heat\"}" },
	{ "home/turn_off", "{\"entity\": \"water_heater.a\"}", "{\"state\": \"eco\"}", 0,
	  "home/set_operation_mode",
	  "{\"entity\":\"water_heater.a\",\"operation_mode\":\"eco\"}" },
	/* It may tell where it is, and know no way there but the whole one. */
	{ "home/close", "{\"entity\": \"cover.a\"}", "{\"state\": \"open\", \"position\": 100}", 0,
	  "home/open", "{\"entity\":\"cover.a\"}" },
	{ "home/set_preset_mode", "{\"entity\": \"fan.a\", \"preset_mode\": \"eco\"}",
	  "{\"state\": \"on\", \"percentage\": 40}", 0, "home/set_percentage",
	  "{\"entity\":\"fan.a\",\"percentage\":40}" },
	{ "home/open", "{\"entity\": \"cover.a\"}", "{\"state\": \"closed\"}", 0, "home/close",
	  "{\"entity\":\"cover.a\"}" },
	{ "home/open", "{\"entity\": \"cover.a\"}", "{\"state\": \"open\", \"position\": 30}", 0,
	  "home/set_position", "{\"entity\":\"cover.a\",\"position\":30}" },
	{ "home/open", "{\"entity\": \"cover.a\"}", "{\"state\": \"open\"}", 1 },
	{ "home/lock", "{\"entity\": \"lock.a\"}", "{\"state\": \"unlocked\"}", 0, "home/unlock",
	  "{\"entity\":\"lock.a\"}" },
	{ "home/lock", "{\"entity\": \"lock.a\"}", "{\"state\": \"jammed\"}", -ENOENT },
	{ "home/set_temperature", "{\"entity\": \"climate.a\", \"temperature\": 25}",
	  "{\"state\": \"heat\", \"temperature\": 20.5}", 0, "home/set_temperature",
	  "{\"entity\":\"climate.a\",\"temperature\":20.5}" },
	{ "home/press", "{\"entity\": \"button.a\"}", "{\"state\": \"\"}", -ENOENT },
	{ "home/turn_on", "{\"entity\": \"light.a\"}", NULL, -ENOENT },
};

START_TEST(a_call_is_taken_back)
{
	const struct tool *t = tool_registry_find(tools, undos[_i].tool), *back;
	json_auto_t *arguments = json_loads(undos[_i].arguments, 0, NULL);
	json_auto_t *before = undos[_i].before ? json_loads(undos[_i].before, 0, NULL) : NULL;
	json_auto_t *inverse = NULL;
	const char *tool = NULL;
	char *text;

	ck_assert_ptr_nonnull(t);
	ck_assert_int_eq(tool_undo(t, arguments, before, &tool, &inverse), undos[_i].r);
	if (undos[_i].r)
		return;
	ck_assert_str_eq(tool, undos[_i].inverse_tool);
	text = json_dumps(inverse, JSON_COMPACT | JSON_SORT_KEYS);
	ck_assert_str_eq(text, undos[_i].inverse);
	back = tool_registry_find(tools, tool);
	ck_assert_int_eq(tool_check_arguments(back, text, strlen(text), NULL, NULL), 0);
	free(text);
}
END_TEST

static const struct {
	const char *tool, *domain, *device_class, *arguments;
	bool opens;
} openings[] = {
	{ "home/open", "cover", "garage", "{\"entity\": \"cover.a\"}", true },
	{ "home/open", "cover", "window", "{\"entity\": \"cover.a\"}", true },
	{ "home/open", "cover", "blind", "{\"entity\": \"cover.a\"}", false },
	{ "home/open", "cover", "", "{\"entity\": \"cover.a\"}", false },
	{ "home/open", "valve", "gas", "{\"entity\": \"valve.a\"}", true },
	{ "home/close", "cover", "garage", "{\"entity\": \"cover.a\"}", false },
	{ "home/set_position", "cover", "door", "{\"entity\": \"c.a\", \"position\": 1}", true },
	{ "home/set_position", "cover", "door", "{\"entity\": \"c.a\", \"position\": 0}", false },
	{ "home/set_position", "cover", "shade", "{\"entity\": \"c.a\", \"position\": 9}", false },
	{ "home/unlock", "lock", "", "{\"entity\": \"lock.a\"}", true },
	{ "home/unlatch", "lock", "", "{\"entity\": \"lock.a\"}", true },
	{ "home/lock", "lock", "", "{\"entity\": \"lock.a\"}", false },
	{ "home/alarm_disarm", "alarm_control_panel", "", "{\"entity\": \"a.a\"}", true },
};

START_TEST(what_opens_a_house_is_known)
{
	const struct tool *t = tool_registry_find(tools, openings[_i].tool);
	json_auto_t *arguments = json_loads(openings[_i].arguments, 0, NULL);

	ck_assert_ptr_nonnull(t);
	ck_assert_int_eq(tool_opens(t, openings[_i].domain, openings[_i].device_class, arguments),
			 openings[_i].opens);
}
END_TEST

/* The classes of what is shipped, in words, so that no edit of a file changes one unseen. */
START_TEST(risks_are_as_meant)
{
	static const struct {
		const char *tool;
		enum policy_risk risk;
	} others[] = {
		{ "home/unlock", POLICY_RISK_CONSEQUENTIAL },
		{ "home/unlatch", POLICY_RISK_CONSEQUENTIAL },
		{ "home/press", POLICY_RISK_CONSEQUENTIAL },
		{ "home/start_mowing", POLICY_RISK_CONSEQUENTIAL },
		{ "home/alarm_arm_away", POLICY_RISK_FORBIDDEN },
		{ "home/alarm_arm_home", POLICY_RISK_FORBIDDEN },
		{ "home/alarm_arm_night", POLICY_RISK_FORBIDDEN },
		{ "home/alarm_arm_vacation", POLICY_RISK_FORBIDDEN },
		{ "home/alarm_disarm", POLICY_RISK_FORBIDDEN },
	};
	const struct tool *t;

	for (size_t i = 0; (t = tool_registry_at(tools, i)); i++) {
		enum policy_risk risk = POLICY_RISK_REVERSIBLE;

		if (t->backend != TOOL_MQTT)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(others); k++)
			if (strcmp(t->name, others[k].tool) == 0)
				risk = others[k].risk;
		ck_assert_msg(t->risk == risk, "%s", t->name);
		ck_assert_msg(!t->egress && t->shipped, "%s", t->name);
	}
}
END_TEST

static const struct {
	const char *tool, *result, *words;	/* NULL: it has none */
} sayings[] = {
	{ "desktop/battery", "{\"present\": true, \"percentage\": 77, \"state\": \"full\"}",
	  "The battery is at 77 % and full." },
	{ "desktop/battery", "{\"present\": false}", "This computer has no battery." },
	{ "desktop/battery", "{\"percentage\": 77.5, \"state\": \"unknown\"}",
	  "The battery is at 77.5 %." },
	{ "desktop/battery", "{\"state\": \"full\"}", NULL },
	{ "media/state", "{\"state\": \"playing\", \"name\": \"mpv\", \"media_title\": \"A\"}",
	  "mpv is playing: A." },
	{ "desktop/time_zone", "{\"state\": {\"deep\": 1}}", NULL },
	{ "home/turn_on", "{\"state\": \"on\"}", NULL },
};

START_TEST(what_was_read_is_said)
{
	const struct tool *t = tool_registry_find(tools, sayings[_i].tool);
	json_auto_t *result = json_loads(sayings[_i].result, 0, NULL);
	char *words = tool_say(t, result);

	ck_assert_pstr_eq(words, sayings[_i].words);
	free(words);
}
END_TEST

static const struct {
	const char *tool, *arguments, *before, *after;
	bool shows;
} effects[] = {
	{ "media/set_volume", "{\"volume\": 40}", NULL, "{\"volume\": 40}", true },
	{ "media/set_volume", "{\"volume\": 40}", NULL, "{\"volume\": 39.2}", true },
	{ "media/set_volume", "{\"volume\": 40}", NULL, "{\"volume\": 38}", false },
	{ "media/set_volume", "{\"volume\": 40}", NULL, "{\"volume\": \"40\"}", false },
	{ "media/set_volume", "{\"volume\": 40}", NULL, NULL, false },
	{ "media/pause", "{}", NULL, "{\"state\": \"idle\"}", true },
	{ "media/pause", "{}", NULL, "{\"state\": \"playing\"}", false },
	{ "media/next", "{}", "{\"media_id\": \"1\"}", "{\"media_id\": \"2\"}", true },
	{ "media/next", "{}", "{\"media_id\": \"1\"}", "{\"media_id\": \"1\"}", false },
	{ "media/next", "{}", "{\"media_id\": \"1\"}", "{}", false },
	{ "media/next", "{}", NULL, "{\"media_id\": \"2\"}", false },
	{ "media/seek", "{\"seconds\": 1}", "{}", "{\"state\": \"playing\"}", false },
};

START_TEST(a_state_shows_an_effect)
{
	const struct tool *t = tool_registry_find(tools, effects[_i].tool);
	json_auto_t *arguments = json_loads(effects[_i].arguments, 0, NULL);
	json_auto_t *before = effects[_i].before ? json_loads(effects[_i].before, 0, NULL) : NULL;
	json_auto_t *after = effects[_i].after ? json_loads(effects[_i].after, 0, NULL) : NULL;

	ck_assert_int_eq(tool_shows_effect(t, arguments, before, after), effects[_i].shows);
}
END_TEST

START_TEST(secrets_are_not_kept)
{
	const struct tool *t = tool_registry_find(tools, "home/alarm_disarm");
	json_auto_t *arguments = json_pack("{s:s, s:s}", "entity", "alarm.a", "code", "1234");
	json_auto_t *kept = tool_loggable(t, arguments);

	ck_assert_str_eq(json_string_value(json_object_get(kept, "entity")), "alarm.a");
	ck_assert_ptr_null(json_object_get(kept, "code"));
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("use");

	tcase_add_unchecked_fixture(tc, open_tools, close_tools);
	tcase_add_loop_test(tc, a_sentence_reaches_a_tool, 0, ARRAY_SIZE(uses));
	tcase_add_loop_test(tc, a_call_is_taken_back, 0, ARRAY_SIZE(undos));
	tcase_add_loop_test(tc, what_opens_a_house_is_known, 0, ARRAY_SIZE(openings));
	tcase_add_test(tc, risks_are_as_meant);
	tcase_add_loop_test(tc, what_was_read_is_said, 0, ARRAY_SIZE(sayings));
	tcase_add_loop_test(tc, a_state_shows_an_effect, 0, ARRAY_SIZE(effects));
	tcase_add_test(tc, secrets_are_not_kept);
	return run_tests("use", tc);
}
