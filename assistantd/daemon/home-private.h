/* SPDX-License-Identifier: MIT */
/* Between home.c, which knows the things, and home-settings.c, which knows the user's words. */
#pragma once

#include "assistantd/daemon/home.h"

struct home {
	char *path;
	struct home_entity *entities;
	struct home_settings *settings;
	struct home_area *areas;
	bool lost;		/* see home_set_lost() */
};

/* What the user set, from the file; one that is broken is put aside. 0 or -ENOMEM. */
int home_settings_read(struct home *h);
void home_settings_deinit(struct home *h);
