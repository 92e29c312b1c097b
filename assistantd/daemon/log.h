/* SPDX-License-Identifier: MIT */
/* Lines for the journal: the prefix is the priority as sd-daemon(3) reads it from stderr. */
#pragma once

#include <stdio.h>

#define log_error(fmt, ...) fprintf(stderr, "<3>" fmt "\n", ##__VA_ARGS__)
#define log_warning(fmt, ...) fprintf(stderr, "<4>" fmt "\n", ##__VA_ARGS__)
#define log_info(fmt, ...) fprintf(stderr, "<6>" fmt "\n", ##__VA_ARGS__)
