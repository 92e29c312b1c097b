/* SPDX-License-Identifier: MIT */
/*
 * Loops over vectors that training spends its time in, beside matrix products: attention of
 * one query, norms, activations, the optimiser. Sums run in a fixed order on one CPU.
 */
#pragma once

#include <stddef.h>

struct adamw_rates {
	float rate, shrink, clip;	/* learning rate, decoupled decay, factor on gradients */
	float beta1, beta2, correct1, correct2, epsilon;
};

struct vector_ops {
	float (*dot)(const float *a, const float *b, size_t n);
	/* dp = scale p (dp − Σ p dp), what a softmax gives back. */
	void (*softmax_back)(const float *p, float *dp, size_t n, float scale);
	/* p becomes exp(p − max); returns the sum, and the largest value in @max. */
	float (*exponentials)(float *p, size_t n, float *max);
	void (*scale)(float *p, size_t n, float by);
	/* SwiGLU (Shazeer 2020, arXiv:2002.05202): hidden = gate σ(gate) up, and backward. */
	void (*swiglu)(const float *gate, const float *up, float *hidden, size_t n);
	void (*swiglu_back)(const float *gate, const float *up, const float *dhidden, float *dgate,
			    float *dup, size_t n);
	/* The same with GELU by tanh (Hendrycks and Gimpel 2016, arXiv:1606.08415). */
	void (*geglu)(const float *gate, const float *up, float *hidden, size_t n);
	void (*geglu_back)(const float *gate, const float *up, const float *dhidden, float *dgate,
			   float *dup, size_t n);
	/* y = x w r */
	void (*norm)(const float *x, const float *w, float r, float *y, size_t n);
	/* dx += w dy r − x sub; dw += dy x r (skipped when NULL) */
	void (*norm_back)(const float *dy, const float *x, const float *w, float r, float sub,
			  float *dx, float *dw, size_t n);
	/* Σ w dy x */
	float (*dot3)(const float *w, const float *dy, const float *x, size_t n);
	/* One step of AdamW on @n weights; clears @g. */
	void (*adamw)(float *w, float *g, float *m1, float *m2, size_t n,
		      const struct adamw_rates *rates);
	/* mean becomes momentum mean + (1 − momentum) g, x the same of the new mean (Nesterov);
	 * clears @g. */
	void (*lean)(float *g, float *mean, float *x, size_t n, float momentum);
	/* y becomes a y + b x */
	void (*blend)(float *y, const float *x, size_t n, float a, float b);
	/* Turns pairs by angles whose cosines and sines these are; @way -1 is back. The numbers of
	 * a pair stand side by side, or half of all apart. */
	void (*turn)(float *x, const float *cos, const float *sin, size_t pairs, float way);
	void (*turn_halves)(float *x, const float *cos, const float *sin, size_t pairs, float way);
};
