/* SPDX-License-Identifier: MIT */
/*
 * zigbee2mqtt HOST PORT: the tools process with a Zigbee2MQTT that somebody else wrote, whose
 * network has a lamp, a plug and a blind (zigbee2mqtt.sh starts one with a virtual radio).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/home/house.h"

#define LAMP "light.living_room_lamp"
#define PLUG "switch.desk_plug"
#define BLIND "cover.bedroom_blind"

static struct house house, *h = &house;
static const char *host;
static uint32_t port;

static bool has(const struct house *x, const char *id)
{
	const struct seen *s = house_find(x, id);

	return s && s->available;
}

static bool know_all(const struct house *x, const void *arg)
{
	(void)arg;
	return has(x, LAMP) && has(x, PLUG) && has(x, BLIND);
}

static void setup(void)
{
	house_init(h);
	house_start_tools(h, host, port);
	ck_assert(house_wait_up(h, 5000));
	ck_assert(house_wait(h, know_all, NULL, 10000));
}

static void teardown(void)
{
	house_deinit(h);
}

static void call(const char *entity, const char *service, const char *data)
{
	house_call(h, entity, service, data, 5000);
	printf("%s %s %s: %s%s, %s -> %s %s\n", entity, service, data ? data : "",
	       tools_outcome_name(h->result.outcome), h->result.verified ? ", verified" : "",
	       h->result.before.len ? h->result.before.data : "?",
	       h->result.after.len ? h->result.after.data : "?",
	       h->result.text.len ? h->result.text.data : "");
	fflush(stdout);
}

/* Whatever it was before: it is now, and the device said so. */
static void expect(const char *state)
{
	ck_assert(h->result.outcome == OUTCOME_DONE || h->result.outcome == OUTCOME_ALREADY);
	ck_assert(h->result.verified);
	ck_assert_str_eq(house_state(h), state);
}

START_TEST(lamp)
{
	ck_assert_str_eq(house_find(h, LAMP)->name, "living room lamp");
	call(LAMP, "turn_off", NULL);
	expect("off");
	call(LAMP, "turn_on", NULL);
	expect("on");
	ck_assert_uint_eq(h->result.outcome, OUTCOME_DONE);
	call(LAMP, "turn_on", NULL);
	ck_assert_uint_eq(h->result.outcome, OUTCOME_ALREADY);
	call(LAMP, "turn_on", "{\"brightness\": 30}");
	expect("on");
	ck_assert_double_eq(house_number(h, "brightness"), 30);
	call(LAMP, "turn_on", "{\"brightness\": 0}");
	expect("off");
}
END_TEST

START_TEST(plug)
{
	call(PLUG, "turn_on", NULL);
	expect("on");
	call(PLUG, "turn_off", NULL);
	expect("off");
	ck_assert_uint_eq(h->result.outcome, OUTCOME_DONE);
}
END_TEST

START_TEST(blind)
{
	call(BLIND, "set_position", "{\"position\": 40}");
	expect("open");
	ck_assert_double_eq(house_number(h, "position"), 40);
	call(BLIND, "set_position", "{\"position\": 75}");
	expect("open");
	ck_assert_double_eq(house_number(h, "position"), 75);
	ck_assert_uint_eq(h->result.outcome, OUTCOME_DONE);
}
END_TEST

/* Settings that the devices have beside are no things of the home. */
START_TEST(nothing_else)
{
	for (size_t i = 0; i < h->n_seen; i++)
		printf("%s (%s) %s\n", h->seen[i].id, h->seen[i].name,
		       h->seen[i].available ? "available" : "not available");
	for (size_t i = 0; i < h->n_seen; i++)
		ck_assert(strstr(h->seen[i].id, "lock") == NULL);
}
END_TEST

int main(int argc, char **argv)
{
	TCase *t = tcase_create("zigbee2mqtt");

	if (argc != 3) {
		fputs("usage: zigbee2mqtt HOST PORT\n", stderr);
		return 64;
	}
	host = argv[1];
	port = (uint32_t)atoi(argv[2]);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, lamp);
	tcase_add_test(t, plug);
	tcase_add_test(t, blind);
	tcase_add_test(t, nothing_else);
	return run_tests("zigbee2mqtt", t);
}
