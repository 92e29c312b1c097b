/* SPDX-License-Identifier: MIT */
#pragma once

#include "assistantd/daemon/daemon.h"

/* The program's own data: prompts, replies, sentences. What cannot be read is logged, and the
 * tasks that need it say so. */
void read_data_files(struct daemon *d);
/* Binds the sentences anew, with the names of the home as they are now. */
void read_sentences(struct daemon *d);
