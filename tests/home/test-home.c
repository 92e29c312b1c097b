/* SPDX-License-Identifier: MIT */
/* The model of the home: what is there, what the user says of it, what sentences may name. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/daemon/home.h"
#include "tests/check-main.h"
#include "util/buf.h"
#include "util/macro.h"

static char dir[32], path[64];
static struct home *h;

static void setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/home.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/home.json", dir);
	ck_assert_int_eq(home_new(&h, path), 0);
}

static void teardown(void)
{
	h = home_free(h);
	unlink(path);
	rmdir(dir);
}

static void reopen(void)
{
	home_free(h);
	ck_assert_int_eq(home_new(&h, path), 0);
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
		s->aliases[s->n_aliases++] = strdup(alias);
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
	ck_assert_int_eq(home_save(h), 0);
	reopen();
	s = home_settings(h, "light.a");
	ck_assert_str_eq(s->area, "Attic");
	ck_assert_str_eq(s->floor, "");
	ck_assert_uint_eq(s->n_aliases, 2);
	ck_assert_str_eq(s->aliases[0], "reading light");
	ck_assert_str_eq(s->aliases[1], "other light");
	ck_assert_str_eq(home_settings(h, "light.b")->area, "Caf\xc3\xa9");
	tell("light.b", "b", "on", true);
	ck_assert(!home_visible(h, home_find(h, "light.b")));
	ck_assert_str_eq(home_settings(h, "light.c")->area, "");
}
END_TEST

/* What somebody edited by hand: the rest is taken, and nothing ends. */
START_TEST(broken_files)
{
	static const char *const texts[] = {
		"", "{", "[]", "7", "{\"light.a\": 7}", "{\"light.a\": {\"area\": 5}}",
		"{\"light.a\": {\"aliases\": [1, null, {}]}}", "{\"light.a\": {\"aliases\": {}}}",
		"{\"light.a\": {}, \"light.a\": {}}", "{\"light.a\": {\"area\": \"\xff\"}}",
		"{\"light.a\": {\"aliases\": [\"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", "
		"\"8\", \"9\", \"10\"]}}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		FILE *f = fopen(path, "w");

		ck_assert_ptr_nonnull(f);
		fputs(texts[i], f);
		fclose(f);
		reopen();
		ck_assert_str_eq(home_settings(h, "light.a")->area, "");
		ck_assert_uint_le(home_settings(h, "light.a")->n_aliases, HOME_ALIASES_MAX);
	}
	set_place("light.a", "Study", NULL, false);
	ck_assert_int_eq(home_save(h), 0);
	reopen();
	ck_assert_str_eq(home_settings(h, "light.a")->area, "Study");
}
END_TEST

START_TEST(a_folder_that_is_not_there)
{
	struct home *other;

	ck_assert_int_eq(home_new(&other, "/tmp/no/such/folder/home.json"), 0);
	ck_assert_int_eq(home_save(other), -EIO);
	home_free(other);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("home");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, devices_come_and_go);
	tcase_add_test(t, settings_stay);
	tcase_add_test(t, broken_files);
	tcase_add_test(t, a_folder_that_is_not_there);
	return run_tests("home", t);
}
