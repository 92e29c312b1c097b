/* SPDX-License-Identifier: MIT */
#include "adapters/peft.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "adapters/adapters.h"
#include "adapters/peft-tokens.h"
#include "base_model/base_model.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/macro.h"

struct peft {
	char architecture[65];
	struct peft_tensors tensors;
	struct peft_tokens tokens;
	uint32_t invocation[ADAPTER_MAX_INVOCATION];
	struct peft_facts facts;
};

/* Borrowed while the result is made. */
struct source {
	const struct bm_model *m;
	const struct peft_file *files;
	size_t n_files;
	struct peft_config *config;
	struct safetensors *weights;
	struct peft_pairs pairs;
};

static void source_deinit(struct source *s)
{
	peft_pairs_deinit(&s->pairs);
	safetensors_free(s->weights);
	peft_config_free(s->config);
}

int peft_read(struct peft_file *ret, struct buf *content, const char *name, int fd,
	      uint64_t *room, struct diag *d)
{
	struct stat st;
	/* One that says that it is too large is not read for that. */
	bool large = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size > *room;
	int r = large ? 0 : file_read_all(fd, *room, content, NULL);

	if (r < 0)
		return diag_set(d, r, DIAG_SYSTEM, name, "%s", strerror(-r));
	if (large || content->len > *room)
		return diag_set(d, -EINVAL, DIAG_LIMIT, name,
				"with it the files of the folder have more than %llu bytes",
				(unsigned long long)PEFT_MAX_SIZE);
	*room -= content->len;
	*ret = (struct peft_file){ name, content->len ? content->data : "", content->len };
	return 0;
}

struct peft *peft_free(struct peft *p)
{
	if (!p)
		return NULL;
	peft_tensors_deinit(&p->tensors);
	peft_tokens_deinit(&p->tokens);
	free(p);
	return NULL;
}

static const struct peft_file *find_file(const struct source *s, const char *name)
{
	for (size_t i = 0; i < s->n_files; i++)
		if (strcmp(s->files[i].name, name) == 0)
			return &s->files[i];
	return NULL;
}

static int read_files(struct source *s, struct diag *d)
{
	const struct peft_file *config = find_file(s, PEFT_CONFIG);
	const struct peft_file *weights = find_file(s, PEFT_WEIGHTS);
	int r;

	if (!config)
		return diag_set(d, -EINVAL, DIAG_PAIR, PEFT_CONFIG, "missing");
	if (!weights && find_file(s, "adapter_model.bin"))
		return diag_set(d, -EINVAL, DIAG_UNSUP, "adapter_model.bin",
				"a pickle of Python can run programs: expected "
				PEFT_WEIGHTS);
	if (!weights)
		return diag_set(d, -EINVAL, DIAG_PAIR, PEFT_WEIGHTS, "missing");
	r = peft_config_parse(&s->config, config->data, config->len, d);
	if (r < 0)
		return peft_in_file(d, PEFT_CONFIG, r);
	r = safetensors_parse(&s->weights, weights->data, weights->len, d);
	return peft_in_file(d, PEFT_WEIGHTS, r);
}

static int read_tokens(struct peft *p, const struct source *s, struct diag *d)
{
	int r = 0;

	p->tokens.first = bm_model_config(s->m)->n_vocab;
	for (size_t i = 0; r == 0 && i < s->n_files; i++)
		r = peft_in_file(d, s->files[i].name,
				 peft_tokens_read(&p->tokens, s->files[i].name,
						  s->files[i].data, s->files[i].len, d));
	return r;
}

static int read_invocation(struct peft *p, const struct source *s, struct diag *d)
{
	size_t n;
	const uint32_t *tokens = peft_config_invocation(s->config, &n);
	uint32_t n_tokens = bm_model_config(s->m)->n_vocab + p->tokens.n;

	for (size_t i = 0; i < n; i++) {
		if (tokens[i] >= n_tokens)
			return diag_set(d, -EINVAL, DIAG_RANGE, "alora_invocation_tokens",
					"%u, but there are %u tokens", tokens[i], n_tokens);
		p->invocation[i] = tokens[i];
	}
	p->facts.invocation_tokens = (uint32_t)n;
	return 0;
}

static int convert(struct peft *p, struct source *s, struct diag *d)
{
	int r;

	if ((r = read_files(s, d)) < 0 || (r = read_tokens(p, s, d)) < 0)
		return r;
	r = peft_pairs_read(&s->pairs, s->m, s->config, s->weights, d);
	if (r < 0)
		return r;
	r = peft_tensors_make(&p->tensors, s->m, &s->pairs, d);
	p->facts.rank = p->tensors.rank;
	p->facts.alpha = (float)p->tensors.alpha;
	p->facts.matrices = (uint32_t)(p->tensors.n / 2);
	if (r == 0)
		r = peft_tokens_add(&p->tokens, &p->tensors, s->m, &s->pairs, d);
	if (r < 0)
		return peft_in_file(d, PEFT_WEIGHTS, r);
	p->facts.extra_tokens = p->tokens.n;
	return peft_in_file(d, PEFT_CONFIG, read_invocation(p, s, d));
}

int peft_convert(struct peft **ret, const struct bm_model *m, const struct peft_file *files,
		 size_t n, struct diag *d)
{
	_cleanup_(source_deinit) struct source s = { .m = m, .files = files, .n_files = n };
	_cleanup_(peft_freep) struct peft *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	snprintf(p->architecture, sizeof(p->architecture), "%s",
		 bm_model_config(m)->architecture);
	r = convert(p, &s, d);
	if (r < 0)
		return r;
	*ret = TAKE(p);
	return 0;
}

const struct peft_facts *peft_facts(const struct peft *p)
{
	return &p->facts;
}

static int write_keys(const struct peft *p, struct gguf_writer *w)
{
	int r;

	if ((r = gguf_writer_str(w, "general.architecture", p->architecture,
				 strlen(p->architecture))) < 0 ||
	    (r = gguf_writer_str(w, "general.type", "adapter", strlen("adapter"))) < 0 ||
	    (r = gguf_writer_str(w, "adapter.type", "lora", strlen("lora"))) < 0 ||
	    (r = gguf_writer_f32(w, "adapter.lora.alpha", p->facts.alpha)) < 0)
		return r;
	if (p->facts.invocation_tokens)
		r = gguf_writer_array(w, "adapter.alora.invocation_tokens", GGUF_TYPE_U32,
				      p->invocation, p->facts.invocation_tokens);
	if (r == 0 && p->tokens.n)
		r = gguf_writer_strings(w, "assistantd.tokens.text",
					(const char *const *)p->tokens.texts, p->tokens.n);
	return r;
}

int peft_write(const struct peft *p, struct gguf_writer *w)
{
	int r = write_keys(p, w);

	for (size_t i = 0; r == 0 && i < p->tensors.n; i++) {
		const struct peft_tensor *t = &p->tensors.all[i];

		r = gguf_writer_tensor(w, t->name, t->type, 2, t->ne, t->data);
	}
	return r;
}
