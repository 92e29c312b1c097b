/* SPDX-License-Identifier: MIT */
/* What proofs found: remembered by content and across starts, and no more than is room for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/daemon/verdicts.h"
#include "tests/check-main.h"
#include "tests/scratch.h"

static char path[64];
static struct loop *loop;
static struct worker *worker;
static struct verdicts *verdicts;

static void open_verdicts(void)
{
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(worker_new(&worker, loop, scratch, 1 << 20), 0);
	ck_assert_int_eq(verdicts_new(&verdicts, path, worker), 0);
}

static void close_verdicts(void)
{
	worker = worker_free(worker);
	verdicts = verdicts_free(verdicts);
	loop = loop_free(loop);
}

static void setup(void)
{
	scratch_make();
	snprintf(path, sizeof(path), "%s/verdicts", scratch);
	open_verdicts();
}

static void teardown(void)
{
	close_verdicts();
	scratch_remove();
}

static struct verdict of(int adapter, int base, enum verdict_kind kind, const char *text)
{
	struct verdict v = { .kind = kind, .effect = 0.25f, .loss_base = 3, .loss_adapted = 2.5f };

	for (size_t i = 0; i < sizeof(v.adapter.bytes); i++) {
		v.adapter.bytes[i] = (uint8_t)(adapter >> (i % 2 ? 8 : 0));
		v.base.bytes[i] = (uint8_t)base;
	}
	snprintf(v.text, sizeof(v.text), "%s", text);
	return v;
}

static const struct verdict *find(int adapter, int base)
{
	const struct verdict v = of(adapter, base, VERDICT_GOOD, "");

	return verdicts_find(verdicts, &v.adapter, &v.base);
}

static void keep(int adapter, int base, enum verdict_kind kind, const char *text)
{
	const struct verdict v = of(adapter, base, kind, text);

	verdicts_keep(verdicts, &v);
}

START_TEST(a_verdict_is_of_one_adapter_and_one_base)
{
	ck_assert_ptr_null(find(1, 1));
	keep(1, 1, VERDICT_GOOD, "it changes what is written");
	keep(1, 2, VERDICT_HARMFUL, "two\nlines");
	ck_assert_int_eq(find(1, 1)->kind, VERDICT_GOOD);
	ck_assert_int_eq(find(1, 2)->kind, VERDICT_HARMFUL);
	ck_assert_ptr_null(find(2, 1));
	keep(1, 1, VERDICT_NO_EFFECT, "again");
	ck_assert_int_eq(find(1, 1)->kind, VERDICT_NO_EFFECT);
	close_verdicts();
	open_verdicts();
	ck_assert_int_eq(find(1, 1)->kind, VERDICT_NO_EFFECT);
	ck_assert_str_eq(find(1, 1)->text, "again");
	ck_assert_str_eq(find(1, 2)->text, "two lines");
	ck_assert(find(1, 2)->effect == 0.25f && find(1, 2)->loss_base == 3 &&
		  find(1, 2)->loss_adapted == 2.5f);
}
END_TEST

START_TEST(what_could_not_be_proven_is_forgotten)
{
	keep(1, 1, VERDICT_UNKNOWN, "no memory");
	keep(2, 1, VERDICT_GOOD, "fine");
	ck_assert_int_eq(find(1, 1)->kind, VERDICT_UNKNOWN);
	verdicts_forget_unknown(verdicts);
	ck_assert_ptr_null(find(1, 1));
	keep(1, 1, VERDICT_UNKNOWN, "no memory");
	close_verdicts();
	open_verdicts();
	ck_assert_ptr_null(find(1, 1));
	ck_assert_int_eq(find(2, 1)->kind, VERDICT_GOOD);
}
END_TEST

START_TEST(the_oldest_give_way)
{
	for (int i = 0; i < 300; i++)
		keep(i, 1, VERDICT_GOOD, "fine");
	ck_assert_ptr_nonnull(find(299, 1));
	ck_assert_ptr_nonnull(find(200, 1));
	ck_assert_ptr_null(find(0, 1));
	close_verdicts();
	open_verdicts();
	ck_assert_ptr_nonnull(find(299, 1));
	ck_assert_ptr_null(find(0, 1));
}
END_TEST

START_TEST(what_is_no_line_of_it_is_left_out)
{
	static const char *const bad[] = { "", "x", "\n\n", "g g 1 good 0 0 0 text", "\xff\xfe" };
	char line[1024];
	FILE *f;

	keep(1, 1, VERDICT_GOOD, "fine");
	close_verdicts();
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	fclose(f);
	f = fopen(path, "w");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		fprintf(f, "%s\n", bad[i]);
	/* Of another version of the proof, of another kind, cut at every place. */
	for (size_t cut = 0; cut < strlen(line) - 6; cut += 7)
		fprintf(f, "%.*s\n", (int)cut, line);
	fputs(line, f);
	fclose(f);
	open_verdicts();
	ck_assert_int_eq(find(1, 1)->kind, VERDICT_GOOD);
	ck_assert_str_eq(find(1, 1)->text, "fine");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("verdicts");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_verdict_is_of_one_adapter_and_one_base);
	tcase_add_test(tc, what_could_not_be_proven_is_forgotten);
	tcase_add_test(tc, the_oldest_give_way);
	tcase_add_test(tc, what_is_no_line_of_it_is_left_out);
	return run_tests("verdicts", tc);
}
