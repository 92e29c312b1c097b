/* SPDX-License-Identifier: MIT */
#pragma once

#include "tests/base_model/oracle.h"
#include "tests/base_model/sample.h"

enum { FAMILY_CASES = 22 };

/* Frequencies are base^(-2i/n), by a factor, or by a tensor of factors. */
struct family_case {
	struct sample s;
	struct oracle o;
	double base, window_base;	/* 0: windowed layers have no own one */
	double linear, yarn;		/* factors, or 0 */
	const char *factors;		/* tensor, or NULL */
};

extern const struct family_case family_cases[FAMILY_CASES];
/* The first of an architecture; the test fails without one. */
const struct family_case *family_case_find(const char *architecture);
