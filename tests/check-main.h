/* SPDX-License-Identifier: MIT */
/* How every test program ends: its tests are run, and the exit status tells whether all passed. */
#pragma once

#include <check.h>

/* Both take over what they are given and return the status for main(). */
int run_suite(Suite *suite);
/* For a suite @name of one case. */
int run_tests(const char *name, TCase *tests);
