/* SPDX-License-Identifier: MIT */
/* Notifications put together, by the tables that are shipped and by broken ones. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "assistantd/daemon/notices.h"
#include "tests/check-main.h"
#include "util/file.h"
#include "util/macro.h"

static struct terms *table(const char *text)
{
	struct terms *t = NULL;
	int fd = memfd_create("table", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(file_write(fd, text, strlen(text)), 0);
	ck_assert_int_eq(terms_read_fd(&t, fd, NULL), 0);
	close(fd);
	return t;
}

static const char kinds[] = "term\talarm\tchat\tadvert\n<level>\t2\t1\t0\nfire\t3\t0\t0\n"
			    "hello\t0\t3\t0\nsale\t0\t0\t3\nperhaps\t0\t0\t0.1\n";

static struct notice notice(uint32_t id, const char *app, const char *summary, const char *body,
			    int64_t time)
{
	return (struct notice){ id, (char *)app, (char *)summary, (char *)body, time };
}

static void group(struct notice *items, size_t n, struct notice_groups *ret)
{
	_cleanup_(terms_freep) struct terms *t = table(kinds);
	const struct notice_list list = { items, n };
	const struct notice_how how = { .kinds = t };

	ck_assert_int_eq(notices_group(&list, &how, ret), 0);
	for (size_t i = 0; i < ret->n; i++)
		ck_assert_ptr_nonnull(strstr("alarm chat advert", ret->items[i].kind));
}

START_TEST(orders_groups)
{
	struct notice items[] = {
		notice(7, "Shop", "Sale", "A sale today.", 5),
		notice(8, "Talk", "Anna", "Hello there.", 1),
		notice(9, "House", "Fire", "Kitchen. There is a fire in the kitchen!", 2),
		notice(10, "Shop", "Shoes", "The sale goes on", 9),
		notice(11, "Talk", "anna", "Hello again, are you well?", 3),
		notice(12, "Talk", "Ben", "hello", 4),
	};
	static const struct {
		const char *text, *reason;
		enum urgency urgency;
		size_t n;
		uint32_t ids[2];
	} want[] = {
		{ "Fire: There is a fire in the kitchen!", "alarm: Fire", URGENCY_CRITICAL, 1,
		  { 9 } },
		{ "Ben: hello", NULL, URGENCY_NORMAL, 1, { 12 } },
		{ "anna: Hello again, are you well? (and 1 more)", "chat: Hello", URGENCY_NORMAL, 2,
		  { 8, 11 } },
		{ "Shoes: The sale goes on (and 1 more)", "advert: sale", URGENCY_LOW, 2,
		  { 7, 10 } },
	};
	struct notice_groups g = { 0 };

	group(items, ARRAY_SIZE(items), &g);
	ck_assert_uint_eq(g.n, ARRAY_SIZE(want));
	for (size_t i = 0; i < g.n; i++) {
		ck_assert_str_eq(g.items[i].text, want[i].text);
		if (want[i].reason)
			ck_assert_str_eq(g.items[i].reason, want[i].reason);
		ck_assert_int_eq(g.items[i].urgency, want[i].urgency);
		ck_assert_uint_eq(g.items[i].n, want[i].n);
		ck_assert_mem_eq(g.items[i].ids, want[i].ids, want[i].n * sizeof(uint32_t));
	}
	notice_groups_deinit(&g);
}
END_TEST

/* What is hardly more likely an advert than anything else is not put last. */
START_TEST(hides_only_what_is_sure)
{
	struct notice items[] = { notice(1, "X", "perhaps", "perhaps", 0),
				  notice(2, "X", "sale", "sale", 0) };
	struct notice_groups g = { 0 };

	group(items, ARRAY_SIZE(items), &g);
	ck_assert_uint_eq(g.n, 2);
	ck_assert_uint_eq(g.items[0].ids[0], 1);
	ck_assert_int_eq(g.items[0].urgency, URGENCY_NORMAL);
	ck_assert_int_eq(g.items[1].urgency, URGENCY_LOW);
	notice_groups_deinit(&g);
}
END_TEST

/* A line stays one, whatever a notification holds. */
START_TEST(keeps_lines_plain)
{
	char body[5000];
	struct notice items[] = { notice(1, "A", "One\ntwo\x1b[2J", "", 0),
				  notice(2, "B", "", body, 0),
				  notice(3, "C", "", "fire\r\n\xc2\x85 fire", 0) };
	struct notice_groups g = { 0 };

	/* Characters of two bytes, across every bound. */
	for (size_t i = 0; i + 2 < sizeof(body); i += 2)
		memcpy(body + i, "\xc3\xa9", 3);
	group(items, ARRAY_SIZE(items), &g);
	ck_assert_uint_eq(g.n, 3);
	for (size_t i = 0; i < g.n; i++) {
		ck_assert_uint_lt(strlen(g.items[i].text), 130);
		for (const char *c = g.items[i].text; *c; c++)
			ck_assert((unsigned char)*c >= 0x20);
	}
	ck_assert_ptr_nonnull(strstr(g.items[0].text, "fire"));
	notice_groups_deinit(&g);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("notices");

	tcase_add_test(c, orders_groups);
	tcase_add_test(c, hides_only_what_is_sure);
	tcase_add_test(c, keeps_lines_plain);
	return run_tests("notices", c);
}
