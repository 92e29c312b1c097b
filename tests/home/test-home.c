/* SPDX-License-Identifier: MIT */
/* The model of the home: what is there, what the user says of it, what sentences may name. */
#include <check.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/daemon/home.h"
#include "tests/check-main.h"
#include "tests/scratch.h"
#include "util/buf.h"
#include "util/macro.h"

static char path[64];
static struct home *h;

static void setup(void)
{
	scratch_make();
	snprintf(path, sizeof(path), "%s/home.json", scratch);
	ck_assert_int_eq(home_new(&h, path), 0);
}

static void teardown(void)
{
	h = home_free(h);
	scratch_remove();
}

static void reopen(void)
{
	home_free(h);
	ck_assert_int_eq(home_new(&h, path), 0);
}

static void on_saved(void *arg, int result)
{
	int *said = arg;

	*said = result;
}

/* As the service does, to its end. */
static void save(const struct home *home, int expected)
{
	struct worker *worker;
	struct loop *loop;
	int result = 1;

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(worker_new(&worker, loop, scratch, 1 << 20), 0);
	ck_assert_int_eq(home_save(home, worker, on_saved, &result), 0);
	worker_free(worker);
	loop_free(loop);
	ck_assert_int_eq(result, expected);
}

static bool tell(const char *id, const char *name, const char *state, bool available)
{
	struct tools_entity v = { .available = available };
	bool fresh;

	ck_assert_int_eq(buf_append_str(&v.id, id), 0);
	ck_assert_int_eq(buf_append(&v.domain, id, strcspn(id, ".")), 0);
	ck_assert_int_eq(buf_append_str(&v.name, name), 0);
	ck_assert_int_eq(buf_append_str(&v.state, state), 0);
	fresh = home_update(h, &v);
	tools_entity_deinit(&v);
	return fresh;
}

static void set_place(const char *id, const char *area, const char *alias, bool hidden)
{
	struct home_settings *s = home_settings_copy(h, id);

	ck_assert_ptr_nonnull(s);
	free(s->area);
	s->area = strdup(area);
	if (alias)
		ck_assert_int_eq(home_names_add(&s->aliases, alias), 0);
	s->hidden = hidden;
	home_set(h, s);
}

START_TEST(devices_come_and_go)
{
	const struct home_entity *e;

	ck_assert(tell("light.a", "a", "off", true));
	ck_assert(!tell("light.a", "a", "on", false));
	e = home_find(h, "light.a");
	ck_assert_str_eq(e->state, "on");
	ck_assert_str_eq(e->domain, "light");
	ck_assert(!e->available);
	ck_assert(tell("switch.b", "b", "", true));
	ck_assert(!home_remove(h, "switch.c"));
	ck_assert(home_remove(h, "switch.b"));
	ck_assert_ptr_null(home_find(h, "switch.b"));
	home_clear(h);
	ck_assert_ptr_null(home_first(h));
}
END_TEST

START_TEST(settings_stay)
{
	const struct home_settings *s;

	/* Of a thing that is not there, too: it may be unplugged for the winter. */
	set_place("light.a", "Study", "reading light", false);
	set_place("light.b", "Caf\xc3\xa9", NULL, true);
	set_place("light.a", "Attic", "other light", false);
	save(h, 0);
	reopen();
	s = home_settings(h, "light.a");
	ck_assert_str_eq(s->area, "Attic");
	ck_assert_str_eq(s->floor, "");
	ck_assert_uint_eq(s->aliases.n, 2);
	ck_assert_str_eq(s->aliases.names[0], "reading light");
	ck_assert_str_eq(s->aliases.names[1], "other light");
	ck_assert_str_eq(home_settings(h, "light.b")->area, "Caf\xc3\xa9");
	tell("light.b", "b", "on", true);
	ck_assert(!home_visible(h, home_find(h, "light.b")));
	ck_assert_str_eq(home_settings(h, "light.c")->area, "");
}
END_TEST

static size_t count_aside(char *found, size_t size)
{
	char pattern[160];
	glob_t g;
	size_t n;

	snprintf(pattern, sizeof(pattern), "%s.broken-*", path);
	n = glob(pattern, 0, NULL, &g) == 0 ? g.gl_pathc : 0;
	if (n)
		snprintf(found, size, "%s", g.gl_pathv[0]);
	globfree(&g);
	return n;
}

static void write_text(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static const char *const broken[] = {
	"", "{", "[]", "7", "{\"light.a\": 7}", "{\"light.a\": {\"area\": 5}}",
	"{\"light.a\": {\"aliases\": [1, null, {}]}}", "{\"light.a\": {\"aliases\": {}}}",
	"{\"light.a\": {}, \"light.a\": {}}", "{\"light.a\": {\"area\": \"\xff\"}}",
	"{\"light.a\": {\"hidden\": \"yes\"}}",
	"{\"light.a\": {\"aliases\": [\"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", "
	"\"8\", \"9\", \"10\"]}}",
	"{\"version\": 3}", "{\"version\": \"2\"}", "{\"version\": 2, \"entities\": []}",
	"{\"version\": 2, \"areas\": 1}", "{\"version\": 2, \"areas\": {\"Attic\": 1}}",
	"{\"version\": 2, \"areas\": {\"Attic\": {\"floor\": 1}}}",
	"{\"version\": 2, \"entities\": {\"light.a\": {\"area\": \"Attic\"}, \"light.b\": 1}}",
};

/* What somebody edited by hand is not written over: it can still be mended. */
START_TEST(a_broken_file_is_kept)
{
	char aside[200], text[200] = "";
	FILE *f;

	write_text(broken[_i]);
	reopen();
	ck_assert_str_eq(home_settings(h, "light.a")->area, "");
	ck_assert_uint_eq(count_aside(aside, sizeof(aside)), 1);
	f = fopen(aside, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert(fread(text, 1, sizeof(text) - 1, f) == strlen(broken[_i]));
	fclose(f);
	ck_assert_str_eq(text, broken[_i]);
	set_place("light.a", "Study", NULL, false);
	save(h, 0);
	reopen();
	ck_assert_str_eq(home_settings(h, "light.a")->area, "Study");
}
END_TEST

START_TEST(the_file_as_it_was_once)
{
	char aside[200];

	write_text("{\"light.a\": {\"area\": \"Attic\", \"floor\": \"Top\", \"aliases\": "
		   "[\"sun\"], \"hidden\": true}}");
	reopen();
	ck_assert_str_eq(home_settings(h, "light.a")->area, "Attic");
	ck_assert_str_eq(home_settings(h, "light.a")->aliases.names[0], "sun");
	ck_assert_uint_eq(count_aside(aside, sizeof(aside)), 0);
}
END_TEST

START_TEST(an_area_brings_its_floor)
{
	struct home_area *a = home_area_copy(h, "Study");

	ck_assert_ptr_nonnull(a);
	free(a->floor);
	a->floor = strdup("Upstairs");
	ck_assert_int_eq(home_names_add(&a->aliases, "office"), 0);
	home_set_area(h, a);
	set_place("light.a", "study", NULL, false);
	set_place("light.b", "Attic", NULL, false);
	save(h, 0);
	reopen();
	ck_assert_str_eq(home_floor(h, "light.a"), "Upstairs");
	ck_assert_str_eq(home_floor(h, "light.b"), "");
	ck_assert_str_eq(home_area(h, "STUDY")->aliases.names[0], "office");
	ck_assert_ptr_null(home_area(h, "Attic"));
	a = home_area_copy(h, "study");
	ck_assert(home_names_remove(&a->aliases, "office") &&
		  !home_names_remove(&a->aliases, "office"));
	free(a->floor);
	a->floor = strdup("");
	home_set_area(h, a);
	ck_assert_ptr_null(home_areas(h));
}
END_TEST

START_TEST(names_stand_once_and_not_too_many)
{
	struct home_names n = { 0 };
	char name[2] = "a";

	for (size_t i = 0; i < HOME_ALIASES_MAX; i++, name[0]++)
		ck_assert_int_eq(home_names_add(&n, name), 0);
	ck_assert_int_eq(home_names_add(&n, "a"), 0);
	ck_assert_int_eq(home_names_add(&n, "z"), -E2BIG);
	ck_assert(home_names_remove(&n, "c") && n.n == HOME_ALIASES_MAX - 1);
	ck_assert_str_eq(n.names[2], "d");
	home_names_deinit(&n);
}
END_TEST

START_TEST(a_folder_that_is_not_there)
{
	struct home *other;

	ck_assert_int_eq(home_new(&other, "/tmp/no/such/folder/home.json"), 0);
	save(other, -ENOENT);
	home_free(other);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("home");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, devices_come_and_go);
	tcase_add_test(t, settings_stay);
	tcase_add_loop_test(t, a_broken_file_is_kept, 0, ARRAY_SIZE(broken));
	tcase_add_test(t, the_file_as_it_was_once);
	tcase_add_test(t, an_area_brings_its_floor);
	tcase_add_test(t, names_stand_once_and_not_too_many);
	tcase_add_test(t, a_folder_that_is_not_there);
	return run_tests("home", t);
}
