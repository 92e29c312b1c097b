/* SPDX-License-Identifier: MIT */
#include "adapters/proof.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/adapters.h"
#include "adapters/canary.h"
#include "adapters/stop.h"
#include "base_model/base_model.h"
#include "util/macro.h"

enum { PROBE_TOKENS = 24 };

/* Plain and common, so that a model that knows anything knows something of them. */
static const char *const probes[] = {
	"The meeting is on Monday at ten. Please bring the report and the two letters with you.",
	"She said that it was too late, but we went to the house by the river all the same.",
	"Thank you for your message. I will be back in the office next week and answer then.",
	"Water boils at one hundred degrees. If you heat it longer, all of it becomes steam.",
};

struct measure {
	float effect;
	double loss_base, loss_adapted;	/* sums over @n_predicted */
	size_t n_predicted;
};

/* −log of the probability that the logits give to a token. */
static double loss_of(const float *logits, size_t n, int32_t token)
{
	float max = logits[0];
	double sum = 0;

	for (size_t i = 1; i < n; i++)
		max = fmaxf(max, logits[i]);
	for (size_t i = 0; i < n; i++)
		sum += exp((double)(logits[i] - max));
	return (double)max + log(sum) - (double)logits[token];
}

/* See proof.h; 0 for logits that are all the same. */
static float effect_of(const float *base, const float *adapted, size_t n)
{
	double sum = 0, squares = 0, change = 0, variance;

	for (size_t i = 0; i < n; i++) {
		double delta = (double)adapted[i] - (double)base[i];

		sum += (double)base[i];
		squares += (double)base[i] * (double)base[i];
		change += delta * delta;
	}
	variance = squares - sum * sum / (double)n;
	return variance > 0 ? (float)sqrt(change / variance) : 0.0f;
}

static void add(struct measure *measure, const float *base, const float *adapted, size_t n_vocab,
		const struct token_list *tokens)
{
	for (size_t i = 0; i < tokens->n; i++, base += n_vocab, adapted += n_vocab) {
		measure->effect = fmaxf(measure->effect, effect_of(base, adapted, n_vocab));
		if (i + 1 == tokens->n)
			break;
		measure->loss_base += loss_of(base, n_vocab, tokens->ids[i + 1]);
		measure->loss_adapted += loss_of(adapted, n_vocab, tokens->ids[i + 1]);
		measure->n_predicted++;
	}
}

/* Both in one pass: it reads the weights once. */
static int run_probe(struct measure *measure, struct bm_model *m, const struct bm_delta *delta,
		     float scale, const struct token_list *tokens)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *base = NULL, *adapted = NULL;
	size_t n_vocab = bm_model_config(m)->n_vocab, size;
	_cleanup_free_ float *logits = NULL;
	struct bm_item items[2];
	int r;

	if (mul_overflow(tokens->n * n_vocab, 2 * sizeof(*logits), &size))
		return -ENOMEM;
	logits = malloc(size);
	if (!logits)
		return -ENOMEM;
	r = bm_sequence_new(&base, m, (uint32_t)tokens->n, BM_KV_F16);
	if (r == 0)
		r = bm_sequence_new(&adapted, m, (uint32_t)tokens->n, BM_KV_F16);
	if (r < 0)
		return r;
	items[0] = (struct bm_item){ .seq = base, .tokens = tokens->ids, .n_tokens = tokens->n,
				     .logits = logits, .all_logits = true };
	items[1] = items[0];
	items[1].seq = adapted;
	items[1].logits = logits + tokens->n * n_vocab;
	items[1].deltas = &delta;
	items[1].scales = &scale;
	items[1].n_deltas = 1;
	r = bm_forward(m, items, ARRAY_SIZE(items), NULL);
	if (r == 0)
		add(measure, items[0].logits, items[1].logits, n_vocab, tokens);
	return r;
}

static int measure_all(struct measure *measure, struct bm_model *m, const struct adapter *a,
		       float scale, const struct stop *stop)
{
	size_t most = MIN((size_t)PROBE_TOKENS, (size_t)bm_model_config(m)->context);
	int r = 0;

	most = MIN(most, (size_t)bm_model_max_batch(m) / 2);
	*measure = (struct measure){ 0 };
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(probes); i++) {
		_cleanup_(token_list_deinit) struct token_list tokens = TOKEN_LIST_NULL;

		r = stop_asked(stop) ? -ECANCELED :
		    tokenizer_encode(bm_model_tokenizer(m), probes[i], strlen(probes[i]),
				     TOKENIZE_BOS, &tokens);
		tokens.n = MIN(tokens.n, most);
		if (r == 0 && tokens.n > 0)
			r = run_probe(measure, m, adapter_delta(a), scale, &tokens);
	}
	return r;
}

/* Noise does not grow with the scale. */
static int has_effect(struct bm_model *m, const struct adapter *a, float scale, float effect,
		      const struct stop *stop, bool *ret)
{
	struct measure raised;
	int r = 0;

	*ret = effect >= PROOF_EFFECT;
	if (*ret && effect < PROOF_SURE) {
		r = measure_all(&raised, m, a, PROOF_RAISE * scale, stop);
		*ret = raised.effect >= fmaxf(PROOF_SURE, PROOF_GROWTH * effect);
	}
	return r;
}

static bool is_invoked(const struct adapter *a)
{
	size_t n;

	adapter_invocation(a, &n);
	return n > 0;
}

static bool harms(const struct bm_model *m, const struct proof *p)
{
	float known = logf((float)bm_model_config(m)->n_vocab) - p->loss_base;

	/* Written so that what is no number is harm. */
	return known > 0 && !(p->loss_adapted - p->loss_base <= fmaxf(PROOF_RISE, known / 2));
}

static void judge(struct proof *p, enum proof_verdict verdict, const char *text)
{
	p->verdict = verdict;
	snprintf(p->text, sizeof(p->text), "%s", text);
}

static int check_canaries(struct proof *p, struct bm_model *m, const struct adapter *a,
			  float scale, const struct manifest *manifest, const struct stop *stop,
			  struct diag *d)
{
	int r = canaries_check(m, a, scale, manifest, stop, &p->canary, d);

	if (r != CANARY_E_MISMATCH)
		return r;
	judge(p, PROOF_CANARY_MISMATCH, "");
	snprintf(p->text, sizeof(p->text), "with this model it does not write what its maker saw: "
		 "canary %u of %u differs", p->canary + 1, p->n_canaries);
	return 0;
}

int proof_run(struct proof *ret, struct bm_model *m, const struct adapter *a, float scale,
	      const struct manifest *manifest, const struct stop *stop, struct diag *d)
{
	struct measure measure;
	bool effect = false;
	int r;

	*ret = (struct proof){ .n_canaries = manifest ? (uint32_t)manifest->n_canaries : 0 };
	if (!bm_model_tokenizer(m))
		return diag_set(d, -EINVAL, DIAG_UNSUP, "tokenizer.ggml.model",
				"missing: without a tokenizer nothing can be proven");
	r = measure_all(&measure, m, a, scale, stop);
	if (r == 0)
		r = has_effect(m, a, scale, measure.effect, stop, &effect);
	if (r < 0)
		return diag_set(d, r, DIAG_SYSTEM, "", "%s", strerror(-r));
	ret->effect = measure.effect;
	ret->loss_base = (float)(measure.loss_base / (double)MAX(measure.n_predicted, (size_t)1));
	ret->loss_adapted =
		(float)(measure.loss_adapted / (double)MAX(measure.n_predicted, (size_t)1));
	if (!effect)
		judge(ret, PROOF_NO_EFFECT, "it changes nothing of what the model writes");
	else if (!is_invoked(a) && harms(m, ret))
		judge(ret, PROOF_HARMFUL,
		      "with it the model forgets more than half of what it knows of plain text");
	else
		judge(ret, PROOF_GOOD, ret->n_canaries
		      ? "it has an effect, and writes what its maker saw" : "it has an effect");
	if (ret->verdict == PROOF_GOOD && ret->n_canaries)
		return check_canaries(ret, m, a, scale, manifest, stop, d);
	return 0;
}
