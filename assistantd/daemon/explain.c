/* SPDX-License-Identifier: MIT */
/* How a request was understood: the sentences that match, what they take from the text, and why
 * the others lost. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/ask-private.h"
#include "assistantd/daemon/out.h"
#include "util/macro.h"

static const char *const sources[] = { [INTENT_SAID] = "said", [INTENT_FIXED] = "fixed",
				       [INTENT_CONTEXT] = "context" };

static json_t *explain_slots(const struct intent_match *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_slots; i++) {
		const struct intent_slot *s = &m->slots[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I, s:I}", "name", s->name,
						      "value", s->value, "source",
						      sources[s->source], "start",
						      (json_int_t)s->start, "end",
						      (json_int_t)s->end));
	}
	return list;
}

static json_t *explain_match(const struct intent_match *m, size_t part, const char *text)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:o}", "part",
			 (json_int_t)part, "text", text, "intent", m->intent, "file", m->file,
			 "line", (json_int_t)m->line, "sentence", m->template, "result",
			 intent_loss_text(m->lost), "unmet", m->unmet ? m->unmet : "", "slots",
			 explain_slots(m));
}

static int explain_text(struct asking *a, size_t part, const char *text)
{
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
	int r = ask_match(a, text, strlen(text), &m);

	if (r < 0)
		return r;
	for (size_t i = 0; m && i < m->n; i++)
		if (json_array_append_new(a->job->ask->explanation,
					  explain_match(&m->items[i], part, text)) < 0)
			return -ENOMEM;
	return 0;
}

int ask_explain(struct asking *a)
{
	int r = 0;

	a->job->ask->explanation = json_array();
	if (!a->job->ask->explanation)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < a->commands->n; i++)
		r = explain_text(a, i, a->commands->items[i].meanings[0].text);
	return r < 0 || a->commands->n ? r : explain_text(a, 0, a->job->input.data);
}

void explain_out(const json_t *explanation, DBusMessageIter *dict)
{
	static const char *const texts[] = { "text", "intent", "file", "sentence", "result",
					     "unmet" };
	struct out_list list;
	json_t *entry;
	size_t i;

	out_open_list(&list, dict, "explanation");
	json_array_foreach(explanation, i, entry) {
		_cleanup_free_ char *slots = json_dumps(json_object_get(entry, "slots"),
							JSON_COMPACT);
		DBusMessageIter *item = out_list_next(&list);

		out_dict_u32(item, "part", (uint32_t)json_integer_value(json_object_get(entry,
										       "part")));
		out_dict_u32(item, "line", (uint32_t)json_integer_value(json_object_get(entry,
										       "line")));
		for (size_t k = 0; k < ARRAY_SIZE(texts); k++)
			out_dict_str(item, texts[k],
				     json_string_value(json_object_get(entry, texts[k])));
		out_dict_str(item, "slots", slots ? slots : "[]");
		out_list_end_item(&list);
	}
	out_close_list(&list);
}
