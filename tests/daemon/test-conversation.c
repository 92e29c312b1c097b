/* SPDX-License-Identifier: MIT */
/* Conversations: whose they are, how long they last, and what is left of one that was stored. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/daemon/conversation.h"
#include "tests/check-main.h"
#include "util/macro.h"

enum { MINUTE = 60000 };

START_TEST(one_belongs_to_its_caller_for_half_an_hour)
{
	struct conversations *s = NULL;
	struct conversation *a, *b;

	ck_assert_int_eq(conversations_new(&s, NULL), 0);
	a = conversations_begin(s, "shell", 0);
	b = conversations_begin(s, "shell", 1);
	ck_assert(a && b && strcmp(a->id, b->id) != 0 && strlen(a->id) == 32);
	ck_assert_ptr_eq(conversations_find(s, a->id, "shell", 30 * MINUTE - 1), a);
	ck_assert_ptr_null(conversations_find(s, a->id, "shell", 30 * MINUTE));
	ck_assert_ptr_null(conversations_find(s, a->id, "mail", 1));
	ck_assert_ptr_null(conversations_find(s, "", "shell", 1));
	ck_assert_ptr_eq(conversations_find(s, "last", "shell", 2), b);
	conversations_keep(s, a, 5 * MINUTE);
	ck_assert_ptr_eq(conversations_find(s, "last", "shell", 6 * MINUTE), a);
	ck_assert_ptr_eq(conversations_find(s, a->id, "shell", 34 * MINUTE), a);
	ck_assert_ptr_null(conversations_find(s, "last", "mail", 6 * MINUTE));
	conversations_forget(s, "mail");
	ck_assert_ptr_eq(conversations_find(s, "last", "shell", 6 * MINUTE), a);
	conversations_forget(s, NULL);
	ck_assert_ptr_null(conversations_find(s, "last", "shell", 6 * MINUTE));
	conversations_free(s);
}
END_TEST

START_TEST(the_oldest_make_room)
{
	struct conversations *s = NULL;
	char id[CONVERSATION_ID_MAX], caller[32];

	ck_assert_int_eq(conversations_new(&s, NULL), 0);
	memcpy(id, conversations_begin(s, "first", 0)->id, sizeof(id));
	/* One caller has so many, and takes the place of nobody else. */
	for (int i = 1; i < 100; i++)
		ck_assert_ptr_nonnull(conversations_begin(s, "other", i));
	ck_assert_ptr_nonnull(conversations_find(s, id, "first", 100));
	for (int i = 0; i < 64; i++) {
		snprintf(caller, sizeof(caller), "caller%d", i);
		ck_assert_ptr_nonnull(conversations_begin(s, caller, 200 + i));
	}
	ck_assert_ptr_null(conversations_find(s, id, "first", 300));
	ck_assert_ptr_nonnull(conversations_find(s, "last", "caller0", 300));
	conversations_free(s);
}
END_TEST

static const char *const broken[] = {
	"", "[]", "{\"focus\":[{\"id\":\"a\"}]}", "{\"focus\":[{\"id\":\"a\",\"label\":3}]}",
	"{\"focus\":[{\"id\":\"a\",\"label\":-1}]}", "{\"focus\":[],\"last\":{}}",
	"{\"focus\":[],\"last\":{\"text\":\"ab\",\"intent\":\"I\",\"why\":\"f:1\",\"label\":0,"
	"\"slots\":[{\"name\":\"n\",\"value\":\"v\",\"start\":1,\"end\":3,\"label\":0}]}}",
	"{\"focus\":[],\"last\":{\"text\":\"ab\",\"intent\":\"I\",\"why\":\"f:1\",\"label\":0,"
	"\"slots\":[{\"name\":\"n\",\"value\":\"v\",\"start\":2,\"end\":1,\"label\":0}]}}",
	"{\"focus\":[],\"others\":[1]}",
	"{\"focus\":[],\"last\":{\"text\":\"\",\"intent\":\"I\",\"why\":\"f:1\",\"label\":3,"
	"\"slots\":[]}}",
	"{\"focus\":[],\"pending\":{\"orders\":[],\"choices\":[],\"at\":0}}",
	"{\"focus\":[],\"pending\":{\"orders\":[{}],\"choices\":[],\"at\":0}}",
};

START_TEST(what_is_broken_is_not_taken_up)
{
	struct store_conversation row = { .id = "x", .caller = "shell", .until_ms = MINUTE,
					  .data = broken[_i] };
	struct conversations *s = NULL;

	ck_assert_int_eq(conversations_new(&s, NULL), 0);
	ck_assert_int_eq(conversations_restore(s, &row), -EINVAL);
	row.data = "{\"focus\":[]}";
	row.id = "123456789012345678901234567890123";
	ck_assert_int_eq(conversations_restore(s, &row), -EINVAL);
	ck_assert_ptr_null(conversations_find(s, "last", "shell", 0));
	row.id = "x";
	ck_assert_int_eq(conversations_restore(s, &row), 0);
	ck_assert_ptr_nonnull(conversations_find(s, "last", "shell", 0));
	conversations_free(s);
}
END_TEST

START_TEST(an_order_is_copied_whole)
{
	struct order o = { .text = strdup("dim it"), .intent = strdup("HassLightSet"),
			   .why = strdup("home.yaml:3") }, copy;

	ck_assert_int_eq(order_set(&o, "name", "light.desk", POLICY_LABEL_NOTES), 0);
	ck_assert_int_eq(order_set(&o, "brightness", "40", POLICY_LABEL_USER), 0);
	o.slots[0].start = 4;
	o.slots[0].end = 6;
	ck_assert_int_eq(order_copy(&copy, &o), 0);
	ck_assert_str_eq(copy.text, "dim it");
	ck_assert_ptr_null(copy.response);
	ck_assert_str_eq(order_slot(&copy, "name"), "light.desk");
	ck_assert(copy.slots[0].start == 4 && copy.slots[0].end == 6);
	ck_assert_int_eq(order_label(&copy), POLICY_LABEL_NOTES);
	ck_assert_int_eq(order_number(&copy, "brightness", 7), 40);
	ck_assert_int_eq(order_number(&copy, "name", 7), 7);
	order_unset(&copy, "name");
	ck_assert(!order_slot(&copy, "name") && copy.n_slots == 1);
	ck_assert_int_eq(order_label(&copy), POLICY_LABEL_USER);
	ck_assert_int_eq(order_set(&copy, "brightness", "50", POLICY_LABEL_OUTSIDE), 0);
	ck_assert(order_number(&copy, "brightness", 7) == 50 && copy.n_slots == 1);
	order_deinit(&copy);
	order_deinit(&o);
}
END_TEST

START_TEST(choices_and_focus_are_bounded)
{
	struct conversations *s = NULL;
	struct conversation *c;

	ck_assert_int_eq(conversations_new(&s, NULL), 0);
	c = conversations_begin(s, "shell", 0);
	for (int i = 0; i < CONVERSATION_CHOICES_MAX; i++)
		ck_assert_int_eq(conversation_choice(c, "a", "A"), 0);
	ck_assert_int_eq(conversation_choice(c, "a", "A"), -E2BIG);
	for (int i = 0; i < 2 * CONVERSATION_FOCUS_MAX; i++)
		ck_assert_int_eq(conversation_focus(c, "light.a", POLICY_LABEL_USER), 0);
	ck_assert_uint_eq(c->n_focus, CONVERSATION_FOCUS_MAX);
	conversation_drop_pending(c);
	conversation_unfocus(c);
	ck_assert(c->pending.n_choices == 0 && c->n_focus == 0);
	ck_assert_uint_eq(c->n_others, CONVERSATION_CHOICES_MAX);
	ck_assert_int_eq(conversation_choice(c, "b", "B"), 0);
	conversation_drop_pending(c);
	ck_assert(c->n_others == 1 && strcmp(c->others[0], "b") == 0);
	conversations_free(s);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("conversation");

	tcase_add_test(tc, one_belongs_to_its_caller_for_half_an_hour);
	tcase_add_test(tc, the_oldest_make_room);
	tcase_add_loop_test(tc, what_is_broken_is_not_taken_up, 0, ARRAY_SIZE(broken));
	tcase_add_test(tc, an_order_is_copied_whole);
	tcase_add_test(tc, choices_and_focus_are_bounded);
	return run_tests("conversation", tc);
}
