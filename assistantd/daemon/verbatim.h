/* SPDX-License-Identifier: MIT */
/* What of a text stands as it stands for its machine or its author: code, addresses, names of
 * files, and what is quoted in a line that begins with ">". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether the line around @at is code, quoted, or one of those at the head of a mail that say who
 * and when. */
bool verbatim_line(const char *text, size_t len, size_t at);
/* Whether it is one of the last two. */
bool verbatim_frame(const char *text, size_t len, size_t at);
/* Whether what stands between blanks around @at, or between grave accents of its line, is an
 * address, a path or code. */
bool verbatim_word(const char *text, size_t len, size_t at);
