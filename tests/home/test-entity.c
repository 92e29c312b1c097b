/* SPDX-License-Identifier: MIT */
/* Discovery messages, states and commands, without a broker. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/tools/entity.h"
#include "util/macro.h"

#define LIGHT "homeassistant/light/0x1/light/config"
#define SWITCH "homeassistant/switch/0x2/config"
#define COVER "homeassistant/cover/node/blind/config"

static struct entity *parse(const char *topic, const char *payload)
{
	struct entity *e = NULL;
	struct diag d = DIAG_NULL;
	int r = entity_parse(&e, "homeassistant", topic, payload, strlen(payload), &d);

	ck_assert_msg(r == 0, "%s: %s", d.field, d.text);
	return e;
}

static bool hear(struct entity *e, const char *topic, const char *payload)
{
	return entity_hear(e, topic, payload, strlen(payload));
}

static void expect_command(const struct entity *e, enum tools_service service, uint32_t level,
			   const char *topic, const char *payload)
{
	const char *to;
	char *what;

	ck_assert_ptr_null(entity_refusal(e, service));
	ck_assert_int_eq(entity_command(e, service, level, &to, &what), 0);
	ck_assert_str_eq(to, topic);
	ck_assert_str_eq(what, payload);
	free(what);
}

START_TEST(a_json_light)
{
	struct entity *e = parse(LIGHT,
		"{\"name\": null, \"schema\": \"json\", \"brightness\": true, \"bri_scl\": 254,"
		"\"stat_t\": \"z/lamp\", \"cmd_t\": \"z/lamp/set\", \"uniq_id\": \"0x1_light\","
		"\"avty\": [{\"t\": \"z/bridge\", \"val_tpl\": \"{{ value_json.state }}\"}],"
		"\"dev\": {\"name\": \"Kitchen Lamp\"}}");

	ck_assert_str_eq(e->id, "light.kitchen_lamp");
	ck_assert_str_eq(e->name, "Kitchen Lamp");
	ck_assert(!entity_available(e));
	ck_assert(hear(e, "z/bridge", "{\"state\": \"online\"}"));
	ck_assert(entity_available(e));
	ck_assert(hear(e, "z/lamp", "{\"state\": \"ON\", \"brightness\": 127}"));
	ck_assert_str_eq(e->state, "on");
	ck_assert_uint_eq(e->level, 50);
	ck_assert(entity_matches(e, SERVICE_TURN_ON, 0));
	ck_assert(entity_matches(e, SERVICE_SET_LEVEL, 50));
	ck_assert(!entity_matches(e, SERVICE_SET_LEVEL, 80));
	ck_assert(!hear(e, "z/lamp", "{\"state\": 7}"));
	ck_assert(!hear(e, "z/lamp", "nonsense \xff"));
	expect_command(e, SERVICE_TURN_OFF, 0, "z/lamp/set", "{\"state\": \"OFF\"}");
	expect_command(e, SERVICE_SET_LEVEL, 100, "z/lamp/set",
		       "{\"state\": \"ON\", \"brightness\": 254}");
	ck_assert_ptr_nonnull(entity_refusal(e, SERVICE_OPEN));
	entity_free(e);
}
END_TEST

START_TEST(a_switch_with_words_of_its_own)
{
	struct entity *e = parse(SWITCH,
		"{\"~\": \"p/plug\", \"name\": \"Plug\", \"state_topic\": \"~\", "
		"\"command_topic\": \"~/set\", \"payload_on\": \"yes\", \"payload_off\": \"no\", "
		"\"value_template\": \"{{ value_json.s | lower }}\"}");

	ck_assert(entity_available(e));
	ck_assert(hear(e, "p/plug", "{\"s\": \"YES\"}"));
	ck_assert_str_eq(e->state, "on");
	expect_command(e, SERVICE_TURN_OFF, 0, "p/plug/set", "no");
	ck_assert_ptr_nonnull(entity_refusal(e, SERVICE_SET_LEVEL));
	entity_free(e);
}
END_TEST

START_TEST(a_cover_with_positions)
{
	struct entity *e = parse(COVER,
		"{\"name\": \"Blind\", \"cmd_t\": \"c/set\", \"pos_t\": \"c/pos\", "
		"\"set_pos_t\": \"c/pos/set\", \"pos_open\": 0, \"pos_clsd\": 100}");

	ck_assert(hear(e, "c/pos", "100"));
	ck_assert_str_eq(e->state, "closed");
	ck_assert_uint_eq(e->level, 0);
	expect_command(e, SERVICE_SET_LEVEL, 25, "c/pos/set", "75");
	expect_command(e, SERVICE_OPEN, 0, "c/set", "OPEN");
	ck_assert(!hear(e, "c/pos", "far"));
	ck_assert_ptr_nonnull(entity_refusal(e, SERVICE_TURN_ON));
	entity_free(e);
}
END_TEST

static const struct {
	const char *topic, *payload;
	int result;
	const char *field;
} refused[] = {
	{ "homeassistant/sensor/a/config", "{}", -ENOENT, "" },
	{ "elsewhere/light/a/config", "{}", -ENOENT, "" },
	{ "homeassistant/light/config", "{}", -ENOENT, "" },
	{ LIGHT, "", -EINVAL, "" },
	{ LIGHT, "[]", -EINVAL, "" },
	{ LIGHT, "{\"name\": \"a\", \"name\": \"b\"}", -EINVAL, "" },
	{ LIGHT, "{\"name\": \"a\"}", -EINVAL, "command_topic" },
	{ LIGHT, "{\"name\": 7, \"cmd_t\": \"x\"}", -EINVAL, "name" },
	{ LIGHT, "{\"name\": \"\", \"cmd_t\": \"x\"}", -EINVAL, "name" },
	{ LIGHT, "{\"name\": \"a\", \"cmd_t\": \"x/#\"}", -EINVAL, "command_topic" },
	{ LIGHT, "{\"name\": \"a\", \"cmd_t\": \"x\", \"schema\": \"template\"}", -EINVAL,
	  "schema" },
	{ LIGHT, "{\"name\": \"a\", \"cmd_t\": \"x\", \"bri_scl\": 0}", -EINVAL,
	  "brightness_scale" },
	{ LIGHT, "{\"name\": \"a\\u0000b\", \"cmd_t\": \"x\"}", -EINVAL, "" },
	{ SWITCH, "{\"name\": \"a\", \"cmd_t\": \"x\", \"val_tpl\": \"{{ a | wrong\"}", -EINVAL,
	  "value_template" },
	{ COVER, "{\"name\": \"a\", \"cmd_t\": \"x\", \"pos_open\": 5, \"pos_clsd\": 5}", -EINVAL,
	  "position_open" },
	{ SWITCH, "{\"name\": \"a\", \"cmd_t\": \"x\", \"avty\": [{}]}", -EINVAL, "topic" },
};

START_TEST(refuses)
{
	struct diag d = DIAG_NULL;
	struct entity *e = NULL;

	ck_assert_int_eq(entity_parse(&e, "homeassistant", refused[_i].topic, refused[_i].payload,
				      strlen(refused[_i].payload), &d), refused[_i].result);
	ck_assert_ptr_null(e);
	ck_assert_str_eq(d.field, refused[_i].field);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("entity");
	TCase *c = tcase_create("entity");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_test(c, a_json_light);
	tcase_add_test(c, a_switch_with_words_of_its_own);
	tcase_add_test(c, a_cover_with_positions);
	tcase_add_loop_test(c, refuses, 0, ARRAY_SIZE(refused));
	suite_add_tcase(s, c);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
