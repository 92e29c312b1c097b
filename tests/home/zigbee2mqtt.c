/* SPDX-License-Identifier: MIT */
/*
 * zigbee2mqtt HOST PORT BRIDGE BROKER CONF: the tools process with a Zigbee2MQTT that somebody else
 * wrote, whose network has a lamp, a plug and a blind (zigbee2mqtt.sh starts one with a virtual
 * radio). BRIDGE and BROKER are the processes, CONF is the broker's configuration.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/check-main.h"
#include "tests/home/house.h"

#define LAMP "light.living_room_lamp"
#define PLUG "switch.desk_plug"
#define BLIND "cover.bedroom_blind"

static struct house house, *h = &house;
static const char *host;
static uint32_t port;
static pid_t bridge, broker;
static char *conf;

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
	ck_assert(house_wait_up(h));
	ck_assert(house_wait(h, know_all, NULL));
}

static void teardown(void)
{
	house_deinit(h);
}

static void call(const char *entity, const char *service, const char *data)
{
	house_call(h, entity, service, data, IN_TIME);
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

START_TEST(colour_temperature)
{
	call(LAMP, "turn_on", "{\"color_temp_kelvin\": 4000}");
	expect("on");
	ck_assert_double_eq_tol(house_number(h, "color_temp_kelvin"), 4000, 40);
	call(LAMP, "turn_on", "{\"color_temp_kelvin\": 2700, \"brightness\": 55}");
	expect("on");
	ck_assert_uint_eq(h->result.outcome, OUTCOME_DONE);
	ck_assert_double_eq_tol(house_number(h, "color_temp_kelvin"), 2700, 20);
	ck_assert_double_eq_tol(house_number(h, "brightness"), 55, 1);
	call(LAMP, "turn_on", "{\"color_temp_kelvin\": 9000}");
	ck_assert_uint_eq(h->result.outcome, OUTCOME_FAILED);
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

static bool is_gone(const struct house *x, const void *arg)
{
	const struct seen *s = house_find(x, arg);

	return !s || !s->available;
}

static bool has_answer(const struct house *x, const void *arg)
{
	return x->n_results && x->result_id == *(const uint64_t *)arg;
}

static void print_answer(const char *what)
{
	printf("%s: %s%s %s\n", what, tools_outcome_name(h->result.outcome),
	       h->result.verified ? ", verified" : "",
	       h->result.text.len ? h->result.text.data : "");
	fflush(stdout);
}

/* It answers in time, late, or not at all; whatever is said was seen. */
START_TEST(it_does_not_answer)
{
	uint64_t id;

	call(PLUG, "turn_off", NULL);
	kill(bridge, SIGSTOP);
	id = house_send(h, PLUG, "turn_on", NULL, 1500);
	ck_assert(house_wait(h, has_answer, &id));
	print_answer("a bridge that hangs");
	ck_assert_uint_eq(h->result.outcome, OUTCOME_SENT);
	ck_assert(!h->result.verified);
	kill(bridge, SIGCONT);
	ck_assert(house_wait_state(h, PLUG, "on"));
}
END_TEST

/* In the middle of a call; the bridge and we find it again by ourselves. */
START_TEST(the_broker_restarts)
{
	const char *argv[] = { getenv("MOSQUITTO_BROKER"), "-c", conf, NULL };
	unsigned tries = 0;
	uint64_t id;

	call(LAMP, "turn_off", NULL);
	kill(bridge, SIGSTOP);
	id = house_send(h, LAMP, "turn_on", NULL, 3000);
	kill(broker, SIGKILL);
	broker = house_start(argv);
	kill(bridge, SIGCONT);
	ck_assert(house_wait(h, has_answer, &id));
	print_answer("a broker that restarts");
	/* The break may be seen before the call is. */
	ck_assert(h->result.outcome == OUTCOME_SENT || h->result.outcome == OUTCOME_FAILED ||
		  h->result.verified);
	do {
		nanosleep(&(struct timespec){ 0, 300000000 }, NULL);
		house_call(h, LAMP, "turn_on", NULL, 1000);
	} while (!h->result.verified && ++tries < 30);
	print_answer("afterwards");
	ck_assert(h->result.verified);
	call(PLUG, "turn_off", NULL);
	ck_assert(h->result.verified);
	kill(bridge, SIGSTOP);
	house_say_at(host, port, "zigbee2mqtt/bridge/request/device/remove",
		     "{\"id\": \"desk_plug\", \"force\": true}");
	id = house_send(h, PLUG, "turn_on", NULL, 8000);
	kill(bridge, SIGCONT);
	ck_assert(house_wait(h, has_answer, &id));
	print_answer("a device that is removed");
	ck_assert_uint_eq(h->result.outcome, OUTCOME_SENT);
	ck_assert_str_eq(h->result.text.data, "the device was removed meanwhile");
	ck_assert(house_wait(h, is_gone, PLUG));
	/* The bridge's last will makes all of its devices unavailable. */
	kill(bridge, SIGKILL);
	ck_assert(house_wait(h, is_gone, BLIND));
	call(BLIND, "set_position", "{\"position\": 10}");
	ck_assert_uint_eq(h->result.outcome, OUTCOME_FAILED);
	ck_assert_str_eq(h->result.text.data, "the device is not available");
	house_kill(broker);
}
END_TEST

int main(int argc, char **argv)
{
	TCase *t = tcase_create("zigbee2mqtt");

	if (argc != 6) {
		fputs("usage: zigbee2mqtt HOST PORT BRIDGE BROKER CONF\n", stderr);
		return 64;
	}
	host = argv[1];
	port = (uint32_t)atoi(argv[2]);
	bridge = atoi(argv[3]);
	broker = atoi(argv[4]);
	conf = argv[5];
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, lamp);
	tcase_add_test(t, plug);
	tcase_add_test(t, blind);
	tcase_add_test(t, colour_temperature);
	tcase_add_test(t, nothing_else);
	tcase_add_test(t, it_does_not_answer);
	tcase_add_test(t, the_broker_restarts);
	return run_tests("zigbee2mqtt", t);
}
