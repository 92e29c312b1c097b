/* SPDX-License-Identifier: MIT */
/* Whether an adapter is made for the open model, and what it does to it. */
#include <errno.h>
#include <float.h>
#include <math.h>

#include "assistantd/engine/workshop-private.h"
#include "util/macro.h"

_Static_assert((int)WORKSHOP_WEIGHTS == (int)MANIFEST_WEIGHTS &&
	       (int)WORKSHOP_TOKENIZER == (int)MANIFEST_TOKENIZER &&
	       (int)WORKSHOP_TEMPLATE == (int)MANIFEST_TEMPLATE, "they travel as numbers");
_Static_assert((int)WORKSHOP_NO_EFFECT == (int)PROOF_NO_EFFECT &&
	       (int)WORKSHOP_HARMFUL == (int)PROOF_HARMFUL &&
	       (int)WORKSHOP_CANARY_MISMATCH == (int)PROOF_CANARY_MISMATCH, "so do these");
_Static_assert((int)WORKSHOP_PROOF_VERSION == PROOF_VERSION, "a verdict is of one proof");

/* Numbers that travel are finite. */
static float bounded(float x)
{
	return isfinite(x) ? x : FLT_MAX;
}

static int tell(struct workshop_proved *v, const struct proof *p)
{
	v->verdict = (uint32_t)p->verdict;
	v->effect = bounded(p->effect);
	v->loss_base = bounded(p->loss_base);
	v->loss_adapted = bounded(p->loss_adapted);
	v->n_canaries = p->n_canaries;
	v->canary = p->canary;
	return buf_append_str(&v->text, p->text);
}

static int other_file(struct diag *d)
{
	return diag_set(d, -EINVAL, DIAG_SIG, "digest", "the file is not the one that was named");
}

/* Its manifest, if any, when the file is the one that was named. */
static int read_manifest(struct manifest_file **ret, const struct workshop_prove *question,
			 struct diag *d)
{
	_cleanup_(package_file_freep) struct package_file *f = NULL;
	struct digest digest;
	int r = package_open_fd(&f, question->fd, d);

	if (r == 0)
		r = package_digest(f, &digest, d);
	if (r < 0)
		return r;
	if (!digest_equal(&digest, &question->digest))
		return other_file(d);
	return MIN(package_manifest(ret, package_gguf(f), d), 0);
}

static int prove(struct workshop *w, const struct workshop_prove *question,
		 const struct manifest *m, struct workshop_proved *v, struct diag *d)
{
	_cleanup_(adapter_unrefp) struct adapter *a = NULL;
	struct proof proof;
	int r = adapter_load_fd(&a, w->model, question->fd, d);

	if (r < 0)
		return r;
	/* It is read for the second time. */
	if (!digest_equal(adapter_digest(a), &question->digest))
		return other_file(d);
	r = proof_run(&proof, w->model, a, m ? m->scale : question->scale, m, NULL, d);
	return r < 0 ? r : tell(v, &proof);
}

int workshop_try(struct workshop *w, const struct workshop_prove *question,
		 struct workshop_proved *v, struct diag *d)
{
	_cleanup_(manifest_file_freep) struct manifest_file *manifest = NULL;
	const struct manifest *m;
	int r;

	if (!w->model)
		return diag_set(d, -EINVAL, DIAG_UNSUP, "model", "none is open");
	r = read_manifest(&manifest, question, d);
	if (r < 0)
		return r;
	m = manifest ? manifest_of(manifest) : NULL;
	if (m)
		v->mismatch = (uint32_t)manifest_mismatch(m, &w->digests.identity);
	return v->mismatch == WORKSHOP_FITS ? prove(w, question, m, v, d) : 0;
}
