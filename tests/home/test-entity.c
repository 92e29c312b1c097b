/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/tools/entity.h"
#include "assistantd/tools/names.h"
#include "tests/check-main.h"
#include "util/buf.h"
#include "util/macro.h"

static struct entity *e;
static struct diag d;

static void teardown(void)
{
	e = entity_free(e);
}

static int parse(const char *component, const char *payload)
{
	char topic[128];

	e = entity_free(e);
	d = (struct diag)DIAG_NULL;
	snprintf(topic, sizeof(topic), "homeassistant/%s/0x17/thing/config", component);
	return entity_parse(&e, "homeassistant", topic, payload, strlen(payload), &d);
}

static bool hear(const char *topic, const char *payload)
{
	return entity_hear(e, topic, payload, strlen(payload));
}

/* The only command that the service consists of is this. */
static void expect_command(enum entity_service service, uint32_t level, const char *topic,
			   const char *payload)
{
	struct entity_command commands[ENTITY_COMMANDS_MAX];
	size_t n;

	ck_assert_int_eq(entity_commands(e, service, level, commands, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(commands[0].topic, topic);
	ck_assert_str_eq(commands[0].payload, payload);
	free(commands[0].payload);
}

START_TEST(short_and_long_keys)
{
	static const char *const same[] = {
		"{\"~\": \"z/lamp\", \"name\": null, \"def_ent_id\": \"light.desk\", "
		"\"uniq_id\": \"u\", \"dev\": {\"name\": \"Desk_lamp\"}, \"schema\": \"json\", "
		"\"stat_t\": \"~\", \"cmd_t\": \"~/set\", \"brightness\": true, \"bri_scl\": 254, "
		"\"avty\": [{\"t\": \"z/bridge\", \"val_tpl\": \"{{ value_json.state }}\"}]}",
		"{\"name\": \"\", \"object_id\": \"desk\", \"unique_id\": \"u\", "
		"\"device\": {\"name\": \"Desk lamp\"}, \"schema\": \"json\", "
		"\"state_topic\": \"z/lamp\", \"command_topic\": \"z/lamp/set\", "
		"\"brightness\": true, \"brightness_scale\": 254, \"availability\": "
		"{\"topic\": \"z/bridge\", \"value_template\": \"{{ value_json.state }}\"}}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		const char *topics[4];

		ck_assert_int_eq(parse("light", same[i]), 0);
		ck_assert_str_eq(e->id, "light.desk");
		ck_assert_str_eq(e->name, "Desk lamp");
		ck_assert_uint_eq(entity_topics(e, topics, 4), 2);
		ck_assert_str_eq(topics[0], "z/lamp");
		ck_assert_str_eq(topics[1], "z/bridge");
		ck_assert(!entity_available(e));
		ck_assert(hear("z/bridge", "{\"state\": \"online\"}"));
		ck_assert(entity_available(e));
		ck_assert(hear("z/lamp", "{\"state\": \"ON\", \"brightness\": 127}"));
		ck_assert(!hear("z/lamp", "{\"state\": \"ON\", \"brightness\": 127}"));
		ck_assert_str_eq(e->state, "on");
		ck_assert_uint_eq(e->level, 50);
		expect_command(SERVICE_TURN_ON, ENTITY_NO_LEVEL, "z/lamp/set",
			       "{\"state\": \"ON\"}");
		expect_command(SERVICE_SET_LEVEL, 40, "z/lamp/set",
			       "{\"state\": \"ON\", \"brightness\": 102}");
		expect_command(SERVICE_SET_LEVEL, 0, "z/lamp/set", "{\"state\": \"OFF\"}");
	}
}
END_TEST

START_TEST(switch_with_words_of_its_own)
{
	ck_assert_int_eq(parse("switch", "{\"name\": \"Left\", \"dev\": {\"name\": \"plug\"}, "
			       "\"stat_t\": \"a~\", \"~\": \"/b\", \"cmd_t\": \"c\", "
			       "\"pl_on\": \"true\", \"pl_off\": \"false\", \"stat_on\": \"1\", "
			       "\"val_tpl\": \" {{ value_json.left | lower }} \"}"), 0);
	ck_assert_str_eq(e->name, "plug Left");
	ck_assert_str_eq(e->id, "switch.plug_left");
	ck_assert(entity_available(e));
	ck_assert(!entity_matches(e, SERVICE_TURN_OFF, ENTITY_NO_LEVEL));
	ck_assert(hear("a/b", "{\"left\": 1}"));
	ck_assert_str_eq(e->state, "on");
	ck_assert(!hear("a/b", "{\"left\": \"toggle\"}"));
	ck_assert(!hear("a/b", "no JSON at all"));
	ck_assert(!hear("other", "{\"left\": \"false\"}"));
	ck_assert_str_eq(e->state, "on");
	ck_assert(hear("a/b", "{\"left\": false}"));
	ck_assert(entity_matches(e, SERVICE_TURN_OFF, ENTITY_NO_LEVEL));
	/* It says that it does not know. */
	ck_assert_int_eq(parse("switch", "{\"name\": \"a\", \"stat_t\": \"s\", \"cmd_t\": \"c\"}"),
			 0);
	ck_assert(hear("s", "ON"));
	ck_assert(hear("s", "None"));
	ck_assert_str_eq(e->state, "");
	expect_command(SERVICE_TURN_OFF, ENTITY_NO_LEVEL, "c", "OFF");
	ck_assert_ptr_nonnull(entity_refusal(e, SERVICE_SET_LEVEL));
	ck_assert_ptr_nonnull(entity_refusal(e, SERVICE_OPEN));
	ck_assert_ptr_null(entity_refusal(e, SERVICE_TURN_ON));
}
END_TEST

START_TEST(basic_light)
{
	struct entity_command commands[ENTITY_COMMANDS_MAX];
	size_t n;

	ck_assert_int_eq(parse("light", "{\"name\": \"l\", \"stat_t\": \"s\", \"cmd_t\": \"c\", "
			       "\"bri_stat_t\": \"bs\", \"bri_cmd_t\": \"bc\", \"bri_scl\": 100, "
			       "\"bri_val_tpl\": \"{{ value_json.b }}\"}"), 0);
	ck_assert(hear("s", "OFF"));
	ck_assert(hear("bs", "{\"b\": 60}"));
	ck_assert(!entity_matches(e, SERVICE_SET_LEVEL, 60));
	ck_assert(hear("s", "ON"));
	ck_assert(entity_matches(e, SERVICE_SET_LEVEL, 60));
	ck_assert(entity_matches(e, SERVICE_SET_LEVEL, 61));
	ck_assert(!entity_matches(e, SERVICE_SET_LEVEL, 62));
	/* Its brightness alone would not switch it on. */
	ck_assert_int_eq(entity_commands(e, SERVICE_SET_LEVEL, 30, commands, &n), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(commands[0].topic, "bc");
	ck_assert_str_eq(commands[0].payload, "30");
	ck_assert_str_eq(commands[1].topic, "c");
	ck_assert_str_eq(commands[1].payload, "ON");
	free(commands[0].payload);
	free(commands[1].payload);
	expect_command(SERVICE_SET_LEVEL, 0, "c", "OFF");
	ck_assert(hear("s", "OFF"));
	ck_assert(entity_matches(e, SERVICE_SET_LEVEL, 0));
	for (size_t i = 0; i < 5; i++) {
		static const char *const bad[] = { "{\"b\": \"nan\"}", "{\"b\": \"1e999\"}",
						   "{\"b\": \"6 0\"}", "{}", "{\"b\": null}" };

		ck_assert(!hear("bs", bad[i]));
		ck_assert_uint_eq(e->level, 60);
	}
	ck_assert(hear("bs", "{\"b\": -7}"));
	ck_assert_uint_eq(e->level, 0);
	ck_assert(hear("bs", "{\"b\": 1e30}"));
	ck_assert_uint_eq(e->level, 100);
}
END_TEST

START_TEST(covers)
{
	ck_assert_int_eq(parse("cover", "{\"name\": \"blind\", \"cmd_t\": \"c\", "
			       "\"stat_t\": \"s\", "
			       "\"val_tpl\": \"{{ value_json.state }}\", \"stat_open\": \"OPEN\", "
			       "\"stat_clsd\": \"CLOSE\", \"stat_opening\": \"UP\", "
			       "\"pos_t\": \"s\", \"pos_tpl\": \"{{ value_json.position }}\", "
			       "\"set_pos_t\": \"c\", "
			       "\"set_pos_tpl\": \"{ \\\"position\\\": {{ position }} }\"}"), 0);
	ck_assert(hear("s", "{\"state\": \"OPEN\", \"position\": 30}"));
	ck_assert_str_eq(e->state, "open");
	/* Ajar is not what "open it" asks for. */
	ck_assert(!entity_matches(e, SERVICE_OPEN, ENTITY_NO_LEVEL));
	ck_assert(hear("s", "{\"state\": \"UP\", \"position\": 60}"));
	ck_assert(entity_heading(e, SERVICE_OPEN));
	ck_assert(!entity_heading(e, SERVICE_CLOSE));
	ck_assert(hear("s", "{\"state\": \"OPEN\", \"position\": 99}"));
	ck_assert(entity_matches(e, SERVICE_OPEN, ENTITY_NO_LEVEL));
	ck_assert(hear("s", "{\"state\": \"CLOSE\", \"position\": 0}"));
	ck_assert(entity_matches(e, SERVICE_CLOSE, ENTITY_NO_LEVEL));
	ck_assert(entity_matches(e, SERVICE_SET_LEVEL, 0));
	expect_command(SERVICE_OPEN, ENTITY_NO_LEVEL, "c", "OPEN");
	expect_command(SERVICE_SET_LEVEL, 40, "c", "{ \"position\": 40 }");
	/* What it does not know of its state, its position tells. */
	ck_assert(hear("s", "{\"state\": null, \"position\": 40}"));
	ck_assert_str_eq(e->state, "open");
	ck_assert(!hear("s", "{\"state\": null, \"position\": 40}"));
	/* One that tells its position only, from 0 open to 100 closed. */
	ck_assert_int_eq(parse("cover", "{\"name\": \"b\", \"cmd_t\": \"c\", \"pos_t\": \"p\", "
			       "\"set_pos_t\": \"c\", \"pos_open\": 0, \"pos_clsd\": 100}"), 0);
	ck_assert(hear("p", "100"));
	ck_assert_str_eq(e->state, "closed");
	ck_assert(hear("p", "25"));
	ck_assert_str_eq(e->state, "open");
	ck_assert_uint_eq(e->level, 75);
	expect_command(SERVICE_SET_LEVEL, 10, "c", "90");
	ck_assert_ptr_nonnull(entity_refusal(e, SERVICE_TURN_ON));
}
END_TEST

START_TEST(availability_of_several)
{
	static const struct {
		const char *mode;
		bool first, one, both, lost;
	} rows[] = {
		{ "\"all\"", false, false, true, false },
		{ "\"any\"", false, true, true, true },
		{ "\"latest\"", false, true, true, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char payload[256];

		snprintf(payload, sizeof(payload), "{\"name\": \"a\", \"cmd_t\": \"c\", "
			 "\"avty_mode\": %s, \"avty\": [{\"t\": \"x\"}, {\"t\": \"y\", "
			 "\"pl_avail\": \"1\", \"pl_not_avail\": \"0\"}]}", rows[i].mode);
		ck_assert_int_eq(parse("switch", payload), 0);
		ck_assert(entity_available(e) == rows[i].first);
		hear("x", "online");
		ck_assert(entity_available(e) == rows[i].one);
		hear("y", "1");
		ck_assert(entity_available(e) == rows[i].both);
		hear("y", "nothing that it knows");
		ck_assert(entity_available(e) == rows[i].both);
		hear("y", "0");
		ck_assert(entity_available(e) == rows[i].lost);
	}
}
END_TEST

/* What is wrong with it, and where. */
static const struct {
	const char *component, *payload, *field;
} wrong[] = {
	{ "light", "", "" },
	{ "light", "[]", "" },
	{ "light", "{\"name\": \"a\", \"name\": \"b\"}", "" },
	{ "light", "{\"name\": \"a\xff\"}", "" },
	{ "light", "{\"name\": \"a\"}", "command_topic" },
	{ "light", "{\"name\": 7, \"cmd_t\": \"c\"}", "name" },
	{ "light", "{\"name\": \"a\\u0000b\", \"cmd_t\": \"c\"}", "" },
	{ "light", "{\"name\": \"a\", \"cmd_t\": \"\"}", "command_topic" },
	{ "light", "{\"name\": \"a\", \"cmd_t\": \"c/#\"}", "command_topic" },
	{ "light", "{\"name\": \"a\", \"cmd_t\": \"~\", \"~\": \"+/+\"}", "command_topic" },
	{ "light", "{\"name\": \"a\", \"cmd_t\": \"c\", \"stat_t\": \"~\", \"~\": \"#\"}",
	  "state_topic" },
	{ "light", "{\"name\": \"a\", \"cmd_t\": \"~\"}", "command_topic" },
	{ "light", "{\"name\": \"a\", \"cmd_t\": [\"c\"]}", "command_topic" },
	{ "light", "{\"name\": \"a\", \"cmd_t\": \"c\", \"schema\": \"template\"}", "schema" },
	{ "light", "{\"name\": \"a\", \"cmd_t\": \"c\", \"bri_scl\": 0}", "brightness_scale" },
	{ "light", "{\"name\": \"a\", \"cmd_t\": \"c\", \"stat_val_tpl\": \"{{ x\"}",
	  "state_value_template" },
	{ "switch", "{\"name\": \"a\", \"cmd_t\": \"c\", \"val_tpl\": \"{% include 'x' %}\"}",
	  "value_template" },
	{ "switch", "{\"name\": \"a\", \"cmd_t\": \"c\", \"pl_on\": {}}", "payload_on" },
	{ "switch", "{\"name\": \"a\", \"cmd_t\": \"c\", \"avty\": [7]}", "topic" },
	{ "switch", "{\"name\": \"a\", \"cmd_t\": \"c\", \"avty_mode\": \"most\"}",
	  "availability_mode" },
	{ "switch", "{\"name\": \"a\", \"cmd_t\": \"c\", \"avty\": [{\"t\": \"1\"}, "
	  "{\"t\": \"2\"}, "
	  "{\"t\": \"3\"}, {\"t\": \"4\"}, {\"t\": \"5\"}, {\"t\": \"6\"}, {\"t\": \"7\"}, "
	  "{\"t\": \"8\"}, {\"t\": \"9\"}]}", "availability" },
	{ "cover", "{\"name\": \"a\", \"cmd_t\": \"c\", \"pos_open\": 5, \"pos_clsd\": 5}",
	  "position_open" },
};

START_TEST(malformed)
{
	ck_assert_int_eq(parse(wrong[_i].component, wrong[_i].payload), -EINVAL);
	ck_assert_ptr_null(e);
	ck_assert_str_eq(d.field, wrong[_i].field);
	ck_assert_int_ne(d.text[0], '\0');
}
END_TEST

START_TEST(not_ours)
{
	static const char *const topics[] = {
		"homeassistant/sensor/a/b/config", "homeassistant/light/config", "homeassistant",
		"homeassistant/light", "homeassistant/lights/a/config", "other/light/a/config",
		"homeassistant/light/a/state", "homeassistantx/light/a/config", "",
		"homeassistant/device/a/config",
	};
	const char *good = "{\"name\": \"a\", \"cmd_t\": \"c\"}";

	for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
		ck_assert_int_eq(entity_parse(&e, "homeassistant", topics[i], good, strlen(good),
					      &d), -ENOENT);
	/* What a device is set up with is no thing of the home. */
	ck_assert_int_eq(parse("switch", "{\"name\": \"Child lock\", \"cmd_t\": \"c\", "
			       "\"ent_cat\": \"config\"}"), -ENOENT);
	ck_assert_int_eq(parse("switch", "{\"name\": \"x\", \"cmd_t\": \"c\", \"en\": false}"),
			 -ENOENT);
	ck_assert_int_eq(entity_parse(&e, "homeassistant", "homeassistant/light/a/config", good,
				      strlen(good), &d), 0);
}
END_TEST

/* A valid message cut anywhere, and with any byte changed: a verdict, nothing worse. */
START_TEST(every_mutation)
{
	static const char good[] = "{\"~\":\"z\",\"name\":\"a\",\"cmd_t\":\"~/c\","
		"\"stat_t\":\"~\","
		"\"val_tpl\":\"{{ value_json.state }}\",\"avty\":[{\"t\":\"~/a\"}]}";
	const char *topic = "homeassistant/switch/x/config";
	size_t valid = 0;

	for (size_t n = 0; n < sizeof(good); n++) {
		struct entity *got = NULL;
		int r = entity_parse(&got, "homeassistant", topic, good, n, NULL);

		ck_assert_int_eq(r, n == sizeof(good) - 1 ? 0 : -EINVAL);
		entity_free(got);
	}
	for (size_t i = 0; i < sizeof(good) - 1; i++)
		for (int bit = 0; bit < 8; bit++) {
			struct entity *got = NULL;
			char text[sizeof(good)];
			int r;

			memcpy(text, good, sizeof(good));
			text[i] = (char)(text[i] ^ (1 << bit));
			r = entity_parse(&got, "homeassistant", topic, text, strlen(good),
					 NULL);
			ck_assert(r == 0 || r == -EINVAL || r == -ENOENT);
			valid += r == 0;
			if (got)
				entity_hear(got, "z", "{\"state\": \"ON\"}", 15);
			entity_free(got);
		}
	ck_assert_uint_gt(valid, 0);
}
END_TEST

START_TEST(limits)
{
	struct buf text = BUF_NULL;

	ck_assert_int_eq(buf_printf(&text, "{\"cmd_t\": \"c\", \"name\": \"%0257d\"}", 1), 0);
	ck_assert_int_eq(parse("light", text.data), -EINVAL);
	ck_assert_str_eq(d.field, "name");
	buf_reset(&text);
	ck_assert_int_eq(buf_printf(&text, "{\"name\": \"a\", \"cmd_t\": \"%01025d\"}", 1), 0);
	ck_assert_int_eq(parse("light", text.data), -EINVAL);
	ck_assert_str_eq(d.field, "command_topic");
	buf_reset(&text);
	ck_assert_int_eq(buf_printf(&text, "{\"name\": \"a\", \"cmd_t\": \"c\", \"x\": \"%0*d\"}",
				    ENTITY_PAYLOAD_MAX, 1), 0);
	ck_assert_int_eq(parse("light", text.data), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_LIMIT);
	buf_reset(&text);
	for (int i = 0; i < 30000; i++)
		ck_assert_int_eq(buf_append_str(&text, "["), 0);
	ck_assert_int_eq(parse("light", text.data), -EINVAL);
	/* A template without end stops by itself, and the state is what it was. */
	ck_assert_int_eq(parse("switch", "{\"name\": \"a\", \"cmd_t\": \"c\", \"stat_t\": \"s\", "
			       "\"val_tpl\": \"{% for i in range(99999999) %}{% for j in "
			       "range(99999999) %}x{% endfor %}{% endfor %}ON\"}"), 0);
	ck_assert(!hear("s", "ON"));
	ck_assert_str_eq(e->state, "");
	ck_assert(!hear("s", "\xff\xfe"));
	buf_deinit(&text);
}
END_TEST

START_TEST(names)
{
	static const struct {
		const char *text, *shown, *slug;
	} rows[] = {
		{ "Living room lamp", "Living room lamp", "living_room_lamp" },
		{ "living_room__lamp_", "living room lamp", "living_room_lamp" },
		{ "  a\t\n\x1b[31mb\x7f ", "a [31mb", "a_31mb" },
		{ "K\xc3\xbc""che", "K\xc3\xbc""che", "k_che" },
		{ "\xd0\x9b\xd0\xb0", "\xd0\x9b\xd0\xb0", "" },
		{ "a\xe2\x80\xae""b\xe2\x80\x8b""c\xc2\x85""d", "a b c d", "a_b_c_d" },
		{ "cut\xc3", "cut", "cut" },
		{ "\xff\xfe", "", "" },
		{ "", "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *shown = name_shown(rows[i].text), *slug = name_slug(rows[i].text);

		ck_assert_str_eq(shown, rows[i].shown);
		ck_assert_str_eq(slug, rows[i].slug);
		free(shown);
		free(slug);
	}
	/* Nothing of its name is left, but it can be told from others. */
	ck_assert_int_eq(parse("light", "{\"name\": \"\xd0\x9b\", \"cmd_t\": \"c\", "
			       "\"uniq_id\": \"0x17\"}"), 0);
	ck_assert_str_eq(e->id, "light.0x17");
	ck_assert_int_eq(parse("light", "{\"name\": \"Desk lamp\", \"cmd_t\": \"c\", "
			       "\"dev\": {\"name\": \"desk\"}}"), 0);
	ck_assert_str_eq(e->name, "Desk lamp");
	ck_assert_int_eq(parse("light", "{\"cmd_t\": \"c\"}"), 0);
	ck_assert_str_eq(e->name, "thing");
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("entity");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, short_and_long_keys);
	tcase_add_test(t, switch_with_words_of_its_own);
	tcase_add_test(t, basic_light);
	tcase_add_test(t, covers);
	tcase_add_test(t, availability_of_several);
	tcase_add_loop_test(t, malformed, 0, ARRAY_SIZE(wrong));
	tcase_add_test(t, not_ours);
	tcase_add_test(t, every_mutation);
	tcase_add_test(t, limits);
	tcase_add_test(t, names);
	return run_tests("entity", t);
}
