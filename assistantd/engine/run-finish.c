/* SPDX-License-Identifier: MIT */
/* What a trained adapter is worth, said and proven, and its package. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/train/row.h"
#include "assistantd/engine/packaging.h"
#include "assistantd/engine/run-private.h"
#include "util/file.h"
#include "util/macro.h"

enum { CANARY_TEXTS = 8, CANARY_BYTES = 400 };

static const char default_prompt[] = "{{ text }}";

static const char *text_of(const struct buf *b, const char *otherwise)
{
	return b->len ? b->data : otherwise;
}

void run_manifest(struct manifest *m, const char **languages, const struct train_begin *b)
{
	*m = (struct manifest){
		.name = text_of(&b->name, ""),
		.task = text_of(&b->task, ""),
		.style = text_of(&b->style, NULL),
		.prompt = text_of(&b->prompt, default_prompt),
		.languages = languages,
		.n_languages = b->n_languages,
		.sequence = MAX(b->sequence, 1u),
		.scale = 1,
	};
	m->title = text_of(&b->title, m->name);
	for (uint32_t i = 0; i < b->n_languages; i++)
		languages[i] = text_of(&b->languages[i], "");
}

/* What the manifest tells of the training. */
struct facts {
	struct manifest_fact facts[10];
	size_t n;
	char values[10][32];
};

__attribute__((format(printf, 3, 4)))
static void add_fact(struct facts *f, const char *key, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(f->values[f->n], sizeof(f->values[f->n]), format, args);
	va_end(args);
	f->facts[f->n] = (struct manifest_fact){ key, f->values[f->n] };
	f->n++;
}

static void collect_facts(const struct run *r, struct facts *f)
{
	const struct run_plan *p = &r->plan;

	add_fact(f, "rows", "%zu", r->n_train);
	add_fact(f, "steps", "%llu", (unsigned long long)r->state.best_step);
	add_fact(f, "rows_of_a_step", "%u", p->rows);
	add_fact(f, "context", "%u", p->context);
	add_fact(f, "alpha", "%g", (double)p->alpha);
	add_fact(f, "rate", "%g", (double)p->rate);
	add_fact(f, "seed", "%llu", (unsigned long long)p->seed);
	add_fact(f, "held_out_rows", "%zu", r->n_held);
	add_fact(f, "held_out_loss", "%.4f", r->state.best);
	add_fact(f, "held_out_loss_of_base", "%.4f", r->state.base);
}

/* Questions that are held out and short, as texts for the manifest's prompt. */
static int canary_texts(const struct manifest *m, const struct run_example *examples, size_t n,
			struct buf texts[CANARY_TEXTS], size_t *count, struct diag *d)
{
	int err = 0;

	*count = 0;
	for (size_t i = 0; err >= 0 && i < n && *count < CANARY_TEXTS; i++) {
		const struct buf *question = &examples[i].question;

		if (question->len > CANARY_BYTES)
			continue;
		err = canary_text(&texts[*count], m, question->data, question->len, d);
		if (err == 0)
			(*count)++;
	}
	return MIN(err, 0);
}

static int make_package(struct run *r, const struct package_file *lora, const struct adapter *a,
			const struct run_example *examples, size_t n, struct packaged *ret)
{
	const char *languages[TRAIN_LANGUAGES_MAX], *own[CANARY_TEXTS];
	struct buf texts[CANARY_TEXTS] = { BUF_NULL };
	struct facts facts = { .n = 0 };
	struct manifest m;
	size_t count;
	int err;

	run_manifest(&m, languages, r->begin);
	m.bases = &r->digests.identity.weights;
	m.n_bases = 1;
	m.tokenizer = r->digests.identity.tokenizer;
	m.template = r->digests.identity.template;
	collect_facts(r, &facts);
	m.training = facts.facts;
	m.n_training = facts.n;
	err = canary_texts(&m, examples, n, texts, &count, &r->d);
	for (size_t i = 0; i < count; i++)
		own[i] = texts[i].data;
	if (err == 0)
		err = packaging_make(ret, package_gguf(lora), r->model, a, &m, own, count,
				     &r->stop, &r->d);
	for (size_t i = 0; i < CANARY_TEXTS; i++)
		buf_deinit(&texts[i]);
	return err;
}

/* 0, and what the proof says. */
static int prove(struct run *r, const struct adapter *a, const struct packaged *p,
		 struct proof *proof)
{
	_cleanup_(manifest_file_freep) struct manifest_file *manifest = NULL;
	int err = manifest_parse(&manifest, p->manifest.data, p->manifest.len, &r->d);

	return err < 0 ? err
		: proof_run(proof, r->model, a, 1, manifest_of(manifest), &r->stop, &r->d);
}

static int say(const struct run *r, const struct proof *proof, struct buf *text)
{
	const struct run_state *s = &r->state;
	int err = buf_printf(text, "On %zu rows that it has not seen it loses %.3f nats per token, "
			     "the base alone %.3f", r->n_held, s->best, s->base);

	if (err == 0 && !r->gate.better)
		err = buf_printf(text, ": not better by the %.3f that would tell it from chance, "
				 "so there is nothing to install.", r->gate.margin);
	else if (err == 0 && proof->verdict != PROOF_GOOD)
		err = buf_printf(text, "; but %s, so there is nothing to install.", proof->text);
	else if (err == 0)
		err = buf_printf(text, ": better by %.3f (\u00b1 %.3f).", s->base - s->best,
				 r->gate.error);
	if (err == 0 && dataset_n_skipped(r->rows)) {
		err = buf_append_str(text, " Rows that were too long and left out: ");
		if (err == 0)
			err = run_put_skipped(r->rows, text);
		if (err == 0)
			err = buf_append_char(text, '.');
	}
	return err;
}

/* The package where the gate and the proof let it pass. */
static int pass(struct run *r, const struct package_file *lora, const struct adapter *a,
		const struct run_example *examples, size_t n, struct train_done *done)
{
	_cleanup_(packaged_deinit) struct packaged made = PACKAGED_NULL;
	struct proof proof = { .verdict = PROOF_GOOD };
	int err = 0;

	if (r->gate.better) {
		err = make_package(r, lora, a, examples, n, &made);
		if (err == 0)
			err = prove(r, a, &made, &proof);
	}
	if (err == 0)
		err = say(r, &proof, &done->text);
	if (err < 0 || !r->gate.better || proof.verdict != PROOF_GOOD)
		return err;
	done->better = true;
	done->package_fd = TAKE_FD(made.fd);
	done->digest = made.digest;
	done->n_canaries = made.n_canaries;
	done->manifest = made.manifest;
	made.manifest = (struct buf)BUF_NULL;
	return 0;
}

static int write_report(struct run *r, struct train_done *done, const struct run_example *examples,
			size_t n)
{
	_cleanup_(buf_deinit) struct buf html = BUF_NULL;
	_cleanup_close_ int fd = -1;
	int err = run_report(r, done, examples, n, &html);

	if (err < 0)
		return err;
	fd = packaging_file("report", &r->d);
	err = fd < 0 ? fd : file_write(fd, html.data, html.len);
	if (err == 0)
		err = packaging_seal(fd, &r->d);
	if (err == 0)
		done->report_fd = TAKE_FD(fd);
	return err;
}

static void tell_figures(const struct run *r, struct train_done *done)
{
	done->held_out_base = (float)r->state.base;
	done->held_out = (float)r->state.best;
	done->steps = r->state.step;
	done->tokens = r->state.tokens;
}

static int finish(struct run *r, int lora_fd, struct train_done *done)
{
	_cleanup_(package_file_freep) struct package_file *lora = NULL;
	_cleanup_(adapter_unrefp) struct adapter *a = NULL;
	struct run_example examples[RUN_EXAMPLES] = { 0 };
	size_t n = 0;
	int err = package_open_fd(&lora, lora_fd, &r->d);

	if (err == 0)
		err = adapter_load_fd(&a, r->model, lora_fd, &r->d);
	if (err == 0)
		err = run_examples(r, a, examples, &n);
	tell_figures(r, done);
	if (err == 0)
		err = pass(r, lora, a, examples, n, done);
	if (err == 0)
		err = write_report(r, done, examples, n);
	for (size_t i = 0; i < RUN_EXAMPLES; i++)
		run_example_deinit(&examples[i]);
	return err;
}

int run_finish(struct run *r, struct train_done *done)
{
	_cleanup_close_ int fd = packaging_file("lora", &r->d);
	int err = fd < 0 ? fd : train_write_lora(r->trainer, text_of(&r->begin->name, ""), fd);

	/* Its memory is room for the model's passes. */
	r->trainer = trainer_free(r->trainer);
	if (err == 0)
		err = finish(r, fd, done);
	/* The checkpoint is of the last step: when it goes on, it is judged and proven anew. */
	if (err == -ECANCELED)
		r->d = (struct diag)DIAG_NULL;
	return err == -ECANCELED ? RUN_STOPPED : err;
}
