/* SPDX-License-Identifier: MIT */
#pragma once

#include "assistantd/engine/run-private.h"

/* Appends text with what HTML takes for its own escaped, and what is not UTF-8 or a control
 * character replaced. 0 or -ENOMEM. */
int html_text(struct buf *html, const char *text, size_t len);
/* Appends the losses of a run over its steps, as an SVG element: 0 or -ENOMEM. */
int run_curve_svg(const struct run *r, struct buf *html);
