/* SPDX-License-Identifier: MIT */
#include "adapters/manifest-fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

static const char letters_and_digits[] =
	"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char name_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

static const char *key_of(const struct yaml_node *node)
{
	return node->key ? node->key : "value";
}

const struct yaml_node *manifest_require(const struct yaml_node *mapping, const char *key,
					 struct diag *d)
{
	const struct yaml_node *node = yaml_get(mapping, key);

	if (!node)
		yaml_error(mapping, -EINVAL, DIAG_PAIR, d, "%s is missing", key);
	return node;
}

/* Without control characters, those of C1 and the separators of lines among them. */
static bool is_one_line(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;

	for (; *c; c++)
		if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0) ||
		    (*c == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9)))
			return false;
	return true;
}

int manifest_read_text(const struct yaml_node *node, size_t min, size_t max, bool one_line,
		       const char **ret, struct diag *d)
{
	int r = yaml_str(node, ret, d);

	if (r < 0)
		return r;
	if (node->len < min || node->len > max)
		return yaml_error(node, -EINVAL, DIAG_LIMIT, d,
				  "%s: %zu bytes, expected %zu to %zu", key_of(node), node->len,
				  min, max);
	if (one_line && !is_one_line(*ret))
		return yaml_error(node, -EINVAL, DIAG_RANGE, d,
				  "%s: expected one line without control characters",
				  key_of(node));
	return 0;
}

int manifest_read_digest(const struct yaml_node *node, struct digest *ret, struct diag *d)
{
	const char *hex;
	int r = yaml_str(node, &hex, d);

	if (r == 0 && digest_from_hex(hex, ret) < 0)
		return yaml_error(node, -EINVAL, DIAG_RANGE, d,
				  "%s: expected 64 hexadecimal digits of SHA-256", key_of(node));
	return r;
}

int manifest_count(const struct yaml_node *list, size_t max, size_t *ret, struct diag *d)
{
	*ret = 0;
	for (const struct yaml_node *n = list->first; n; n = n->next)
		(*ret)++;
	if (*ret > max)
		return yaml_error(list, -EINVAL, DIAG_LIMIT, d,
				  "%s: %zu items, expected at most %zu", key_of(list), *ret, max);
	return 0;
}

static int read_name(const struct yaml_node *node, const char **ret, struct diag *d)
{
	int r = yaml_str(node, ret, d);
	size_t n;

	if (r < 0)
		return r;
	n = strspn(*ret, name_characters);
	if (n == 0 || n > MANIFEST_MAX_NAME || (*ret)[n] || **ret == '-' || **ret == '_')
		return yaml_error(node, -EINVAL, DIAG_RANGE, d,
				  "%s: expected 1 to %d of a-z, 0-9, - and _, not - or _ first",
				  key_of(node), MANIFEST_MAX_NAME);
	return 0;
}

/* Subtags of 1 to 8 letters and digits (RFC 5646), as far as one can tell without a registry. */
static bool is_language(const char *s)
{
	size_t n;

	if (strlen(s) > MANIFEST_MAX_NAME || strspn(s, letters_and_digits) < 2)
		return false;
	for (; (n = strspn(s, letters_and_digits)) > 0 && n <= 8; s += n + 1)
		if (s[n] != '-')
			return s[n] == '\0';
	return false;
}

static int read_languages(struct manifest *m, const struct yaml_node *list, struct diag *d)
{
	const char **languages;
	int r = yaml_expect(list, YAML_SEQUENCE, d);
	size_t n;

	if (r < 0 || (r = manifest_count(list, MANIFEST_MAX_LANGUAGES, &n, d)) < 0)
		return r;
	m->languages = languages = calloc(MAX(n, (size_t)1), sizeof(*languages));
	if (!languages)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	for (const struct yaml_node *at = list->first; at; at = at->next) {
		r = yaml_str(at, &languages[m->n_languages], d);
		if (r < 0)
			return r;
		if (!is_language(languages[m->n_languages]))
			return yaml_error(at, -EINVAL, DIAG_RANGE, d,
					  "languages: expected tags of BCP 47, as en or pt-BR");
		m->n_languages++;
	}
	return 0;
}

static int read_base(struct manifest *m, struct digest *bases, const struct yaml_node *node,
		     struct diag *d)
{
	int r = manifest_read_digest(node, &bases[m->n_bases], d);

	if (r < 0)
		return r;
	for (size_t i = 0; i < m->n_bases; i++)
		if (digest_equal(&bases[i], &bases[m->n_bases]))
			return yaml_error(node, -EINVAL, DIAG_DUP, d, "base: given twice");
	m->n_bases++;
	return 0;
}

static int read_bases(struct manifest *m, const struct yaml_node *node, struct diag *d)
{
	struct digest *bases;
	size_t n = 1;
	int r = 0;

	if (node->kind == YAML_SEQUENCE)
		r = manifest_count(node, MANIFEST_MAX_BASES, &n, d);
	if (r < 0)
		return r;
	if (n == 0)
		return yaml_error(node, -EINVAL, DIAG_LIMIT, d, "base: expected at least one");
	m->bases = bases = calloc(n, sizeof(*bases));
	if (!bases)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	if (node->kind != YAML_SEQUENCE)
		return read_base(m, bases, node, d);
	for (const struct yaml_node *at = node->first; r == 0 && at; at = at->next)
		r = read_base(m, bases, at, d);
	return r;
}

static int read_number(const struct yaml_node *node, uint32_t min, uint32_t max, uint32_t *ret,
		       struct diag *d)
{
	uint64_t value = 0;
	int r = yaml_u64(node, min, max, &value, d);

	*ret = (uint32_t)value;
	return r;
}

static int read_required(struct manifest *m, const struct yaml_node *mapping, struct diag *d)
{
	const struct yaml_node *name, *task, *base, *tokenizer, *template, *rank, *prompt;
	int r;

	if (!(name = manifest_require(mapping, "name", d)) ||
	    !(task = manifest_require(mapping, "task", d)) ||
	    !(base = manifest_require(mapping, "base", d)) ||
	    !(tokenizer = manifest_require(mapping, "tokenizer", d)) ||
	    !(template = manifest_require(mapping, "template", d)) ||
	    !(rank = manifest_require(mapping, "rank", d)) ||
	    !(prompt = manifest_require(mapping, "prompt", d)))
		return -EINVAL;
	if ((r = read_name(name, &m->name, d)) < 0 || (r = read_name(task, &m->task, d)) < 0 ||
	    (r = read_bases(m, base, d)) < 0 ||
	    (r = manifest_read_digest(tokenizer, &m->tokenizer, d)) < 0 ||
	    (r = manifest_read_digest(template, &m->template, d)) < 0 ||
	    (r = read_number(rank, 1, ADAPTER_MAX_RANK, &m->rank, d)) < 0)
		return r;
	return manifest_read_text(prompt, 1, MANIFEST_MAX_PROMPT, false, &m->prompt, d);
}

int manifest_fields_read(struct manifest *m, const struct yaml_node *mapping, struct diag *d)
{
	const struct yaml_node *node;
	double scale = 1.0;
	int r = read_required(m, mapping, d);

	m->sequence = 1;
	m->title = m->name;
	if (r == 0 && (node = yaml_get(mapping, "style")))
		r = read_name(node, &m->style, d);
	if (r == 0 && (node = yaml_get(mapping, "title")))
		r = manifest_read_text(node, 1, MANIFEST_MAX_TITLE, true, &m->title, d);
	if (r == 0 && (node = yaml_get(mapping, "languages")))
		r = read_languages(m, node, d);
	if (r == 0 && (node = yaml_get(mapping, "sequence")))
		r = read_number(node, 1, UINT32_MAX, &m->sequence, d);
	if (r == 0 && (node = yaml_get(mapping, "scale")))
		r = yaml_f64(node, 0.0, (double)ADAPTER_MAX_SCALE, &scale, d);
	m->scale = (float)scale;
	return r;
}

void manifest_fields_deinit(struct manifest *m)
{
	free((void *)m->languages);
	free((void *)m->bases);
	m->languages = NULL;
	m->bases = NULL;
	m->n_languages = m->n_bases = 0;
}
