/* SPDX-License-Identifier: MIT */
#pragma once

/* Where a text came from; the numbers are on disk. A row never changes its label. */
enum store_label {
	STORE_LABEL_USER = 0,	/* the user's own words of the request */
	STORE_LABEL_NOTES = 1,	/* stored notes and preferences that were the user's words */
	STORE_LABEL_OUTSIDE = 2,	/* everything else, model output included unless proved */
};
