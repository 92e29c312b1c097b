/* SPDX-License-Identifier: MIT */
/* What is said of calls: no more than was seen, each thing once, in English. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/daemon/action-say.h"
#include "tests/check-main.h"
#include "util/macro.h"

/* One call as it ended, for the words. */
struct ended_call {
	const char *tool, *title, *arguments, *after;
	enum tools_outcome outcome;
	const char *text;
	struct policy_verdict verdict;
};

static const struct {
	const char *said;
	bool planned;
	struct ended_call calls[8];
} sayings[] = {
	{ "Desk Lamp is on.", false,
	  { { "home/turn_on", "Desk Lamp", "{}", "{\"state\":\"on\"}", OUTCOME_DONE } } },
	{ "Desk Lamp is on at 40 %.", false,
	  { { "home/turn_on", "Desk Lamp", "{\"brightness\":40}",
	      "{\"state\":\"on\",\"brightness\":40}", OUTCOME_DONE } } },
	{ "Desk Lamp was on at 40 % already.", false,
	  { { "home/turn_on", "Desk Lamp", "{\"brightness\":40}",
	      "{\"state\":\"on\",\"brightness\":40}", OUTCOME_ALREADY } } },
	/* What was not asked for is not told. */
	{ "Desk Lamp is on.", false,
	  { { "home/turn_on", "Desk Lamp", "{}", "{\"state\":\"on\",\"brightness\":40}",
	      OUTCOME_DONE } } },
	{ "Kitchen Lamp and Desk Lamp are on; Hall Lamp could not be changed: no answer.", false,
	  { { "home/turn_on", "Kitchen Lamp", "{}", "{\"state\":\"on\"}", OUTCOME_DONE },
	    { "home/turn_on", "Hall Lamp", "{}", NULL, OUTCOME_FAILED, "no answer" },
	    { "home/turn_on", "Desk Lamp", "{}", "{\"state\":\"on\"}", OUTCOME_DONE } } },
	{ "A, B and C were off already.", false,
	  { { "home/turn_off", "A", "{}", "{\"state\":\"off\"}", OUTCOME_ALREADY },
	    { "home/turn_off", "B", "{}", "{\"state\":\"off\"}", OUTCOME_ALREADY },
	    { "home/turn_off", "C", "{}", "{\"state\":\"off\"}", OUTCOME_ALREADY } } },
	{ "A, B, C, D, E and 2 more are off.", false,
	  { { "home/turn_off", "A", "{}", "{\"state\":\"off\"}", OUTCOME_DONE },
	    { "home/turn_off", "B", "{}", "{\"state\":\"off\"}", OUTCOME_DONE },
	    { "home/turn_off", "C", "{}", "{\"state\":\"off\"}", OUTCOME_DONE },
	    { "home/turn_off", "D", "{}", "{\"state\":\"off\"}", OUTCOME_DONE },
	    { "home/turn_off", "E", "{}", "{\"state\":\"off\"}", OUTCOME_DONE },
	    { "home/turn_off", "F", "{}", "{\"state\":\"off\"}", OUTCOME_DONE },
	    { "home/turn_off", "G", "{}", "{\"state\":\"off\"}", OUTCOME_DONE } } },
	{ "I sent the command to A and B, but could not confirm it.", false,
	  { { "home/turn_off", "A", "{}", NULL, OUTCOME_SENT },
	    { "home/turn_off", "B", "{}", NULL, OUTCOME_SENT } } },
	{ "Thermostat is set to heat at 21.5 °C.", false,
	  { { "home/set_temperature", "Thermostat", "{\"temperature\":21.5}",
	      "{\"state\":\"heat\",\"temperature\":21.5,\"unit\":\"°C\"}", OUTCOME_DONE } } },
	{ "Charge Limit is set to 80 %.", false,
	  { { "home/set_value", "Charge Limit", "{\"value\":80}",
	      "{\"state\":\"80\",\"value\":80,\"unit\":\"%\"}", OUTCOME_DONE } } },
	{ "Mode is set to Eco.", false,
	  { { "home/select_option", "Mode", "{\"option\":\"Eco\"}",
	      "{\"state\":\"Eco\",\"option\":\"Eco\"}", OUTCOME_DONE } } },
	{ "Movie Night was activated.", false,
	  { { "home/activate", "Movie Night", "{}", NULL, OUTCOME_DONE } } },
	{ "Wi-Fi is off.", false,
	  { { "desktop/set_wifi", "Wi-Fi", "{\"on\":false}", "{\"on\":false}", OUTCOME_DONE } } },
	{ "Power profile is set to power saver.", false,
	  { { "desktop/set_power_profile", "Power profile", "{\"profile\":\"power-saver\"}",
	      "{\"state\":\"power-saver\"}", OUTCOME_DONE } } },
	{ "Suspend: done.", false, { { "desktop/suspend", "Suspend", "{}", NULL, OUTCOME_DONE } } },
	{ "Robot is on its way to its base.", false,
	  { { "home/return_to_base", "Robot", "{}", "{\"state\":\"returning\"}", OUTCOME_DONE } } },
	{ "Garage was left as it is.", false,
	  { { "home/open", "Garage", "{}", NULL, OUTCOME_CANCELLED } } },
	{ "Garage was left alone: private data would leave this machine.", false,
	  { { "home/open", "Garage", "{}", NULL, OUTCOME_DENIED, "leak",
	      { POLICY_DENY, POLICY_REASON_LEAK } } } },
	{ "Garage was left alone: no longer allowed.", false,
	  { { "home/open", "Garage", "{}", NULL, OUTCOME_DENIED, "no longer allowed" } } },
	{ "Garage was not tried.", false,
	  { { "home/open", "Garage", "{}", NULL, OUTCOME_NOT_RUN } } },
	{ "Garage and Door would be changed.", true,
	  { { "home/open", "Garage", "{}", NULL, OUTCOME_NOT_RUN },
	    { "home/open", "Door", "{}", NULL, OUTCOME_NOT_RUN } } },
};

START_TEST(words_follow_from_what_was_seen)
{
	struct planned_call calls[8] = { 0 }, *list[8];
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	size_t n = 0;

	for (; n < ARRAY_SIZE(calls) && sayings[_i].calls[n].tool; n++) {
		const struct ended_call *c = &sayings[_i].calls[n];

		calls[n] = (struct planned_call){
			.tool_name = (char *)c->tool, .title = (char *)c->title,
			.target = (char *)(strncmp(c->tool, "home/", 5) == 0 ? "e" : ""),
			.parsed = json_loads(c->arguments, 0, NULL), .outcome = c->outcome,
			.verdict = c->verdict,
			.after = c->after ? json_loads(c->after, 0, NULL) : NULL,
		};
		snprintf(calls[n].text, sizeof(calls[n].text), "%s", c->text ? c->text : "");
		list[n] = &calls[n];
	}
	ck_assert_int_eq(action_say_calls(list, n, sayings[_i].planned, &out), 0);
	ck_assert_str_eq(out.data, sayings[_i].said);
	for (size_t i = 0; i < n; i++) {
		json_decref(calls[i].parsed);
		json_decref(calls[i].after);
	}
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("action-say");

	tcase_add_loop_test(tc, words_follow_from_what_was_seen, 0, ARRAY_SIZE(sayings));
	return run_tests("action-say", tc);
}
