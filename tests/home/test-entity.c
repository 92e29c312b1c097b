/* SPDX-License-Identifier: MIT */
/* Things by themselves: components.txt says what is done with each and what must come of it. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/tools/abbreviations.h"
#include "assistantd/tools/feature.h"
#include "assistantd/tools/names.h"
#include "assistantd/tools/order.h"
#include "tests/check-main.h"
#include "util/macro.h"

static struct entity *e;
static struct order *o;
static struct diag d;
static struct order_command commands[ORDER_COMMANDS_MAX];
static size_t n_commands, n_sent;
static unsigned line;

#define expect(what, ...) do { \
	if (!(what)) { \
		fprintf(stderr, "components.txt:%u: ", line); \
		fprintf(stderr, __VA_ARGS__); \
		fputc('\n', stderr); \
		ck_abort(); \
	} \
} while (0)

static int make(const char *component, const char *description)
{
	json_auto_t *raw = json_loads(description, 0, NULL), *full = NULL;
	int r;

	e = entity_free(e);
	o = order_free(o);
	d = (struct diag)DIAG_NULL;
	expect(raw, "no JSON: %s", description);
	r = abbreviations_expand(raw, &full, &d);
	return r < 0 ? r : entity_new(&e, component, "thing", full, true, &d);
}

static bool hear(const char *topic, const char *payload, size_t len)
{
	json_auto_t *json = json_loadb(payload, len, JSON_DECODE_ANY, NULL);
	struct entity_message m = { topic, payload, len, json };

	d = (struct diag)DIAG_NULL;
	return entity_hear(e, &m, 1000, &d);
}

/* All that an order sends was named. */
static void end_order(void)
{
	expect(!o || n_sent == 0 || n_sent == n_commands, "%zu commands of %zu", n_sent,
	       n_commands);
	order_commands_deinit(commands, n_commands);
	n_commands = n_sent = 0;
	o = order_free(o);
}

static void check_state(const char *wanted)
{
	json_auto_t *want = json_loads(wanted, 0, NULL), *have = entity_snapshot(e);
	_cleanup_free_ char *text = json_dumps(have, JSON_SORT_KEYS);

	expect(want && json_equal(want, have), "the state is %s", text);
}

static void check_services(const char *wanted)
{
	json_auto_t *services = entity_services(e);
	const char *name;
	json_t *value;
	size_t n = 0;

	json_object_foreach(services, name, value) {
		expect(component_listed(wanted, name), "it can %s, too", name);
		n++;
	}
	for (const char *at = wanted; *at; at += strcspn(at, " "), at += *at == ' ')
		n--;
	expect(n == 0, "it cannot do all of that");
}

static void check_bounds(const char *service, const char *wanted)
{
	json_auto_t *services = entity_services(e), *want = json_loads(wanted, 0, NULL);
	json_t *have = json_object_get(services, service);
	_cleanup_free_ char *text = json_dumps(have, 0);

	expect(json_equal(want, have), "the bounds are %s", text ? text : "none");
}

static void begin_order(const char *service, const char *data)
{
	end_order();
	d = (struct diag)DIAG_NULL;
	expect(order_new(&o, e, service, data, strlen(data), &d) == 0, "%s", d.text);
	expect(order_commands(o, e, commands, &n_commands, &d) == 0, "%s: %s", d.field, d.text);
}

static void check_refusal(const char *service, char *rest)
{
	char *text = strstr(rest, " = ");

	expect(text, "' = ' is missing");
	*text = '\0';
	d = (struct diag)DIAG_NULL;
	end_order();
	expect(order_new(&o, e, service, rest, strlen(rest), &d) == -EINVAL, "it is not refused");
	expect(strcmp(d.text, text + 3) == 0, "refused by: %s", d.text);
}

static void check_progress(const char *wanted)
{
	static const char *const names[] = { "waiting", "heading", "obeyed" };

	expect(o, "there is no order");
	expect(strcmp(names[order_progress(o, e)], wanted) == 0, "it is %s",
	       names[order_progress(o, e)]);
}

static void check_send(const char *topic, const char *payload)
{
	expect(o && n_sent < n_commands, "nothing more is sent");
	expect(strcmp(commands[n_sent].topic, topic) == 0 &&
	       strcmp(commands[n_sent].payload, payload) == 0, "it sends %s %s",
	       commands[n_sent].topic, commands[n_sent].payload);
	n_sent++;
}

static void check_wrong(const char *component, char *rest)
{
	size_t len = strcspn(rest, " ");

	rest[len] = '\0';
	expect(make(component, rest + len + 1) == -EINVAL && !e, "it is not refused");
	expect(strncmp(d.field, rest, len) == 0 && d.text[0], "refused for '%s'", d.field);
}

/* The first word of the rest, and what follows it. */
static char *split(char *text)
{
	size_t len = strcspn(text, " ");
	bool more = text[len];

	text[len] = '\0';
	return text + len + more;
}

static void hear_line(const char *verb, char *rest)
{
	char *payload = split(rest);
	bool changed = hear(rest, payload, strlen(payload));

	expect(changed == (strcmp(verb, "hear") == 0), "it %s", changed ? "changes it"
									 : "changes nothing");
	expect((d.code != DIAG_NONE) == (strcmp(verb, "odd") == 0), "warning '%s'", d.text);
}

static void order_line(const char *verb, char *rest)
{
	char *more = strdup(rest), *second = split(more);

	if (strcmp(verb, "call") == 0)
		begin_order(more, second);
	else if (strcmp(verb, "send") == 0)
		check_send(more, second);
	else if (strcmp(verb, "bounds") == 0)
		check_bounds(more, second);
	else if (strcmp(verb, "refuse") == 0)
		check_refusal(more, second);
	else if (strcmp(verb, "wrong") == 0)
		check_wrong(more, second);
	else
		expect(false, "unknown verb '%s'", verb);
	free(more);
}

static void do_line(char *text)
{
	char *rest = split(text);

	if (strcmp(text, "thing") == 0) {
		char *description = split(rest);

		end_order();
		expect(make(rest, description) == 0, "%s: %s", d.field, d.text);
	} else if (strcmp(text, "hear") == 0 || strcmp(text, "same") == 0 ||
		   strcmp(text, "odd") == 0) {
		hear_line(text, rest);
	} else if (strcmp(text, "id") == 0) {
		expect(strcmp(e->base, rest) == 0, "it is %s", e->base);
	} else if (strcmp(text, "name") == 0) {
		expect(strcmp(e->name, rest) == 0, "it is '%s'", e->name);
	} else if (strcmp(text, "can") == 0) {
		check_services(rest);
	} else if (strcmp(text, "state") == 0) {
		check_state(rest);
	} else if (strcmp(text, "available") == 0) {
		expect(entity_available(e) == (*rest == 'y'), "it is not so");
	} else if (strcmp(text, "seen") == 0) {
		expect(order_is_seen(o, e) == (*rest == 'y'), "it is not so");
	} else if (strcmp(text, "progress") == 0) {
		check_progress(rest);
	} else if (strcmp(text, "done") == 0) {
		expect(order_is_done(o, e), "it is not");
	} else {
		order_line(text, rest);
	}
}

START_TEST(components)
{
	const char *srcdir = getenv("srcdir");
	char path[512], *text = NULL, *whole = NULL;
	size_t cap = 0;
	ssize_t len;
	unsigned at = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/home/components.txt", srcdir ? srcdir : ".");
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while ((len = getline(&text, &cap, f)) >= 0) {
		if (len > 0 && text[len - 1] == '\n')
			text[len - 1] = '\0';
		at++;
		if (whole && text[0] == ' ') {
			char *longer = NULL;

			ck_assert_int_ge(asprintf(&longer, "%s%s", whole, text), 0);
			free(whole);
			whole = longer;
			continue;
		}
		if (whole)
			do_line(whole);
		free(whole);
		whole = text[0] && text[0] != '#' ? strdup(text) : NULL;
		line = at;
	}
	if (whole)
		do_line(whole);
	end_order();
	free(whole);
	free(text);
	fclose(f);
	e = entity_free(e);
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
		char text[256];

		snprintf(text, sizeof(text), "{\"name\": \"a\", \"cmd_t\": \"c\", "
			 "\"avty_mode\": %s, \"avty\": [{\"t\": \"x\"}, {\"t\": \"y\", "
			 "\"pl_avail\": \"1\", \"pl_not_avail\": \"0\"}]}", rows[i].mode);
		ck_assert_int_eq(make("switch", text), 0);
		ck_assert(entity_available(e) == rows[i].first);
		hear("x", "online", 6);
		ck_assert(entity_available(e) == rows[i].one);
		hear("y", "1", 1);
		ck_assert(entity_available(e) == rows[i].both);
		hear("y", "nothing that it knows", 21);
		ck_assert_int_ne(d.code, DIAG_NONE);
		ck_assert(entity_available(e) == rows[i].both);
		hear("y", "0", 1);
		ck_assert(entity_available(e) == rows[i].lost);
	}
	e = entity_free(e);
}
END_TEST

START_TEST(not_ours)
{
	static const char *const texts[] = {
		"{\"name\": \"Child lock\", \"cmd_t\": \"c\", \"ent_cat\": \"config\"}",
		"{\"name\": \"x\", \"cmd_t\": \"c\", \"en\": false}",
		"{\"name\": \"x\", \"cmd_t\": \"c\", \"ent_cat\": \"diagnostic\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert_int_eq(make("switch", texts[i]), -ENOENT);
	ck_assert_int_eq(make("update", "{\"name\": \"a\", \"cmd_t\": \"c\"}"), -ENOENT);
	ck_assert_int_eq(make("lights", "{\"name\": \"a\", \"cmd_t\": \"c\"}"), -ENOENT);
	e = entity_free(e);
}
END_TEST

/* Seen, and not commanded unless the user says so. */
START_TEST(alarms_are_guarded)
{
	json_auto_t *full = json_pack("{s:s, s:s, s:s}", "name", "a", "command_topic", "c",
				      "state_topic", "s");

	d = (struct diag)DIAG_NULL;
	ck_assert_int_eq(entity_new(&e, "alarm_control_panel", "x", full, false, &d), 0);
	ck_assert_uint_eq(e->n_services, 0);
	ck_assert(hear("s", "armed_home", 10));
	ck_assert_str_eq(e->state, "armed_home");
	ck_assert_int_eq(order_new(&o, e, "disarm", "", 0, &d), -EINVAL);
	e = entity_free(e);
}
END_TEST

START_TEST(states_lapse)
{
	ck_assert_int_eq(make("sensor", "{\"name\": \"a\", \"stat_t\": \"s\", "
			      "\"exp_aft\": 60}"), 0);
	ck_assert(hear("s", "5", 1));
	ck_assert(!entity_lapse(e, 60999));
	ck_assert(entity_lapse(e, 61000));
	ck_assert_str_eq(e->state, "");
	ck_assert(!entity_lapse(e, 99999));
	ck_assert_int_eq(make("binary_sensor", "{\"name\": \"a\", \"stat_t\": \"s\", "
			      "\"off_dly\": 2}"), 0);
	ck_assert(hear("s", "ON", 2));
	ck_assert(!entity_lapse(e, 2999));
	ck_assert(entity_lapse(e, 3000));
	ck_assert_str_eq(e->state, "off");
	e = entity_free(e);
}
END_TEST

/* What is told again of a thing does not make its state last for ever. */
START_TEST(states_lapse_under_a_new_description)
{
	struct entity *old;

	ck_assert_int_eq(make("sensor", "{\"name\": \"a\", \"stat_t\": \"s\", "
			      "\"exp_aft\": 60}"), 0);
	ck_assert(hear("s", "5", 1));
	old = e;
	e = NULL;
	ck_assert_int_eq(make("sensor", "{\"name\": \"b\", \"stat_t\": \"s\", "
			      "\"exp_aft\": 60}"), 0);
	entity_inherit(e, old);
	old = entity_free(old);
	ck_assert_str_eq(e->state, "5");
	ck_assert(entity_lapse(e, 61000));
	ck_assert_str_eq(e->state, "");
	e = entity_free(e);
}
END_TEST

/* A new description keeps what is told in the same places. */
START_TEST(descriptions_change)
{
	struct entity *old;

	ck_assert_int_eq(make("light", "{\"name\": \"a\", \"cmd_t\": \"c\", \"stat_t\": \"s\", "
			      "\"bri_cmd_t\": \"bc\", \"bri_stat_t\": \"b\"}"), 0);
	hear("s", "ON", 2);
	hear("b", "255", 3);
	old = TAKE(e);
	ck_assert_int_eq(make("light", "{\"name\": \"b\", \"cmd_t\": \"c2\", \"stat_t\": \"s\", "
			      "\"bri_cmd_t\": \"bc\", \"bri_stat_t\": \"other\"}"), 0);
	entity_inherit(e, old);
	ck_assert_str_eq(e->state, "on");
	ck_assert_ptr_null(json_object_get(e->attributes, "brightness"));
	entity_free(old);
	e = entity_free(e);
}
END_TEST

START_TEST(limits)
{
	struct buf text = BUF_NULL;

	ck_assert_int_eq(buf_printf(&text, "{\"cmd_t\": \"c\", \"name\": \"%0256d\"}", 1), 0);
	ck_assert_int_eq(make("light", text.data), -EINVAL);
	ck_assert_str_eq(d.field, "name");
	ck_assert_int_eq(d.code, DIAG_LIMIT);
	buf_reset(&text);
	ck_assert_int_eq(buf_printf(&text, "{\"name\": \"a\", \"cmd_t\": \"%01025d\"}", 1), 0);
	ck_assert_int_eq(make("light", text.data), -EINVAL);
	ck_assert_str_eq(d.field, "command_topic");
	buf_reset(&text);
	ck_assert_int_eq(buf_append_str(&text, "{\"name\": \"a\", \"cmd_t\": \"c\", "
					"\"ops\": ["), 0);
	for (int i = 0; i < 600; i++)
		ck_assert_int_eq(buf_printf(&text, "%s\"o%d\"", i ? "," : "", i), 0);
	ck_assert_int_eq(buf_append_str(&text, "]}"), 0);
	ck_assert_int_eq(make("select", text.data), -EINVAL);
	ck_assert_str_eq(d.field, "options");
	ck_assert_int_eq(d.code, DIAG_LIMIT);
	buf_reset(&text);
	/* A template without end stops by itself, and the state is what it was. */
	ck_assert_int_eq(make("switch", "{\"name\": \"a\", \"cmd_t\": \"c\", \"stat_t\": \"s\", "
			      "\"val_tpl\": \"{% for i in range(99999) %}{% for j in "
			      "range(99999) %}x{% endfor %}{% endfor %}ON\"}"), 0);
	ck_assert(!hear("s", "ON", 2));
	ck_assert_int_ne(d.code, DIAG_NONE);
	ck_assert_str_eq(e->state, "");
	e = entity_free(e);
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
	/* A name without letters that an id could have is told apart by what is unique. */
	ck_assert_int_eq(make("light", "{\"name\": \"\xd0\x9b\", \"uniq_id\": \"0x17\", "
			      "\"cmd_t\": \"c\"}"), 0);
	ck_assert_str_eq(e->base, "light.0x17");
	e = entity_free(e);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("entity");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, components);
	tcase_add_test(t, availability_of_several);
	tcase_add_test(t, not_ours);
	tcase_add_test(t, alarms_are_guarded);
	tcase_add_test(t, states_lapse);
	tcase_add_test(t, states_lapse_under_a_new_description);
	tcase_add_test(t, descriptions_change);
	tcase_add_test(t, limits);
	tcase_add_test(t, names);
	return run_tests("entity", t);
}
