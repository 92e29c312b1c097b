/* SPDX-License-Identifier: MIT */
#include "adapters/manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/manifest-fields.h"
#include "util/jinja.h"
#include "util/macro.h"

struct manifest_file {
	struct yaml *source;	/* owns every string */
	struct manifest manifest;
	struct manifest_fact facts[MANIFEST_MAX_FACTS];
	struct manifest_canary canaries[MANIFEST_MAX_CANARIES];
};

static int read_training(struct manifest_file *f, const struct yaml_node *mapping, struct diag *d)
{
	struct manifest *m = &f->manifest;
	size_t n;
	int r = yaml_expect(mapping, YAML_MAPPING, d);

	if (r < 0 || (r = manifest_count(mapping, MANIFEST_MAX_FACTS, &n, d)) < 0)
		return r;
	m->training = f->facts;
	for (const struct yaml_node *at = mapping->first; at; at = at->next) {
		struct manifest_fact *fact = &f->facts[m->n_training++];
		size_t len = strspn(at->key, "abcdefghijklmnopqrstuvwxyz"
					     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

		if (len == 0 || len > MANIFEST_MAX_NAME || at->key[len])
			return yaml_error(at, -EINVAL, DIAG_RANGE, d,
					  "training: expected keys of 1 to %d letters, digits, "
					  "-, _ and .", MANIFEST_MAX_NAME);
		fact->key = at->key;
		r = manifest_read_text(at, 0, MANIFEST_MAX_FACT, true, &fact->value, d);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_canary(struct manifest_canary *c, const struct yaml_node *mapping, struct diag *d)
{
	static const char *const keys[] = { "text", "output", "max_tokens", NULL };
	const struct yaml_node *text, *output, *max_tokens;
	uint64_t n = 0;
	int r = yaml_check_keys(mapping, keys, d);

	if (r < 0)
		return r;
	if (!(text = manifest_require(mapping, "text", d)) ||
	    !(output = manifest_require(mapping, "output", d)) ||
	    !(max_tokens = manifest_require(mapping, "max_tokens", d)))
		return -EINVAL;
	if ((r = manifest_read_text(text, 1, MANIFEST_MAX_CANARY_TEXT, false, &c->text, d)) < 0 ||
	    (r = manifest_read_text(output, 0, MANIFEST_MAX_CANARY_TEXT, false, &c->output, d)) < 0)
		return r;
	r = yaml_u64(max_tokens, 1, MANIFEST_MAX_CANARY_TOKENS, &n, d);
	c->max_tokens = (uint32_t)n;
	return r;
}

static int read_canaries(struct manifest_file *f, const struct yaml_node *list, struct diag *d)
{
	size_t n;
	int r = yaml_expect(list, YAML_SEQUENCE, d);

	if (r < 0 || (r = manifest_count(list, MANIFEST_MAX_CANARIES, &n, d)) < 0)
		return r;
	f->manifest.canaries = f->canaries;
	for (const struct yaml_node *at = list->first; r == 0 && at; at = at->next)
		r = read_canary(&f->canaries[f->manifest.n_canaries++], at, d);
	return r;
}

/* What no request could be served with is refused here, and not by the first request. */
static int check_prompt(const char *prompt, struct diag *d)
{
	_cleanup_(jinja_freep) struct jinja *template = NULL;
	struct diag inner = DIAG_NULL;
	int r = jinja_parse(&template, prompt, strlen(prompt), &inner);

	return r < 0 ? diag_set(d, r, inner.code, "prompt", "%s: %s", inner.field, inner.text) : 0;
}

static int read_file(struct manifest_file *f, struct diag *d)
{
	static const char *const keys[] = { "version", MANIFEST_FIELDS, "training", "canaries",
					    NULL };
	const struct yaml_node *root = yaml_root(f->source), *node;
	uint64_t version;
	int r = yaml_check_keys(root, keys, d);

	if (r < 0)
		return r;
	if (!(node = manifest_require(root, "version", d)))
		return -EINVAL;
	r = yaml_u64(node, 1, 1, &version, d);
	if (r == 0)
		r = manifest_fields_read(&f->manifest, root, d);
	if (r == 0 && (node = yaml_get(root, "training")))
		r = read_training(f, node, d);
	if (r == 0 && (node = yaml_get(root, "canaries")))
		r = read_canaries(f, node, d);
	return r < 0 ? r : check_prompt(f->manifest.prompt, d);
}

int manifest_parse(struct manifest_file **ret, const char *text, size_t len, struct diag *d)
{
	_cleanup_(manifest_file_freep) struct manifest_file *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	r = yaml_parse(&f->source, text, len, d);
	if (r < 0 || (r = read_file(f, d)) < 0)
		return r;
	*ret = TAKE(f);
	return 0;
}

struct manifest_file *manifest_file_free(struct manifest_file *f)
{
	if (!f)
		return NULL;
	manifest_fields_deinit(&f->manifest);
	yaml_tree_free(f->source);
	free(f);
	return NULL;
}

const struct manifest *manifest_of(const struct manifest_file *f)
{
	return &f->manifest;
}

enum manifest_mismatch manifest_mismatch(const struct manifest *m, const struct identity *model)
{
	size_t i = 0;

	while (i < m->n_bases && !digest_equal(&m->bases[i], &model->weights))
		i++;
	if (i == m->n_bases)
		return MANIFEST_WEIGHTS;
	if (!digest_equal(&m->tokenizer, &model->tokenizer))
		return MANIFEST_TOKENIZER;
	return digest_equal(&m->template, &model->template) ? MANIFEST_FITS : MANIFEST_TEMPLATE;
}

int manifest_check_update(const struct manifest *served, const struct manifest *offered,
			  struct diag *d)
{
	if (strcmp(served->name, offered->name) != 0)
		return diag_set(d, -EINVAL, DIAG_SIG, "name", "'%s', expected '%s'",
				offered->name, served->name);
	if (offered->sequence < served->sequence)
		return diag_set(d, -EINVAL, DIAG_SIG, "sequence",
				"%u is older than %u, which is in service", offered->sequence,
				served->sequence);
	return 0;
}
