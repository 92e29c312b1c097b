/* SPDX-License-Identifier: MIT */
/* The model files that are installed: the embedded default and those that the user added. */
#pragma once

#include <sys/stat.h>

#include "assistantd/daemon/daemon.h"

struct model_file {
	char name[101];
	char *path;
	struct stat st;
	bool has_weights;		/* it was open before */
	struct digest weights;
};

struct model_files {
	struct model_file *list;
	size_t n;
};

/* The default first. 0 or -ENOMEM; a folder that cannot be read holds none. */
int models_read(const struct daemon *d, struct model_files *ret);
void models_deinit(struct model_files *m);

/* Letters, digits and ._- : a file name and nothing else. */
bool model_name_valid(const char *name);
/* Of the user's folder; the caller frees it, NULL without memory. */
char *model_path(const struct daemon *d, const char *name);

bool models_made_for(const struct manifest *m, const struct digest *weights);
/* The path of a model that an adapter was made for, the one that runs if it is one: NULL when
 * there is none, or without memory. The caller frees it. */
char *models_for(const struct daemon *d, const struct manifest *m);
