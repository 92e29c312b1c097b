/* SPDX-License-Identifier: MIT */
/* A batch as it is given: which positions are learnt, and which belong to one example. */
#include <errno.h>

#include "adapters/train/train-private.h"

static int pick_targets(struct trainer *t, const struct train_batch *batch)
{
	int32_t vocab = (int32_t)t->s.vocab;

	t->n_picked = 0;
	for (size_t i = 0; i < t->n; i++) {
		int32_t token = batch->tokens[i], target = batch->targets[i];

		if (token < 0 || token >= vocab)
			return -EINVAL;
		if (target == TRAIN_IGNORE)
			continue;
		if (target < 0 || target >= vocab)
			return -EINVAL;
		t->picked[t->n_picked++] = i;
	}
	return t->n_picked ? 0 : -EINVAL;
}

/* A position begins an example or belongs to that of the position before it. */
static int find_spans(struct trainer *t, const uint32_t *begins)
{
	t->n_spans = 0;
	for (size_t i = 0; i < t->n; i++) {
		size_t place = i % t->s.context, begin = begins ? begins[i] : 0;

		if (begin == place)
			t->spans[t->n_spans++] = (struct train_span){ .first = i };
		else if (place == 0 || begin != (begins ? begins[i - 1] : 0))
			return -EINVAL;
		t->spans[t->n_spans - 1].n++;
		t->places[i] = (uint32_t)(place - begin);
	}
	return 0;
}

int train_take_batch(struct trainer *t, const struct train_batch *batch)
{
	int r = batch->weight >= 0 && batch->weight <= 1 ? pick_targets(t, batch) : -EINVAL;

	return r < 0 ? r : find_spans(t, batch->begins);
}
