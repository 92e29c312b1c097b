/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "adapters/canary.h"
#include "util/macro.h"

enum { RECORD_TOKENS = 24 };

/* With something to correct, to shorten or to say otherwise; short ones first. */
static const char *const common[] = {
	"he dont know were the keys is.",
	"Das Treffen ist am Montag.",
	"Can you fix the the door tomorow?",
	"Please send me the report by friday, thanks.",
	"The meeting are at ten, bring you're letters.",
	"Turn on the light in the kitchen and set it to half.",
	"I am writing to you because the delivery was late again.",
	"Thank you for your message. I will be back next week and answer then.",
};

enum { MAX_OWN = MANIFEST_MAX_CANARIES - ARRAY_SIZE(common) };

struct answers {
	struct buf adapted[MANIFEST_MAX_CANARIES], base[MANIFEST_MAX_CANARIES];
};

static void answers_deinit(struct answers *a)
{
	for (size_t i = 0; i < MANIFEST_MAX_CANARIES; i++) {
		buf_deinit(&a->adapted[i]);
		buf_deinit(&a->base[i]);
	}
}

static size_t choose(struct manifest_canary *candidates, const char *const *own, size_t n_own)
{
	size_t n = 0;

	n_own = MIN(n_own, (size_t)MAX_OWN);
	for (size_t i = 0; i < n_own + ARRAY_SIZE(common); i++)
		candidates[n++] = (struct manifest_canary){
			i < n_own ? own[i] : common[i - n_own], "", RECORD_TOKENS,
		};
	return n;
}

/* As many of the candidates as fit the model's context. */
static int answer(struct answers *answers, struct manifest *asked, struct bm_model *m,
		  const struct adapter *a, float scale, const struct stop *stop, struct diag *d)
{
	struct diag why;
	int r;

	do {
		why = (struct diag)DIAG_NULL;
		r = canaries_answer(answers->adapted, m, a, scale, asked, stop, &why);
	} while (r < 0 && why.code == DIAG_LIMIT && --asked->n_canaries > 0);
	if (asked->n_canaries == 0)
		return 0;
	if (r < 0)
		return diag_set(d, r, why.code, why.field, "%s", why.text);
	return canaries_answer(answers->base, m, a, 0.0f, asked, stop, d);
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* A manifest can hold it, and another adapter would hardly write it. */
static bool tells(const struct buf *adapted, const struct buf *base)
{
	return adapted->len && adapted->len <= MANIFEST_MAX_CANARY_TEXT &&
	       !memchr(adapted->data, '\0', adapted->len) && !same(adapted, base);
}

int canaries_record(struct canary_record *ret, struct bm_model *m, const struct adapter *a,
		    float scale, const struct manifest *manifest, const char *const *own,
		    size_t n_own, const struct stop *stop, struct diag *d)
{
	struct manifest_canary candidates[MANIFEST_MAX_CANARIES];
	struct manifest asked = { .prompt = manifest->prompt, .style = manifest->style,
				  .canaries = candidates };
	_cleanup_(answers_deinit) struct answers answers = { .adapted = { BUF_NULL } };
	int r;

	*ret = (struct canary_record)CANARY_RECORD_NULL;
	asked.n_canaries = choose(candidates, own, n_own);
	r = answer(&answers, &asked, m, a, scale, stop, d);
	if (r < 0)
		return r;
	for (size_t i = 0; i < asked.n_canaries && ret->n_canaries < CANARIES_RECORDED; i++) {
		struct manifest_canary *c = &ret->canaries[ret->n_canaries];

		if (!tells(&answers.adapted[i], &answers.base[i]))
			continue;
		ret->outputs[ret->n_canaries] = answers.adapted[i];
		answers.adapted[i] = (struct buf)BUF_NULL;
		*c = candidates[i];
		c->output = ret->outputs[ret->n_canaries++].data;
	}
	return 0;
}

void canary_record_deinit(struct canary_record *r)
{
	for (size_t i = 0; i < CANARIES_RECORDED; i++)
		buf_deinit(&r->outputs[i]);
	r->n_canaries = 0;
}
