/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/proofs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/fit.h"
#include "assistantd/daemon/job.h"
#include "assistantd/daemon/log.h"

struct proof {
	struct proofs *owner;
	struct workshop_job job;
	struct digest adapter, base;
	struct library_hold hold;
	struct installed installed;
	struct proof *next;
};

struct proofs {
	struct daemon *d;
	struct proof *pending;
};

static void judge_answer(const struct workshop_proved *p, struct verdict *ret)
{
	static const char *const others[] = {
		[WORKSHOP_WEIGHTS] = "it was made for a model with other weights",
		[WORKSHOP_TOKENIZER] = "it was made for a model with another tokenizer",
		[WORKSHOP_TEMPLATE] = "it was made for a model with another chat template",
	};
	static const enum verdict_kind kinds[] = {
		[WORKSHOP_GOOD] = VERDICT_GOOD, [WORKSHOP_NO_EFFECT] = VERDICT_NO_EFFECT,
		[WORKSHOP_HARMFUL] = VERDICT_HARMFUL, [WORKSHOP_CANARY_MISMATCH] = VERDICT_CANARY,
	};

	ret->kind = p->mismatch == WORKSHOP_FITS ? kinds[p->verdict] : VERDICT_UNUSABLE;
	ret->effect = p->effect;
	ret->loss_base = p->loss_base;
	ret->loss_adapted = p->loss_adapted;
	snprintf(ret->text, sizeof(ret->text), "%s", p->mismatch != WORKSHOP_FITS ?
		 others[p->mismatch] : p->text.len ? p->text.data : "");
}

void proofs_judge(const struct workshop_result *result, const struct digest *adapter,
		  struct verdict *ret)
{
	*ret = (struct verdict){ .adapter = *adapter, .base = result->base };
	if (result->outcome == WORKSHOP_DONE) {
		judge_answer(&result->proved, ret);
		return;
	}
	/* Another file than the one that was meant says nothing about that one. */
	ret->kind = result->outcome == WORKSHOP_REFUSED && result->code != DIAG_SIG &&
		    result->code != DIAG_SYSTEM ? VERDICT_UNUSABLE : VERDICT_UNKNOWN;
	snprintf(ret->text, sizeof(ret->text), "%s%s%s", result->field, *result->field ? ": " : "",
		 result->text);
}

static void forget(struct proof *proof)
{
	struct proof **at = &proof->owner->pending;

	while (*at != proof)
		at = &(*at)->next;
	*at = proof->next;
	library_release(&proof->hold);
	free(proof);
}

static void on_done(void *arg, struct workshop_result *result)
{
	struct proof *proof = arg;
	struct daemon *d = proof->owner->d;
	char digest[DIGEST_HEX_LEN + 1];
	struct verdict v;

	proofs_judge(result, &proof->adapter, &v);
	if (!digest_equal(&v.base, &proof->base)) {
		if (v.kind != VERDICT_UNKNOWN)
			snprintf(v.text, sizeof(v.text), "the model's file has changed since it "
				 "was loaded");
		v.kind = VERDICT_UNKNOWN;
		v.base = proof->base;
	}
	if (result->outcome == WORKSHOP_REFUSED && result->code == DIAG_SIG)
		spoilt_files_note(d->spoilt, &proof->installed, v.text);
	else
		verdicts_keep(d->verdicts, &v);
	if (v.kind != VERDICT_GOOD) {
		digest_to_hex(&v.adapter, digest);
		log_warning("adapter %s (%s) is not used: %s",
			    proof->installed.entry->manifest.name, digest, v.text);
	}
	forget(proof);
	adapters1_changed(d);
	assistant1_tasks_changed(d);
	jobs_proven(d);
}

int proofs_want(struct proofs *p, const struct installed *i)
{
	struct workshop_prove prove = WORKSHOP_PROVE_NULL;
	const struct engine_model *model = engine_model(p->d->engine);
	struct proof *proof = p->pending;
	int r;

	while (proof && !(digest_equal(&proof->adapter, &i->entry->digest) &&
			  digest_equal(&proof->base, &model->digest)))
		proof = proof->next;
	if (proof)
		return 0;
	proof = calloc(1, sizeof(*proof));
	if (!proof)
		return -ENOMEM;
	*proof = (struct proof){ .owner = p, .job = { .done = on_done, .arg = proof },
				 .adapter = i->entry->digest, .base = model->digest,
				 .installed = *i, .next = p->pending };
	p->pending = proof;
	library_hold(p->d->library, &proof->hold);
	prove.fd = library_open(i);
	prove.digest = i->entry->digest;
	prove.scale = i->entry->manifest.scale;
	r = prove.fd < 0 ? prove.fd : workshop_prove(p->d->workshop, &proof->job,
						     engine_path(p->d->engine), &prove);
	workshop_prove_deinit(&prove);
	if (r < 0)
		forget(proof);
	return r;
}

void proofs_want_all(struct proofs *p)
{
	struct installed i;
	struct fit fit;

	if (engine_state(p->d->engine) != ENGINE_READY)
		return;
	for (size_t k = 0; library_at(p->d->library, k, &i); k++) {
		if (i.entry->state != CATALOG_ACTIVE)
			continue;
		fit_find(p->d, &i, &fit);
		if (fit.state == FIT_UNPROVEN)
			proofs_want(p, &i);
	}
}

int proofs_new(struct proofs **ret, struct daemon *d)
{
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	(*ret)->d = d;
	return 0;
}

struct proofs *proofs_free(struct proofs *p)
{
	if (!p)
		return NULL;
	while (p->pending) {
		workshop_cancel(p->d->workshop, &p->pending->job);
		forget(p->pending);
	}
	free(p);
	return NULL;
}
