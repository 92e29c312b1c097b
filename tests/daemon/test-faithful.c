/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <string.h>

#include "assistantd/daemon/faithful.h"
#include "tests/check-main.h"

static bool same(const char *a, const char *b)
{
	return faithful(a, strlen(a), b, strlen(b));
}

static bool facts(const char *a, const char *b)
{
	return faithful_facts(a, strlen(a), b, strlen(b));
}

START_TEST(other_words_are_fine)
{
	ck_assert(same("", ""));
	ck_assert(same("Send me the report by Friday.",
		       "Could you please send me the report by Friday? Thanks a lot!"));
	ck_assert(same("I'm late.", "I apologize for being late."));
	ck_assert(same("I can't come.", "Unfortunately, I am unable to come."));
	ck_assert(same("Don’t go.", "Please do not go."));
	ck_assert(same("Tell me whether you come.", "Tell me whether or not you come."));
	ck_assert(same("You forgot it.", "You forgot it. No worries, it happens!"));
	ck_assert(same("Hi Anna,\nWe met.", "Dear Anna,\nWe met."));
}
END_TEST

START_TEST(numbers_and_names_are_kept)
{
	ck_assert(!same("It costs 20 euros.", "It costs some euros."));
	ck_assert(!same("It costs 20 euros.", "It costs 30 euros."));
	ck_assert(!same("It costs money.", "It costs 20 euros."));
	ck_assert(!same("It is at 10:30.", "It is at 10:45."));
	ck_assert(!same("Bring twenty chairs.", "Bring chairs."));
	ck_assert(!same("I met Anna.", "I met somebody."));
	ck_assert(!same("I met somebody.", "I met Anna."));
	ck_assert(!same("We land in Lisbon.", "We land in Madrid."));
	ck_assert(!facts("We land in Lisbon.", "We land."));
	ck_assert(facts("We land in Lisbon.", "We will land in LISBON, I think."));
	/* Capitals that begin a sentence are none of a name. */
	ck_assert(same("it rains: take a coat", "It rains: Take a coat."));
}
END_TEST

START_TEST(no_stays_no)
{
	ck_assert(!same("We can't hire you.", "We would like to hire you."));
	ck_assert(!same("Bring a chair.", "Could you please not bring a chair?"));
	ck_assert(!same("Nobody came.", "Everybody came."));
	/* Facts alone do not look at that. */
	ck_assert(facts("We can't hire you.", "We would like to hire you."));
}
END_TEST

START_TEST(what_is_yours_stays_yours)
{
	ck_assert(!same("Your essay has mistakes.", "My essay has mistakes."));
	ck_assert(same("Your essay has mistakes.", "There are mistakes in your essay."));
}
END_TEST

START_TEST(too_long_cannot_be_told)
{
	static char text[4 * 600 + 1];

	for (size_t i = 0; i < 600; i++)
		memcpy(text + 4 * i, "yes ", 4);
	ck_assert(!same(text, text));
	ck_assert(same("yes", "yes"));
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("faithful");

	tcase_add_test(t, other_words_are_fine);
	tcase_add_test(t, numbers_and_names_are_kept);
	tcase_add_test(t, no_stays_no);
	tcase_add_test(t, what_is_yours_stays_yours);
	tcase_add_test(t, too_long_cannot_be_told);
	return run_tests("faithful", t);
}
