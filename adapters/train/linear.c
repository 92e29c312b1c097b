/* SPDX-License-Identifier: MIT */
/* Products with the model's matrices and with an adapter's beside them. */
#include "adapters/train/train-private.h"

void train_product(struct trainer *t, const struct train_matrix *m, size_t n, const float *x,
		   const float *add, float *y)
{
	gemm_run(t->gemm, &(struct gemm_args){ .a = x, .b = m->w, .weights = m->frozen, .c = y,
					       .m = n, .n = m->out, .k = m->in,
					       .b_transposed = true, .add = add });
}

void train_product_back(struct trainer *t, const struct train_matrix *m, size_t n,
			const float *dy, const float *x, float *dx, bool add)
{
	gemm_run(t->gemm, &(struct gemm_args){ .a = dy, .b = m->w, .weights = m->frozen, .c = dx,
					       .m = n, .n = m->in, .k = m->out,
					       .add = add ? dx : NULL });
	if (m->g)
		gemm_run(t->gemm, &(struct gemm_args){ .a = dy, .b = x, .c = m->g, .m = m->out,
						       .n = m->in, .k = n, .a_transposed = true,
						       .add = m->g });
}

/* xa = scale x A^T, [n][rank] */
static void through_a(struct trainer *t, const struct train_matrix *m, const float *x)
{
	gemm_run(t->gemm, &(struct gemm_args){ .a = x, .b = m->a, .c = t->xa, .m = t->n,
					       .n = t->rank, .k = m->in, .b_transposed = true });
	t->ops->scale(t->xa, t->n * t->rank, t->lora_scale);
}

void train_linear(struct trainer *t, const struct train_matrix *m, const float *x,
		  const float *add, float *y)
{
	train_product(t, m, t->n, x, add, y);
	if (m->a) {
		through_a(t, m, x);
		gemm_run(t->gemm, &(struct gemm_args){ .a = t->xa, .b = m->b, .c = y, .m = t->n,
						       .n = m->out, .k = t->rank,
						       .b_transposed = true, .add = y });
	}
	if (m->bias)
		train_add_bias(t, m->out, m->bias, y);
}

/* gB += dy^T xa; gA += (scale dy B)^T x; dx += (scale dy B) A */
static void lora_back(struct trainer *t, const struct train_matrix *m, const float *dy,
		      const float *x, float *dx)
{
	through_a(t, m, x);
	gemm_run(t->gemm, &(struct gemm_args){ .a = dy, .b = t->xa, .c = m->gb, .m = m->out,
					       .n = t->rank, .k = t->n, .a_transposed = true,
					       .add = m->gb });
	gemm_run(t->gemm, &(struct gemm_args){ .a = dy, .b = m->b, .c = t->xa, .m = t->n,
					       .n = t->rank, .k = m->out });
	t->ops->scale(t->xa, t->n * t->rank, t->lora_scale);
	gemm_run(t->gemm, &(struct gemm_args){ .a = t->xa, .b = x, .c = m->ga, .m = t->rank,
					       .n = m->in, .k = t->n, .a_transposed = true,
					       .add = m->ga });
	gemm_run(t->gemm, &(struct gemm_args){ .a = t->xa, .b = m->a, .c = dx, .m = t->n,
					       .n = m->in, .k = t->rank, .add = dx });
}

void train_linear_back(struct trainer *t, const struct train_matrix *m, const float *dy,
		       const float *x, float *dx, bool add)
{
	train_product_back(t, m, t->n, dy, x, dx, add);
	if (m->a)
		lora_back(t, m, dy, x, dx);
}
