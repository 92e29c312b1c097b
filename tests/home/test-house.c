/* SPDX-License-Identifier: MIT */
/*
 * A house of a hundred things of all kinds, on a real broker: each is asked for all that it can do,
 * and what is said of it is compared with what it did. The things are simple: what they are told
 * on TOPIC/set they tell on TOPIC.
 */
#include <check.h>
#include <mosquitto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "tests/check-main.h"
#include "tests/home/house.h"
#include "util/cleanup.h"
#include "util/macro.h"

enum { EACH = 4 };

/* What each describes behind the part that all have; @ is the beginning of its topics. */
static const struct {
	const char *component, *description;
} kinds[] = {
	{ "light", "\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\",\"bri_cmd_t\":\"@b/set\","
	  "\"bri_stat_t\":\"@b\",\"clr_temp_cmd_t\":\"@t/set\",\"clr_temp_stat_t\":\"@t\","
	  "\"fx_cmd_t\":\"@e/set\",\"fx_stat_t\":\"@e\",\"fx_list\":[\"rainbow\"]" },
	{ "light", "\"schema\":\"json\",\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\","
	  "\"bri_scl\":254,\"sup_clrm\":[\"xy\",\"color_temp\"],\"min_mirs\":153,"
	  "\"max_mirs\":500" },
	{ "light", "\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\",\"hs_cmd_t\":\"@h/set\","
	  "\"hs_stat_t\":\"@h\"" },
	{ "light", "\"schema\":\"template\",\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\","
	  "\"cmd_on_tpl\":\"on,{{ brightness | default(7) }}\",\"cmd_off_tpl\":\"off,0\","
	  "\"stat_tpl\":\"{{ value.split(',')[0] }}\",\"bri_tpl\":\"{{ value.split(',')[1] }}\"" },
	{ "switch", "\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\"" },
	{ "cover", "\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\",\"stat_open\":\"OPEN\","
	  "\"stat_clsd\":\"CLOSE\",\"stat_stopped\":\"STOP\","
	  "\"tilt_cmd_t\":\"@t/set\",\"tilt_status_t\":\"@t\"" },
	{ "cover", "\"set_pos_t\":\"@p/set\",\"pos_t\":\"@p\"" },
	{ "valve", "\"cmd_t\":\"@p/set\",\"stat_t\":\"@p\",\"pos\":true" },
	{ "lock", "\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\",\"stat_locked\":\"LOCK\","
	  "\"stat_unlocked\":\"UNLOCK\"" },
	{ "alarm_control_panel", "\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\","
	  "\"pl_arm_home\":\"armed_home\",\"pl_arm_away\":\"armed_away\","
	  "\"pl_arm_nite\":\"armed_night\",\"pl_arm_vacation\":\"armed_vacation\","
	  "\"pl_disarm\":\"disarmed\"" },
	{ "climate", "\"modes\":[\"off\",\"heat\"],\"mode_cmd_t\":\"@m/set\","
	  "\"mode_stat_t\":\"@m\","
	  "\"temp_cmd_t\":\"@t/set\",\"temp_stat_t\":\"@t\",\"temp_step\":0.5,"
	  "\"fan_mode_cmd_t\":\"@f/set\",\"fan_mode_stat_t\":\"@f\",\"pr_modes\":[\"eco\"],"
	  "\"pr_mode_cmd_t\":\"@p/set\",\"pr_mode_stat_t\":\"@p\",\"hum_cmd_t\":\"@h/set\","
	  "\"hum_stat_t\":\"@h\",\"swing_mode_cmd_t\":\"@w/set\",\"swing_mode_stat_t\":\"@w\"" },
	{ "climate", "\"temp_lo_cmd_t\":\"@l/set\",\"temp_lo_stat_t\":\"@l\","
	  "\"temp_hi_cmd_t\":\"@h/set\",\"temp_hi_stat_t\":\"@h\"" },
	{ "fan", "\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\",\"pct_cmd_t\":\"@p/set\","
	  "\"pct_stat_t\":\"@p\",\"spd_rng_max\":7,\"osc_cmd_t\":\"@o/set\","
	  "\"osc_stat_t\":\"@o\","
	  "\"dir_cmd_t\":\"@d/set\",\"dir_stat_t\":\"@d\",\"pr_mode_cmd_t\":\"@m/set\","
	  "\"pr_mode_stat_t\":\"@m\",\"pr_modes\":[\"auto\"]" },
	{ "humidifier", "\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\",\"hum_cmd_t\":\"@h/set\","
	  "\"hum_stat_t\":\"@h\",\"mode_cmd_t\":\"@m/set\",\"mode_stat_t\":\"@m\","
	  "\"modes\":[\"auto\"]" },
	{ "water_heater", "\"mode_cmd_t\":\"@m/set\",\"mode_stat_t\":\"@m\","
	  "\"temp_cmd_t\":\"@t/set\",\"temp_stat_t\":\"@t\"" },
	{ "vacuum", "\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\",\"pl_strt\":\"cleaning\","
	  "\"pl_stop\":\"idle\",\"pl_ret\":\"returning\",\"pl_cln_sp\":\"cleaning\"" },
	{ "lawn_mower", "\"act_stat_t\":\"@s\",\"strt_mw_cmd_t\":\"@s/set\","
	  "\"strt_mw_cmd_tpl\":\"mowing\",\"dock_cmd_t\":\"@s/set\",\"dock_cmd_tpl\":\"docked\","
	  "\"pause_cmd_t\":\"@s/set\",\"pause_mw_cmd_tpl\":\"paused\"" },
	{ "siren", "\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\",\"sup_vol\":false,\"sup_dur\":false" },
	{ "number", "\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\",\"min\":0,\"max\":10,\"step\":0.25" },
	{ "select", "\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\",\"ops\":[\"Eco mode\",\"Boost\"]" },
	{ "text", "\"cmd_t\":\"@s/set\",\"stat_t\":\"@s\"" },
	{ "button", "\"cmd_t\":\"@s/set\"" },
	{ "scene", "\"cmd_t\":\"@s/set\"" },
	{ "sensor", "\"stat_t\":\"@s\",\"unit_of_meas\":\"W\"" },
	{ "binary_sensor", "\"stat_t\":\"@s\",\"dev_cla\":\"window\"" },
};

enum { THINGS = ARRAY_SIZE(kinds) * EACH };

static struct house house, *h = &house;
static pid_t things;
static unsigned n_calls, n_verified, n_sent;

/* In the process of the things. */

static void publish(struct mosquitto *m, const char *topic, const char *payload, size_t len)
{
	mosquitto_publish(m, NULL, topic, (int)len, payload, 1, true);
}

static void describe(struct mosquitto *m, size_t i)
{
	const char *from = kinds[i / EACH].description;
	char topic[128], text[2048];
	size_t n;

	snprintf(topic, sizeof(topic), "homeassistant/%s/n%zu/config", kinds[i / EACH].component,
		 i);
	n = (size_t)snprintf(text, sizeof(text), "{\"name\":\"Thing %zu\",\"uniq_id\":\"u%zu\","
			     "\"avty_t\":\"d/%zu/avail\",", i, i, i);
	for (; *from; from++) {
		if (*from == '@')
			n += (size_t)snprintf(text + n, sizeof(text) - n, "d/%zu/", i);
		else
			text[n++] = *from;
	}
	text[n++] = '}';
	publish(m, topic, text, n);
	snprintf(topic, sizeof(topic), "d/%zu/avail", i);
	publish(m, topic, "online", 6);
}

static void on_connect(struct mosquitto *m, void *arg, int code)
{
	(void)arg;
	if (code != 0)
		return;
	mosquitto_subscribe(m, NULL, "d/+/+/set", 1);
	for (size_t i = 0; i < THINGS; i++)
		describe(m, i);
}

static void on_message(struct mosquitto *m, void *arg, const struct mosquitto_message *message)
{
	char topic[128];

	(void)arg;
	snprintf(topic, sizeof(topic), "%.*s", (int)(strlen(message->topic) - 4), message->topic);
	publish(m, topic, message->payload, (size_t)message->payloadlen);
}

static pid_t start_things(void)
{
	pid_t pid = fork();
	struct mosquitto *m;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	m = mosquitto_new(NULL, true, NULL);
	if (!m)
		_exit(1);
	mosquitto_max_inflight_messages_set(m, 0);
	mosquitto_connect_callback_set(m, on_connect);
	mosquitto_message_callback_set(m, on_message);
	mosquitto_reconnect_delay_set(m, 1, 1, false);
	while (mosquitto_connect(m, h->broker_path, 0, 30) != MOSQ_ERR_SUCCESS)
		nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
	mosquitto_loop_forever(m, -1, 1);
	_exit(1);
}

/* In the process of the test. */

static bool all_available(const struct house *x, const void *arg)
{
	size_t n = 0;

	(void)arg;
	for (size_t i = 0; i < x->n_seen; i++)
		n += x->seen[i].available;
	return n == THINGS;
}

static void setup(void)
{
	house_init(h);
	house_start_broker(h);
	things = start_things();
	house_start_tools(h, NULL, 0);
	ck_assert(house_wait(h, all_available, NULL));
}

static void teardown(void)
{
	house_kill(things);
	house_deinit(h);
}

static json_t *some_value(const char *name, const json_t *bounds, double share)
{
	const json_t *least = json_object_get(bounds, "min");
	const json_t *most = json_object_get(bounds, "max");
	json_t *options = json_object_get(bounds, "options");
	double low = json_number_value(least), high = json_number_value(most);

	if (options)
		return json_incref(json_array_get(options, json_array_size(options) - 1));
	if (least)
		return json_integer((json_int_t)(low + (high - low) * share));
	if (strcmp(name, "rgb") == 0)
		return json_pack("[i, i, i]", 255, 100, 0);
	return strcmp(name, "oscillating") == 0 ? json_true() : json_string("word");
}

/* What a thing tells nobody cannot be verified; that a cover stands which stood, neither. */
static bool is_told(const char *id, const char *service)
{
	if (strcmp(service, "stop") == 0)
		return strncmp(id, "vacuum.", 7) == 0;
	return strcmp(service, "press") != 0 && strcmp(service, "activate") != 0;
}

static void call(const char *id, const char *service, json_t *data)
{
	_cleanup_free_ char *text = json_dumps(data, 0);
	bool told = is_told(id, service);

	house_call(h, id, service, text, IN_TIME);
	n_calls++;
	n_verified += h->result.verified;
	n_sent += h->result.outcome == OUTCOME_SENT;
	ck_assert_msg(h->result.verified == told && (told ? h->result.outcome <= OUTCOME_ALREADY
						      : h->result.outcome == OUTCOME_SENT),
		      "%s %s %s: %s %s -> %s %s", id, service, text,
		      tools_outcome_name(h->result.outcome), h->result.before.data,
		      h->result.after.data, h->result.text.len ? h->result.text.data : "");
}

/* All services of one thing; what was after one call was before the next. */
static void call_all(const char *id, json_t *services, double share)
{
	json_auto_t *after = NULL;
	const char *service, *name;
	json_t *arguments, *bounds;

	json_object_foreach(services, service, arguments) {
		json_auto_t *data = json_object(), *before = NULL;

		json_object_foreach(arguments, name, bounds) {
			/* A light has one of them at a time. */
			if (strcmp(name, "rgb") == 0 && json_object_get(data, "color_temp_kelvin"))
				json_object_del(data, "color_temp_kelvin");
			if (strcmp(name, "code") != 0 && strcmp(name, "transition") != 0)
				json_object_set_new(data, name, some_value(name, bounds, share));
		}
		call(id, service, data);
		before = json_loads(h->result.before.data, 0, NULL);
		ck_assert(!after || json_equal(before, after));
		json_decref(after);
		after = json_incref(h->after);
	}
}

START_TEST(all_that_they_can)
{
	n_calls = n_verified = n_sent = 0;
	for (size_t i = 0; i < THINGS; i++) {
		char id[64];
		const struct seen *s;
		json_auto_t *services = NULL;

		snprintf(id, sizeof(id), "%s.thing_%zu", kinds[i / EACH].component, i);
		s = house_find(h, id);
		ck_assert_msg(s, "%s", id);
		services = json_incref(s->services);
		call_all(id, services, 0.5);
		call_all(id, services, 0.25);
	}
	printf("%zu things: %u calls, %u verified, %u sent\n", (size_t)THINGS, n_calls, n_verified,
	       n_sent);
	ck_assert_uint_gt(n_calls, 4 * THINGS);
	ck_assert_uint_eq(n_verified + n_sent, n_calls);
}
END_TEST

static bool is_unavailable(const struct house *x, const void *id)
{
	const struct seen *s = house_find(x, id);

	return s && !s->available;
}

static bool is_down(const struct house *x, const void *arg)
{
	(void)arg;
	return !x->up;
}

START_TEST(the_broker_is_killed)
{
	house_stop_broker(h);
	ck_assert(house_wait(h, is_down, NULL));
	house_start_broker(h);
	/* The things come back by themselves, and nothing that was known is lost. */
	ck_assert(house_wait_up(h));
	for (size_t i = 0; i < THINGS; i += EACH) {
		char id[64];
		unsigned tries = 0;

		if (strcmp(kinds[i / EACH].component, "switch") != 0)
			continue;
		snprintf(id, sizeof(id), "switch.thing_%zu", i);
		do {
			house_call(h, id, "turn_on", NULL, 500);
		} while (!h->result.verified && ++tries < 20);
		ck_assert(h->result.verified);
	}
	ck_assert(house_wait(h, all_available, NULL));
}
END_TEST

START_TEST(one_is_unavailable_and_one_removed)
{
	uint64_t id;

	house_say(h, "d/16/avail", "offline");
	ck_assert(house_wait(h, is_unavailable, "switch.thing_16"));
	house_call(h, "switch.thing_16", "turn_on", NULL, IN_TIME);
	ck_assert_str_eq(h->result.text.data, "the device is not available");
	/* It does not answer any more, and is taken back while it is waited for. */
	house_kill(things);
	things = 0;
	id = house_send(h, "switch.thing_17", "turn_on", NULL, 8000);
	house_say(h, "homeassistant/switch/n17/config", "");
	house_call(h, "switch.thing_18", "turn_on", NULL, 300);
	ck_assert_uint_eq(h->result.outcome, OUTCOME_SENT);
	ck_assert_uint_eq(h->n_results, 3);
	ck_assert_ptr_null(house_find(h, "switch.thing_17"));
	ck_assert_uint_gt(h->result_id, id);
}
END_TEST

int main(void)
{
	const char *broker = getenv("MOSQUITTO_BROKER");
	TCase *t = tcase_create("house");

	if (!broker || access(broker, X_OK) < 0) {
		puts("skipped: mosquitto is not installed");
		return 77;
	}
	signal(SIGPIPE, SIG_IGN);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, all_that_they_can);
	tcase_add_test(t, the_broker_is_killed);
	tcase_add_test(t, one_is_unavailable_and_one_removed);
	return run_tests("house", t);
}
