/* SPDX-License-Identifier: MIT */
/* Messages of discovery, what waits to be looked at, and colours. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/tools/color.h"
#include "assistantd/tools/discovery.h"
#include "assistantd/tools/entity.h"
#include "assistantd/tools/inbox.h"
#include "tests/check-main.h"
#include "util/buf.h"
#include "util/macro.h"

static struct diag d;

struct found {
	unsigned things, wrong;
	char last[64], text[300];
};

static int on_found(void *arg, const char *component, const char *object, const char *part,
		    const json_t *description, struct diag *why)
{
	struct found *f = arg;
	const char *topic = json_string_value(json_object_get(description, "state_topic"));

	f->things += description != NULL;
	f->wrong += !description;
	snprintf(f->last, sizeof(f->last), "%s %s %s %s", component, object, part,
		 topic ? topic : "-");
	snprintf(f->text, sizeof(f->text), "%s", description ? "" : why->text);
	return 0;
}

static int discover(const char *topic, const char *payload, struct found *f)
{
	*f = (struct found){ 0 };
	d = (struct diag)DIAG_NULL;
	return discovery_parse("homeassistant", topic, payload, strlen(payload), on_found, f, &d);
}

START_TEST(messages_of_discovery)
{
	static const char one[] = "homeassistant/light/a/config";
	static const char dev[] = "homeassistant/device/n/d/config";
	struct found f;

	ck_assert_int_eq(discover(one, "{\"cmd_t\": \"c\", \"stat_t\": \"s\"}", &f), 0);
	ck_assert_str_eq(f.last, "light a  s");
	ck_assert_int_eq(discover(one, "", &f), DISCOVERY_E_REMOVED);
	ck_assert_int_eq(discover(one, "{\"migrate_discovery\": true}", &f), DISCOVERY_E_REMOVED);
	ck_assert_int_eq(discover(one, "[]", &f), -EINVAL);
	ck_assert_int_eq(discover(one, "{\"name\": 1, \"name\": 2}", &f), -EINVAL);
	/* What the parts share, and what they do not; a base of the device's. */
	ck_assert_int_eq(discover(dev, "{\"~\": \"t\", \"dev\": {\"ids\": \"1\"}, \"o\": {}, "
		"\"stat_t\": \"~/s\", \"cmps\": {\"a\": {\"p\": \"switch\"}, "
		"\"b\": {\"p\": \"sensor\", \"uniq_id\": \"b\"}}}", &f), 0);
	ck_assert_uint_eq(f.things, 1);
	ck_assert_str_eq(f.last, "sensor d b t/s");
	ck_assert_int_eq(discover(dev, "{\"~\": \"t\", \"dev\": {\"ids\": \"1\"}, \"cmps\": "
		"{\"b\": {\"platform\": \"sensor\", \"stat_t\": \"~/own\"}}}", &f), 0);
	ck_assert_str_eq(f.last, "sensor d b t/own");
	ck_assert_int_eq(discover(dev, "{\"dev\": {}, \"cmps\": {\"b\": 5}}", &f), 0);
	ck_assert_uint_eq(f.wrong, 1);
	ck_assert_int_eq(discover(dev, "{\"dev\": {}, \"cmps\": {\"b\": {\"name\": \"x\", "
				  "\"cmd_t\": \"c\"}}}", &f), 0);
	ck_assert_str_eq(f.text, "missing in 'b'");
	ck_assert_int_eq(discover(dev, "{\"cmps\": {}}", &f), -EINVAL);
	ck_assert_int_eq(discover(dev, "{\"dev\": {}, \"cmps\": []}", &f), -EINVAL);
}
END_TEST

START_TEST(topics_of_discovery)
{
	static const char *const no[] = {
		"homeassistant/light/config", "homeassistant", "homeassistant/light", "",
		"homeassistant/lights/a/config", "other/light/a/config",
		"homeassistant/light/a/state", "homeassistantx/light/a/config",
		"homeassistant/light//config", "homeassistant/light/a/b/c/config",
		"homeassistant/update/a/config",
	};
	static const char *const yes[] = {
		"homeassistant/light/a/config", "homeassistant/light/n/a/config",
		"homeassistant/device/a/config", "homeassistant/alarm_control_panel/n/a/config",
	};

	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		ck_assert_msg(!discovery_is_topic("homeassistant", no[i]), "%s", no[i]);
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		ck_assert_msg(discovery_is_topic("homeassistant", yes[i]), "%s", yes[i]);
}
END_TEST

/* A valid message cut anywhere, and with any byte changed: a verdict, nothing worse. */
static int on_mutant(void *arg, const char *component, const char *object, const char *part,
		     const json_t *description, struct diag *why)
{
	struct entity_message m = { "z", "{\"state\": \"ON\"}", 15, NULL };
	struct entity *e = NULL;

	(void)part;
	if (!description || entity_new(&e, component, object, description, true, why) < 0)
		return 0;
	++*(size_t *)arg;
	entity_hear(e, &m, 1, NULL);
	entity_free(e);
	return 0;
}

START_TEST(every_mutation)
{
	static const char good[] = "{\"~\":\"z\",\"name\":\"a\",\"cmd_t\":\"~/c\",\"stat_t\":\"~\","
		"\"val_tpl\":\"{{ value_json.state }}\",\"avty\":[{\"t\":\"~/a\"}]}";
	const char *topic = "homeassistant/switch/x/config";
	size_t valid = 0;

	for (size_t n = 1; n < sizeof(good); n++) {
		int r = discovery_parse("homeassistant", topic, good, n, on_mutant, &valid, NULL);

		ck_assert_int_eq(r, n == sizeof(good) - 1 ? 0 : -EINVAL);
	}
	ck_assert_uint_eq(valid, 1);
	for (size_t i = 0; i < sizeof(good) - 1; i++)
		for (int bit = 0; bit < 8; bit++) {
			char text[sizeof(good)];
			int r;

			memcpy(text, good, sizeof(good));
			text[i] = (char)(text[i] ^ (1 << bit));
			r = discovery_parse("homeassistant", topic, text, strlen(good), on_mutant,
					    &valid, NULL);
			ck_assert(r == 0 || r == -EINVAL);
		}
	ck_assert_uint_gt(valid, 1);
}
END_TEST

START_TEST(deep_and_long)
{
	struct buf text = BUF_NULL;

	for (int i = 0; i < 30000; i++)
		ck_assert_int_eq(buf_append_char(&text, '['), 0);
	ck_assert_int_eq(discovery_parse("homeassistant", "homeassistant/light/a/config", text.data,
					 text.len, on_mutant, NULL, NULL), -EINVAL);
	ck_assert_int_eq(discovery_parse("homeassistant", "homeassistant/light/a/config", text.data,
					 DISCOVERY_PAYLOAD_MAX + 1, on_mutant, NULL, NULL),
			 -EINVAL);
	buf_deinit(&text);
}
END_TEST

START_TEST(colours_there_and_back)
{
	for (int r = 0; r <= 255; r += 51)
		for (int g = 0; g <= 255; g += 51)
			for (int b = 0; b <= 255; b += 51) {
				double full[3] = { r, g, b }, hs[3], xy[3], h, s, x, y;

				if (!r && !g && !b)
					continue;
				color_full(full);
				color_to_hs(full, &h, &s);
				color_from_hs(h, s, hs);
				color_to_xy(full, &x, &y);
				color_from_xy(x, y, xy);
				for (int i = 0; i < 3; i++) {
					ck_assert_double_eq_tol(hs[i], full[i], 0.5);
					ck_assert_double_eq_tol(xy[i], full[i], 1.5);
				}
				ck_assert(color_alike(full, hs) && color_alike(full, xy));
			}
	ck_assert(!color_alike((double[]){ 255, 0, 0 }, (double[]){ 255, 128, 0 }));
	ck_assert(!color_alike((double[]){ 255, 0, 0 }, (double[]){ 255, 100, 100 }));
	ck_assert(color_alike((double[]){ 255, 250, 250 }, (double[]){ 250, 250, 255 }));
}
END_TEST

START_TEST(an_inbox)
{
	struct inbox *b = NULL;
	struct inbox_message *m;
	size_t len = 1 << 20;
	char *big = calloc(1, len), topic[16];
	int r = 0, n = 0;

	ck_assert_int_eq(inbox_new(&b), 0);
	ck_assert_int_eq(inbox_put(b, "a", "1", 1), 0);
	ck_assert_int_eq(inbox_put(b, "b", "2", 1), 0);
	ck_assert_int_eq(inbox_put(b, "a", "three", 5), 0);
	m = inbox_take(b);
	ck_assert_str_eq(m->topic, "a");
	ck_assert_str_eq(m->payload, "three");
	inbox_message_free(m);
	m = inbox_take(b);
	ck_assert_str_eq(m->payload, "2");
	inbox_message_free(m);
	ck_assert_ptr_null(inbox_take(b));
	for (; r == 0; n++) {
		snprintf(topic, sizeof(topic), "t%d", n);
		r = inbox_put(b, topic, big, len);
	}
	ck_assert_int_eq(r, -E2BIG);
	ck_assert_int_eq(n, 64);
	/* One topic for ever costs no more than one message. */
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(inbox_put(b, "t0", big, len), 0);
	inbox_free(b);
	free(big);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("discovery");

	tcase_add_test(t, messages_of_discovery);
	tcase_add_test(t, topics_of_discovery);
	tcase_add_test(t, every_mutation);
	tcase_add_test(t, deep_and_long);
	tcase_add_test(t, colours_there_and_back);
	tcase_add_test(t, an_inbox);
	return run_tests("discovery", t);
}
