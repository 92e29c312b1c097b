/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/daemon/evil.h"
#include "tests/tools_api/gate-table.h"
#include "tests/tools_api/shipped.h"
#include "util/macro.h"
#include "util/utf8.h"

enum { TEXTS_MAX = 8 };

struct evil_counts evil_counts;

/* A call of the request, as it was proposed, and what happened to it. */
struct proposed {
	char *tool, *bytes;
	bool fits, shown, agreed, begun, done;
};

static struct {
	struct tool_registry *registry;
	uint64_t random;
	struct policy_input facts;	/* of the world: the caller, the agent, … */
	struct policy_input decided;	/* when the plan was decided on */
	enum policy_label label;
	enum action_scope scope;
	struct proposed calls[TEXTS_MAX];
	size_t n;
	struct executor *e;
	bool asking;
	unsigned ended;
} w;

const struct tool_registry *evil_registry(void)
{
	return w.registry;
}

/* xorshift64*: the same sequence in every run. */
uint64_t evil_random(void)
{
	w.random ^= w.random >> 12;
	w.random ^= w.random << 25;
	w.random ^= w.random >> 27;
	return w.random * UINT64_C(2685821657736338717);
}

static void offer(const char *name, enum policy_risk risk, bool egress, bool private)
{
	struct tool_offer o = {
		.name = name, .title = name, .description = name, .risk = risk,
		.egress = egress, .reads_private = private,
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"required\":[\"to\"],\"properties\":{"
			  "\"to\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":200},"
			  "\"body\":{\"type\":\"string\",\"maxLength\":5000},"
			  "\"urgent\":{\"type\":\"boolean\"},"
			  "\"count\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9}}}",
	};
	struct diag d = DIAG_NULL;

	ck_assert_msg(tool_registry_add(w.registry, "org.example.Mail", &o, NULL, &d) == 0,
		      "%s: %s", d.field, d.text);
}

void evil_setup(void)
{
	memset(&w, 0, sizeof(w));
	w.random = UINT64_C(88172645463325252);
	evil_counts = (struct evil_counts){ 0 };
	w.registry = shipped_tools();
	offer("send", POLICY_RISK_CONSEQUENTIAL, true, false);
	offer("draft", POLICY_RISK_REVERSIBLE, false, false);
	offer("share", POLICY_RISK_REVERSIBLE, true, false);
	offer("search", POLICY_RISK_READ, false, true);
	offer("lookup", POLICY_RISK_READ, true, false);
	offer("wipe", POLICY_RISK_FORBIDDEN, false, false);
}

void evil_teardown(void)
{
	tool_registry_free(w.registry);
}

static bool has_type(const char *type, const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return strcmp(type, "object") == 0;
	case JSON_ARRAY:
		return strcmp(type, "array") == 0;
	case JSON_STRING:
		return strcmp(type, "string") == 0;
	case JSON_INTEGER:
		return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
	case JSON_REAL:
		return strcmp(type, "number") == 0;
	case JSON_TRUE:
	case JSON_FALSE:
		return strcmp(type, "boolean") == 0;
	case JSON_NULL:
		break;
	}
	return strcmp(type, "null") == 0;
}

static bool object_fits(const json_t *schema, const json_t *v)
{
	const json_t *properties = json_object_get(schema, "properties"), *name;
	const char *key;
	json_t *member;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, name)
		if (!json_object_get(v, json_string_value(name)))
			return false;
	json_object_foreach((json_t *)v, key, member) {
		const json_t *inner = json_object_get(properties, key);

		if (inner ? !evil_fits(inner, member)
			  : json_is_false(json_object_get(schema, "additionalProperties")))
			return false;
	}
	return true;
}

static bool within(const json_t *schema, const char *least, const char *most, double value)
{
	const json_t *min = json_object_get(schema, least), *max = json_object_get(schema, most);

	return (!min || value >= json_number_value(min)) &&
	       (!max || value <= json_number_value(max));
}

bool evil_fits(const json_t *schema, const json_t *v)
{
	static const char *const known[] = { "type", "properties", "required", "items", "enum",
		"additionalProperties", "minimum", "maximum", "minLength", "maxLength", "minItems",
		"maxItems", "title", "description", "default", "writeOnly" };
	const json_t *choices = json_object_get(schema, "enum"), *inner;
	const char *key, *type = json_string_value(json_object_get(schema, "type"));
	bool found = !choices;
	json_t *item;
	size_t i;

	json_object_foreach((json_t *)schema, key, item) {
		for (i = 0; i < ARRAY_SIZE(known) && strcmp(known[i], key) != 0; i++)
			;
		if (i == ARRAY_SIZE(known))
			ck_abort_msg("the oracle does not know \"%s\"", key);
	}
	json_array_foreach(choices, i, item)
		found |= json_equal(item, v);
	if (!found || (type && !has_type(type, v)))
		return false;
	if (json_is_object(v))
		return object_fits(schema, v);
	if (json_is_string(v))
		return within(schema, "minLength", "maxLength",
			      (double)utf8_count(json_string_value(v), json_string_length(v)));
	if (json_is_number(v))
		return within(schema, "minimum", "maximum", json_number_value(v));
	if (!json_is_array(v))
		return true;
	inner = json_object_get(schema, "items");
	json_array_foreach(v, i, item)
		if (inner && !evil_fits(inner, item))
			return false;
	return within(schema, "minItems", "maxItems", (double)json_array_size(v));
}

/* What the gate's specification says of a call, from what the test knows of it. */
static char expected(const struct proposed *p, const struct tool *t,
		     const struct policy_input *world)
{
	struct policy_input in = *world;

	in.risk = t ? t->risk : POLICY_RISK_FORBIDDEN;
	in.decided_by = w.label;
	in.egress = t && t->egress;
	in.free_text = t && t->free_text && w.label != POLICY_LABEL_USER;
	in.many = w.scope == ACTION_BROAD;
	in.unregistered = !t;
	in.invalid = !p->fits;
	for (const struct proposed *o = w.calls; o != p; o++)
		in.repeated |= strcmp(o->tool, p->tool) == 0 && strcmp(o->bytes, p->bytes) == 0;
	return gate_expected(&in);
}

static void facts(void *data, const struct planned_call *c, struct policy_input *in)
{
	(void)data;
	(void)c;
	in->caller = w.facts.caller;
	in->opening |= w.facts.opening;
	in->private_data |= w.facts.private_data;
	in->pin = w.facts.pin;
	in->grant = w.facts.grant;
	in->agent = w.facts.agent;
	in->locked = w.facts.locked;
	in->crowded = w.facts.crowded;
}

/* The call that has these bytes and is not done yet. */
static struct proposed *find(const char *tool, const char *bytes)
{
	for (size_t i = 0; i < w.n; i++)
		if (!w.calls[i].done && strcmp(w.calls[i].tool, tool) == 0 &&
		    strcmp(w.calls[i].bytes, bytes) == 0)
			return &w.calls[i];
	return NULL;
}

static int ask(void *data, const struct executor_question *q)
{
	(void)data;
	for (size_t i = 0; i < q->n; i++) {
		struct proposed *p = find(q->calls[i]->tool_name, q->calls[i]->arguments);

		if (!p || p->shown)
			ck_abort_msg("asked about what nobody proposed: %s %s",
				     q->calls[i]->tool_name, q->calls[i]->arguments);
		p->shown = true;
		evil_counts.asked++;
	}
	w.asking = true;
	return 0;
}

static void answer(void)
{
	uint64_t chance = evil_below(8);

	w.asking = false;
	for (size_t i = 0; i < w.n && chance < 4; i++)
		if (w.calls[i].shown && !w.calls[i].agreed) {
			w.calls[i].agreed = true;
			evil_counts.agreed++;
		}
	executor_answer(w.e, chance < 4 ? EXECUTOR_YES : chance < 7 ? EXECUTOR_NO : EXECUTOR_GONE,
			evil_random() | 1);
}

static void begin(void *data, struct planned_call *const *calls, size_t n)
{
	(void)data;
	for (size_t i = 0; i < n; i++) {
		struct proposed *p = find(calls[i]->tool_name, calls[i]->arguments);

		if (!p)
			ck_abort_msg("about to send what nobody proposed: %s", calls[i]->tool_name);
		p->begun = true;
	}
	/* While the journal is written, the world may change for the worse. */
	if (evil_below(8) == 0) {
		w.facts.grant = false;
		w.facts.pin |= evil_below(2);
		w.facts.private_data = true;
		w.facts.opening |= evil_below(2);
	}
	executor_begun(w.e, 0);
}

static void settle(void *data, struct planned_call *c)
{
	(void)data;
	(void)c;
}

static int effect(void *data, const struct tool *tool, const json_t *arguments, backend_fn done,
		  void *arg)
{
	_cleanup_free_ char *bytes = json_dumps(arguments, JSON_COMPACT | JSON_SORT_KEYS);
	struct backend_result result = { .outcome = OUTCOME_DONE, .text = "" };
	struct proposed *p = find(tool->name, bytes);
	char may;

	(void)data;
	if (!p)
		ck_abort_msg("an effect that nobody proposed: %s %s", tool->name, bytes);
	if (!p->begun)
		ck_abort_msg("an effect before the journal: %s %s", tool->name, bytes);
	if (!evil_fits(tool->schema, arguments))
		ck_abort_msg("arguments that do not fit: %s %s", tool->name, bytes);
	may = expected(p, tool, &w.facts);
	/* Whom one can ask does not matter any more to what was agreed to. */
	if (may == 'u' && p->agreed)
		may = 'c';
	if (may != 'a' && !(strchr("csCS", may) && p->agreed))
		ck_abort_msg("an effect that nobody allowed (%c): %s %s, label %d, caller %d", may,
			     tool->name, bytes, w.label, w.facts.caller);
	p->done = true;
	evil_counts.effects++;
	evil_counts.confirmed += may != 'a';
	done(arg, &result);
	return 0;
}

static const struct backend *backend(void *data, const struct tool *t)
{
	static const struct backend recording = { .call = effect };

	(void)data;
	(void)t;
	return &recording;
}

static void ended(void *data, enum executor_end end)
{
	(void)data;
	(void)end;
	w.ended++;
}

static const struct executor_ops ops = { facts, ask, begin, settle, backend, ended };

static void propose(const struct proposal *p)
{
	const struct tool *t = tool_registry_find(w.registry, p->tool);
	struct proposed *call = &w.calls[w.n++];
	struct action_spec spec = {
		.tool = p->tool, .arguments = p->arguments, .target = "", .title = "it",
		.decided_by = w.label, .scope = w.scope,
	};

	*call = (struct proposed){
		.tool = strdup(p->tool),
		.bytes = json_dumps(p->arguments, JSON_COMPACT | JSON_SORT_KEYS),
		.fits = t && evil_fits(t->schema, p->arguments),
	};
	evil_counts.proposed++;
	evil_counts.invalid += !call->fits;
	ck_assert_int_eq(executor_add(w.e, &spec), 0);
}

/* Whatever happens to a call, it is what the specification says of it. */
static void check_ends(void)
{
	if (w.ended != 1)
		ck_abort_msg("the plan did not end once");
	for (size_t i = 0; i < w.n; i++) {
		struct planned_call *c = executor_call(w.e, i);
		char may = expected(&w.calls[i], c->tool, &w.decided);

		if ((may == 'd') != (c->verdict.action == POLICY_DENY))
			ck_abort_msg("%s %s: %c, but %s", c->tool_name, c->arguments, may,
				     policy_action_name(c->verdict.action));
		if (w.calls[i].done != (c->outcome == OUTCOME_DONE))
			ck_abort_msg("%s: told %s", c->tool_name, tools_outcome_name(c->outcome));
	}
	for (size_t i = 0; i < w.n; i++) {
		free(w.calls[i].tool);
		free(w.calls[i].bytes);
	}
}

void evil_request(const char *const *texts, const size_t *lens, size_t n,
		  enum policy_label label, enum policy_caller caller)
{
	uint64_t chance = evil_random();

	w.facts = (struct policy_input){
		.caller = caller, .private_data = chance & 1, .opening = (chance & 14) == 2,
		.pin = (chance & 112) == 16, .grant = chance & 128, .agent = (chance & 768) != 0,
		.locked = (chance & 7168) == 1024, .crowded = (chance & 57344) == 8192,
	};
	w.decided = w.facts;
	w.label = label;
	w.scope = (enum action_scope)evil_below(3);
	w.n = 0;
	w.ended = 0;
	ck_assert_int_eq(executor_new(&w.e, &ops, NULL, w.registry), 0);
	for (size_t i = 0; i < n; i++) {
		struct proposal p;

		if (proposal_parse(&p, texts[i], lens[i], NULL) < 0) {
			evil_counts.refused++;
			continue;
		}
		propose(&p);
		proposal_deinit(&p);
	}
	executor_run(w.e);
	while (w.asking)
		answer();
	check_ends();
	w.e = executor_free(w.e);
}
