/* SPDX-License-Identifier: MIT */
#include "adapters/peft-config.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapters.h"
#include "adapters/peft-match.h"
#include "util/macro.h"

#define MAX_CONFIG ((size_t)1 << 20)
#define MAX_STRENGTH 65536.0	/* as of adapter.lora.alpha */

struct peft_config {
	json_t *root;		/* owns the strings */
	uint32_t rank;
	double alpha;
	bool rank_stabilized;
	struct peft_targets targets;
	struct peft_patterns ranks, alphas;
	uint32_t invocation[ADAPTER_MAX_INVOCATION];
	size_t n_invocation;
	uint64_t steps;
};

int peft_in_file(struct diag *d, const char *file, int error)
{
	char field[sizeof(d->field)];

	if (!d || error >= 0)
		return error;
	snprintf(field, sizeof(field), "%s", d->field);
	snprintf(d->field, sizeof(d->field), *field ? "%s: %.*s" : "%s", file,
		 (int)(sizeof(field) - strlen(file) - 3), field);
	return error;
}

struct peft_config *peft_config_free(struct peft_config *c)
{
	if (!c)
		return NULL;
	peft_targets_deinit(&c->targets);
	peft_patterns_deinit(&c->ranks);
	peft_patterns_deinit(&c->alphas);
	json_decref(c->root);
	free(c);
	return NULL;
}

/* One key's value into @c; NULL: what it says is read by another, or cannot change the result. */
typedef int read_fn(struct peft_config *c, const char *key, const json_t *value, struct diag *d);

static int expected(const char *key, const char *what, struct diag *d)
{
	return diag_set(d, -EINVAL, DIAG_TYPE, key, "expected %s", what);
}

static int read_kind(struct peft_config *c, const char *key, const json_t *value, struct diag *d)
{
	const char *kind = json_string_value(value);

	if (kind && strcmp(kind, "LORA") == 0)
		return 0;
	return diag_set(d, -EINVAL, DIAG_UNSUP, key, "'%.32s', expected 'LORA'",
			kind ? kind : "not a string");
}

static int read_task(struct peft_config *c, const char *key, const json_t *value, struct diag *d)
{
	const char *task = json_string_value(value);

	if (json_is_null(value) || (task && strcmp(task, "CAUSAL_LM") == 0))
		return 0;
	return diag_set(d, -EINVAL, DIAG_UNSUP, key, "'%.32s', expected 'CAUSAL_LM'",
			task ? task : "not a string");
}

static int read_rank(struct peft_config *c, const char *key, const json_t *value, struct diag *d)
{
	json_int_t rank = json_integer_value(value);

	if (!json_is_integer(value))
		return expected(key, "a whole number", d);
	if (rank < 1 || rank > ADAPTER_MAX_RANK)
		return diag_set(d, -EINVAL, DIAG_RANGE, key, "%lld, expected 1 to %d",
				(long long)rank, ADAPTER_MAX_RANK);
	c->rank = (uint32_t)rank;
	return 0;
}

static int check_alpha(double alpha, const char *key, struct diag *d)
{
	if (alpha > 0.0 && alpha <= MAX_STRENGTH)
		return 0;
	return diag_set(d, -EINVAL, DIAG_RANGE, key,
			"%g, expected a number above 0, at most %g", alpha, MAX_STRENGTH);
}

static int read_alpha(struct peft_config *c, const char *key, const json_t *value, struct diag *d)
{
	if (!json_is_number(value))
		return expected(key, "a number", d);
	c->alpha = json_number_value(value);
	return check_alpha(c->alpha, key, d);
}

static int read_stabilized(struct peft_config *c, const char *key, const json_t *value,
			   struct diag *d)
{
	c->rank_stabilized = json_is_true(value);
	return json_is_boolean(value) || json_is_null(value) ? 0 :
							       expected(key, "true or false", d);
}

static int read_ranks(struct peft_config *c, const char *key, const json_t *value, struct diag *d)
{
	int r = peft_patterns_read(&c->ranks, key, value, d);

	for (size_t i = 0; r == 0 && i < c->ranks.n; i++) {
		double rank = c->ranks.all[i].value;

		if (rank != floor(rank) || rank < 1.0 || rank > ADAPTER_MAX_RANK)
			return diag_set(d, -EINVAL, DIAG_RANGE, key,
					"%g, expected whole numbers from 1 to %d", rank,
					ADAPTER_MAX_RANK);
	}
	return r;
}

static int read_alphas(struct peft_config *c, const char *key, const json_t *value,
		       struct diag *d)
{
	int r = peft_patterns_read(&c->alphas, key, value, d);

	for (size_t i = 0; r == 0 && i < c->alphas.n; i++)
		r = check_alpha(c->alphas.all[i].value, key, d);
	return r;
}

static int read_targets(struct peft_config *c, const char *key, const json_t *value,
			struct diag *d)
{
	if (json_is_null(value))
		return expected(key, "names of modules, or an expression of them", d);
	return peft_names_read(&c->targets.wanted, key, value, d);
}

static int read_excluded(struct peft_config *c, const char *key, const json_t *value,
			 struct diag *d)
{
	return peft_names_read(&c->targets.excluded, key, value, d);
}

static int read_layers(struct peft_config *c, const char *key, const json_t *value,
		       struct diag *d)
{
	return peft_layers_read(&c->targets, key, value, d);
}

static int read_stacks(struct peft_config *c, const char *key, const json_t *value,
		       struct diag *d)
{
	return peft_stacks_read(&c->targets, key, value, d);
}

/* Those that take a part of the base's weights away: what is left is no longer the base. */
static int read_start(struct peft_config *c, const char *key, const json_t *value, struct diag *d)
{
	static const char *const harmless[] = { "gaussian", "eva", "orthogonal" };
	const char *start = json_string_value(value);

	if (json_is_boolean(value) || json_is_null(value))
		return 0;
	for (size_t i = 0; start && i < ARRAY_SIZE(harmless); i++)
		if (strcmp(start, harmless[i]) == 0)
			return 0;
	return diag_set(d, -EINVAL, DIAG_UNSUP, key,
			"'%.32s' changes the base's own weights: PEFT can save such an adapter for "
			"the unchanged base (path_initial_model_for_weight_conversion)",
			start ? start : "not a name");
}

static int read_invocation(struct peft_config *c, const char *key, const json_t *value,
			   struct diag *d)
{
	const json_t *token;
	size_t i;

	if (json_is_null(value))
		return 0;
	if (!json_is_array(value))
		return expected(key, "an array of tokens' ids", d);
	if (json_array_size(value) > ADAPTER_MAX_INVOCATION)
		return diag_set(d, -EINVAL, DIAG_LIMIT, key, "%zu tokens, at most %d",
				json_array_size(value), ADAPTER_MAX_INVOCATION);
	json_array_foreach(value, i, token) {
		json_int_t id = json_integer_value(token);

		if (!json_is_integer(token) || id < 0 || id > INT32_MAX)
			return expected(key, "an array of tokens' ids", d);
		c->invocation[c->n_invocation++] = (uint32_t)id;
	}
	return 0;
}

/* Where there is neither a function nor a reason, the value cannot change the result. */
static const struct {
	const char *key;
	read_fn *read;
	const char *why;	/* it is refused unless it is left off */
	bool required;
} keys[] = {
	{ "peft_type", read_kind, .required = true },
	{ "task_type", read_task },
	{ "r", read_rank, .required = true },
	{ "lora_alpha", read_alpha, .required = true },
	{ "use_rslora", read_stabilized },
	{ "rank_pattern", read_ranks },
	{ "alpha_pattern", read_alphas },
	{ "target_modules", read_targets, .required = true },
	{ "exclude_modules", read_excluded },
	{ "layers_to_transform", read_layers },
	{ "layers_pattern", read_stacks },
	{ "init_lora_weights", read_start },
	{ "alora_invocation_tokens", read_invocation },

	{ "use_dora", .why = "DoRA scales columns of the sum, which a low-rank update does not" },
	{ "modules_to_save", .why = "it replaces whole modules of the base" },
	{ "bias", .why = "it changes biases of the base" },
	{ "lora_bias", .why = "biases of updates are not supported" },
	{ "use_qalora", .why = "QA-LoRA pools the columns of the input" },
	{ "layer_replication", .why = "it uses layers of the base several times" },
	{ "trainable_token_indices", .why = "it changes rows of the base's embedding" },
	{ "target_parameters", .why = "parameters that are no module are not supported" },
	{ "megatron_config", .why = "modules of Megatron are not supported" },
	{ "fan_in_fan_out", .why = "it is for a base with transposed matrices, and ours has none" },
	{ "arrow_config", .why = "it chooses among several adapters for each token" },

	{ "auto_mapping" }, { "base_model_name_or_path" }, { "corda_config" }, { "eva_config" },
	{ "inference_mode" }, { "loftq_config" }, { "lora_dropout" }, { "lora_ga_config" },
	{ "megatron_core" }, { "peft_version" }, { "qalora_group_size" }, { "revision" },
	{ "runtime_config" },
};

/* How PEFT writes a feature that is left off. */
static bool is_off(const json_t *value)
{
	const char *s = json_string_value(value);

	return json_is_null(value) || json_is_false(value) ||
	       (s && (!*s || strcmp(s, "none") == 0)) ||
	       (json_is_array(value) && json_array_size(value) == 0) ||
	       (json_is_object(value) && json_object_size(value) == 0);
}

static int read_key(struct peft_config *c, const char *key, const json_t *value, struct diag *d)
{
	const char *why = "it is not known, so it might change the result";

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(key, keys[i].key) != 0)
			continue;
		if (keys[i].read)
			return keys[i].read(c, key, value, d);
		if (!keys[i].why)
			return 0;
		why = keys[i].why;
	}
	return is_off(value) ? 0 : diag_set(d, -EINVAL, DIAG_UNSUP, key, "not supported: %s", why);
}

static int read_keys(struct peft_config *c, struct diag *d)
{
	const char *key;
	json_t *value;

	if (!json_is_object(c->root))
		return diag_set(d, -EINVAL, DIAG_TYPE, "", "expected an object");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].required && !json_object_get(c->root, keys[i].key))
			return diag_set(d, -EINVAL, DIAG_PAIR, keys[i].key, "missing");
	json_object_foreach(c->root, key, value) {
		int r = read_key(c, key, value, d);

		if (r < 0)
			return r;
	}
	return peft_targets_check(&c->targets, d);
}

int peft_config_parse(struct peft_config **ret, const char *text, size_t len, struct diag *d)
{
	_cleanup_(peft_config_freep) struct peft_config *c = calloc(1, sizeof(*c));
	json_error_t error;
	int r;

	if (!c)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	if (len > MAX_CONFIG)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "", "%zu bytes, at most %zu", len,
				MAX_CONFIG);
	c->steps = PEFT_MATCH_STEPS;
	c->root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!c->root)
		return diag_set(d, -EINVAL, DIAG_SYNTAX, "", "line %d, column %d: %s", error.line,
				error.column, error.text);
	r = read_keys(c, d);
	if (r < 0)
		return r;
	*ret = TAKE(c);
	return 0;
}

int peft_config_of(struct peft_config *c, const char *path, int layer, struct peft_setting *ret,
		   struct diag *d)
{
	double rank = c->rank, alpha = c->alpha;
	int r;

	*ret = (struct peft_setting){ 0 };
	r = peft_targets_match(&c->targets, path, layer, &c->steps, d);
	if (r <= 0)
		return r;
	if ((r = peft_patterns_find(&c->ranks, "rank_pattern", path, &c->steps, &rank, d)) < 0 ||
	    (r = peft_patterns_find(&c->alphas, "alpha_pattern", path, &c->steps, &alpha, d)) < 0)
		return r;
	ret->targeted = true;
	ret->rank = (uint32_t)rank;
	ret->strength = c->rank_stabilized ? alpha * sqrt(rank) : alpha;
	return ret->strength <= MAX_STRENGTH ? 0 : check_alpha(ret->strength, "lora_alpha", d);
}

const uint32_t *peft_config_invocation(const struct peft_config *c, size_t *n)
{
	*n = c->n_invocation;
	return c->invocation;
}
