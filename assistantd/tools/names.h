/* SPDX-License-Identifier: MIT */
/* Names of devices: outside text that people will read and say. */
#pragma once

/* As it is shown: no control, invisible or reordering characters, no broken UTF-8; those and
 * blanks and underscores become one space each, none at the ends. The caller's; NULL without
 * memory; "" where nothing is left. */
char *name_shown(const char *text);
/* As part of an id: lower-case ASCII letters and digits, what is between them one _ each. */
char *name_slug(const char *text);
/* The name of a part of a device, spoken alone: "desk lamp" + "left" is "desk lamp left". */
char *name_of_part(const char *device, const char *part);
