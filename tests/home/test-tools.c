/* SPDX-License-Identifier: MIT */
/* The tools process against a real broker, with devices that obey, are silent, or lie. */
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check-main.h"
#include "tests/home/house.h"
#include "util/macro.h"

#define LAMP "light.desk_lamp"

static struct house house, *h = &house;
static pid_t lamp;

static void setup(void)
{
	house_init(h);
	lamp = 0;
}

static void teardown(void)
{
	house_kill(lamp);
	house_deinit(h);
}

/* A broker, one device, and the tools process that knows it. */
static void furnish(const char *kind, const char *manner)
{
	house_start_broker(h);
	lamp = house_start_lamp(h, "Desk Lamp", kind, manner);
	house_start_tools(h, NULL, 0);
	ck_assert(house_wait_up(h));
}

static void expect(enum tools_outcome outcome, bool verified, const char *state)
{
	ck_assert_str_eq(tools_outcome_name(h->result.outcome), tools_outcome_name(outcome));
	ck_assert(h->result.verified == verified);
	ck_assert_str_eq(house_state(h), state);
}

static void expect_failure(const char *why)
{
	ck_assert_uint_eq(h->result.outcome, OUTCOME_FAILED);
	ck_assert(!h->result.verified);
	ck_assert_str_eq(h->result.text.data, why);
}

START_TEST(obeys_and_is_read_back)
{
	const struct seen *s;

	furnish(NULL, NULL);
	ck_assert(h->greeted);
#ifndef WITH_COVERAGE
	ck_assert(h->hello.no_new_privs && h->hello.not_dumpable);
#endif
	ck_assert(house_wait_state(h, LAMP, "off"));
	ck_assert_str_eq(house_find(h, LAMP)->name, "Desk Lamp");
	house_call(h, LAMP, "turn_on", NULL, IN_TIME);
	expect(OUTCOME_DONE, true, "on");
	/* The state was told before the result. */
	s = house_find(h, LAMP);
	ck_assert_str_eq(s->state, "on");
	ck_assert_int_eq(json_integer_value(json_object_get(s->attributes, "brightness")), 100);
	ck_assert_ptr_nonnull(json_object_get(s->services, "turn_off"));
	house_call(h, LAMP, "turn_on", NULL, IN_TIME);
	expect(OUTCOME_ALREADY, true, "on");
	house_call(h, LAMP, "turn_on", "{\"brightness\": 40}", IN_TIME);
	expect(OUTCOME_DONE, true, "on");
	ck_assert_double_eq(house_number(h, "brightness"), 40);
	house_call(h, LAMP, "turn_on", "{\"brightness\": 0}", IN_TIME);
	expect(OUTCOME_DONE, true, "off");
	house_call(h, LAMP, "open", NULL, IN_TIME);
	expect_failure("it cannot do that (open)");
	house_call(h, "light.elsewhere", "turn_on", NULL, IN_TIME);
	expect_failure("no such device");
}
END_TEST

START_TEST(switches_and_covers)
{
	pid_t cover;

	furnish("switch", NULL);
	cover = house_start_lamp(h, "Blind", "cover", NULL);
	ck_assert(house_wait_state(h, "switch.desk_lamp", "off"));
	ck_assert(house_wait_state(h, "cover.blind", "closed"));
	house_call(h, "switch.desk_lamp", "turn_on", NULL, IN_TIME);
	expect(OUTCOME_DONE, true, "on");
	house_call(h, "switch.desk_lamp", "turn_on", "{\"brightness\": 5}", IN_TIME);
	expect_failure("turn_on has no 'brightness'");
	house_call(h, "cover.blind", "open", NULL, IN_TIME);
	expect(OUTCOME_DONE, true, "open");
	house_call(h, "cover.blind", "close", NULL, IN_TIME);
	expect(OUTCOME_DONE, true, "closed");
	house_call(h, "cover.blind", "turn_on", NULL, IN_TIME);
	expect_failure("it cannot do that (turn_on)");
	house_kill(cover);
}
END_TEST

/* It obeys without a word, or says another state: the command was sent, no more is claimed. */
START_TEST(is_not_confirmed)
{
	uint64_t began;

	furnish(NULL, _i ? "liar" : "silent");
	ck_assert(house_wait_state(h, LAMP, "off"));
	began = house_now();
	house_call(h, LAMP, "turn_on", NULL, 400);
	expect(OUTCOME_SENT, false, "off");
	ck_assert_uint_ge(house_now() - began, 395);
	ck_assert_uint_lt(house_now() - began, 1500);
}
END_TEST

static bool is_unavailable(const struct house *x, const void *arg)
{
	const struct seen *s = house_find(x, LAMP);

	(void)arg;
	return s && !s->available;
}

START_TEST(is_unplugged)
{
	furnish(NULL, NULL);
	ck_assert(house_wait_state(h, LAMP, "off"));
	house_kill(lamp);
	ck_assert(house_wait(h, is_unavailable, NULL));
	house_call(h, LAMP, "turn_on", NULL, IN_TIME);
	expect_failure("the device is not available");
	lamp = house_start_lamp(h, "Desk Lamp", NULL, NULL);
	ck_assert(house_wait_state(h, LAMP, "off"));
	house_call(h, LAMP, "turn_on", NULL, IN_TIME);
	expect(OUTCOME_DONE, true, "on");
}
END_TEST

static bool is_down(const struct house *x, const void *arg)
{
	return x->downs > *(const unsigned *)arg;
}

START_TEST(the_broker_restarts)
{
	unsigned before;

	furnish(NULL, NULL);
	ck_assert(house_wait_state(h, LAMP, "off"));
	before = h->downs;
	house_stop_broker(h);
	ck_assert(house_wait(h, is_down, &before));
	ck_assert(!h->up);
	ck_assert_int_ne(h->trouble[0], '\0');
	house_call(h, LAMP, "turn_on", NULL, IN_TIME);
	expect_failure("the broker is not reached");
	house_start_broker(h);
	ck_assert(house_wait_up(h));
	/* The lamp comes back by itself; until then the call is sent and not confirmed. */
	for (int i = 0; i < 20; i++) {
		house_call(h, LAMP, "turn_on", NULL, 500);
		if (h->result.outcome == OUTCOME_DONE || h->result.outcome == OUTCOME_ALREADY)
			break;
		ck_assert(!h->result.verified);
	}
	ck_assert(h->result.verified);
	ck_assert_str_eq(house_state(h), "on");
}
END_TEST

START_TEST(the_broker_comes_late)
{
	unsigned none = 0;

	house_start_tools(h, NULL, 0);
	ck_assert(house_wait(h, is_down, &none));
	house_start_broker(h);
	lamp = house_start_lamp(h, "Desk Lamp", NULL, NULL);
	ck_assert(house_wait_state(h, LAMP, "off"));
	ck_assert_uint_eq(h->ups, 1);
}
END_TEST

static bool have_results(const struct house *x, const void *arg)
{
	return x->n_results >= *(const unsigned *)arg;
}

START_TEST(many_calls_at_once)
{
	unsigned first = 1, all = 130;

	furnish(NULL, "silent");
	ck_assert(house_wait_state(h, LAMP, "off"));
	for (unsigned i = 0; i < all; i++)
		house_send(h, LAMP, "turn_on", NULL, 1000);
	/* Those beyond the limit are answered at once, the others at their deadline. */
	ck_assert(house_wait(h, have_results, &first));
	expect_failure("too many calls at once");
	ck_assert(house_wait(h, have_results, &all));
	expect(OUTCOME_SENT, false, "off");
}
END_TEST

static bool know_none(const struct house *x, const void *arg)
{
	(void)arg;
	return x->n_seen == 0;
}

START_TEST(devices_come_and_go)
{
	static const char topic[] = "homeassistant/switch/a/config";

	furnish(NULL, NULL);
	ck_assert(house_wait_state(h, LAMP, "off"));
	/* Another of the same name gets a number. */
	house_say(h, "homeassistant/light/other/config",
		  "{\"name\": \"Desk Lamp\", \"cmd_t\": \"x\"}");
	ck_assert(house_wait_state(h, LAMP "_2", ""));
	house_say(h, topic, "{\"name\": \"one\", \"cmd_t\": \"x\"}");
	ck_assert(house_wait_state(h, "switch.one", ""));
	house_say(h, topic, "{\"name\": \"two\", \"cmd_t\": \"x\"}");
	ck_assert(house_wait_state(h, "switch.two", ""));
	ck_assert_ptr_null(house_find(h, "switch.one"));
	/* What is broken leaves the old one. */
	house_say(h, topic, "{\"name\": \"three\"");
	house_say(h, topic, "");
	house_say(h, "homeassistant/light/other/config", "");
	house_kill(lamp);
	lamp = 0;
	house_say(h, "homeassistant/light/desk_lamp/light/config", "");
	ck_assert(house_wait(h, know_none, NULL));
}
END_TEST

static void hostile(const char *topic, const char *payload, size_t len)
{
	house_publish(h, &topic, &payload, &len, 1);
}

START_TEST(hostile_messages)
{
	size_t len = 1 << 20;
	char *big = malloc(len);

	ck_assert_ptr_nonnull(big);
	memset(big, '[', len);
	furnish(NULL, NULL);
	ck_assert(house_wait_state(h, LAMP, "off"));
	hostile("lamp/desk_lamp", big, len);
	hostile("lamp/desk_lamp", "\xff\xfe\x00", 3);
	hostile("lamp/desk_lamp", "{\"state\": \"ON", 12);
	hostile("lamp/desk_lamp/available", big, len);
	hostile("homeassistant/light/big/config", big, len);
	hostile("homeassistant/light/big/config", big, 60000);
	hostile("homeassistant/light/nul/config", "\0\0\0\0", 4);
	hostile("homeassistant/light/config", "{}", 2);
	hostile("homeassistant/cover//config", "{\"cmd_t\": \"a\", \"name\": \"x\\ud800\"}", 33);
	/* All the broker's topics would come here, were this taken. */
	house_say(h, "homeassistant/switch/wild/config",
		  "{\"name\": \"wild\", \"cmd_t\": \"c\", \"stat_t\": \"~\", \"~\": \"#\"}");
	house_say(h, "homeassistant/switch/loop/config",
		  "{\"name\": \"loop\", \"cmd_t\": \"homeassistant/switch/loop/config\", "
		  "\"stat_t\": \"homeassistant/switch/loop/config\"}");
	house_say(h, "homeassistant/switch/jinja/config",
		  "{\"name\": \"a\\u001b[2J\\nb\", \"cmd_t\": \"c\", \"stat_t\": \"hot\", "
		  "\"val_tpl\": \"{% for i in range(9999) %}{% for j in range(9999) %}{{ value }}"
		  "{% endfor %}{% endfor %}\"}");
	ck_assert(house_wait_state(h, "switch.a_2j_b", ""));
	ck_assert_str_eq(house_find(h, "switch.a_2j_b")->name, "a [2J b");
	house_say(h, "hot", "ON");
	ck_assert_ptr_nonnull(house_find(h, "switch.loop"));
	ck_assert_ptr_null(house_find(h, "switch.wild"));
	ck_assert_ptr_null(house_find(h, "light.big"));
	house_call(h, LAMP, "turn_on", NULL, IN_TIME);
	expect(OUTCOME_DONE, true, "on");
	/* Its command describes it anew, as nothing; the call is answered. */
	house_call(h, "switch.loop", "turn_on", NULL, 500);
	expect(OUTCOME_SENT, false, "");
	free(big);
}
END_TEST

enum { FLOOD = TOOLS_ENTITIES_MAX + 100 };

static bool all_came(const struct house *x, const void *arg)
{
	(void)arg;
	return x->n_seen == TOOLS_ENTITIES_MAX;
}

/* More devices than are kept: the rest is left out, and those kept can be used. */
START_TEST(a_flood_of_devices)
{
	static char topics[FLOOD][64], payloads[FLOOD][96];
	const char *t[FLOOD], *p[FLOOD];
	size_t lens[FLOOD];

	furnish(NULL, NULL);
	ck_assert(house_wait_state(h, LAMP, "off"));
	for (int i = 0; i < FLOOD; i++) {
		snprintf(topics[i], sizeof(topics[i]), "homeassistant/switch/n/f%d/config", i);
		snprintf(payloads[i], sizeof(payloads[i]),
			 "{\"name\": \"flood %d\", \"cmd_t\": \"f/%d\", \"stat_t\": \"f\"}", i, i);
		t[i] = topics[i];
		p[i] = payloads[i];
		lens[i] = strlen(p[i]);
	}
	house_publish(h, t, p, lens, FLOOD);
	ck_assert(house_wait(h, all_came, NULL));
	/* One message that is the state of all of them. */
	house_say(h, "f", "ON");
	ck_assert(house_wait_state(h, "switch.flood_7", "on"));
	house_call(h, LAMP, "turn_on", NULL, IN_TIME);
	expect(OUTCOME_DONE, true, "on");
	ck_assert_uint_eq(h->most, TOOLS_ENTITIES_MAX);
}
END_TEST

/* Who listens there is no broker: it says nothing, or anything. Calls are answered meanwhile. */
START_TEST(no_broker_but_a_listener)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	unsigned none = 0;
	char junk[4096];

	memcpy(at.sun_path, h->broker_path, sizeof(h->broker_path));
	ck_assert_int_eq(bind(s, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(s, 8), 0);
	house_start_tools(h, NULL, 0);
	house_call(h, LAMP, "turn_on", NULL, IN_TIME);
	expect_failure("no such device");
	memset(junk, 0xff, sizeof(junk));
	fd = accept(s, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(send(fd, junk, sizeof(junk), MSG_NOSIGNAL), 0);
	ck_assert(house_wait(h, is_down, &none));
	close(fd);
	fd = accept(s, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	house_call(h, LAMP, "turn_on", NULL, IN_TIME);
	expect_failure("no such device");
	close(fd);
	close(s);
}
END_TEST

/* A host that takes no connection and refuses none, as behind a firewall. */
START_TEST(a_host_that_is_mute)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), full[4];

	ck_assert_int_eq(bind(s, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(s, 0), 0);
	ck_assert_int_eq(getsockname(s, (struct sockaddr *)&at, &len), 0);
	/* Its queue is full from here on. */
	for (size_t i = 0; i < ARRAY_SIZE(full); i++) {
		full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(full[i], (struct sockaddr *)&at, len);
	}
	house_start_tools(h, "127.0.0.1", ntohs(at.sin_port));
	house_call(h, LAMP, "turn_on", NULL, 500);
	expect_failure("no such device");
	for (size_t i = 0; i < ARRAY_SIZE(full); i++)
		close(full[i]);
	close(s);
}
END_TEST

START_TEST(ends_with_its_front_end)
{
	struct ipc_message m;
	int status;

	furnish(NULL, NULL);
	if (_i == 0) {
		close(h->sock);
		h->sock = -1;
	} else {
		ipc_message_init(&m, 4711, 0);
		ck_assert_int_eq(ipc_send(h->sock, &m), 0);
		ipc_message_deinit(&m);
	}
	status = house_end_tools(h);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), _i);
}
END_TEST

int main(void)
{
	const char *broker = getenv("MOSQUITTO_BROKER");
	TCase *t = tcase_create("tools");

	if (!broker || access(broker, X_OK) < 0) {
		puts("skipped: mosquitto is not installed");
		return 77;
	}
	signal(SIGPIPE, SIG_IGN);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, obeys_and_is_read_back);
	tcase_add_test(t, switches_and_covers);
	tcase_add_loop_test(t, is_not_confirmed, 0, 2);
	tcase_add_test(t, is_unplugged);
	tcase_add_test(t, the_broker_restarts);
	tcase_add_test(t, the_broker_comes_late);
	tcase_add_test(t, many_calls_at_once);
	tcase_add_test(t, devices_come_and_go);
	tcase_add_test(t, hostile_messages);
	tcase_add_test(t, a_flood_of_devices);
	tcase_add_test(t, no_broker_but_a_listener);
	tcase_add_test(t, a_host_that_is_mute);
	tcase_add_loop_test(t, ends_with_its_front_end, 0, 2);
	return run_tests("tools", t);
}
