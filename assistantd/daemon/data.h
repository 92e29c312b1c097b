/* SPDX-License-Identifier: MIT */
#pragma once

#include "assistantd/daemon/daemon.h"

/* The program's own data: prompts, replies, sentences. What cannot be read is logged, and the
 * tasks that need it say so. */
void read_data_files(struct daemon *d);
/* The tools of the program's files and of the user's, ~/.config/assistantd/tools/NAME.yaml. When
 * a file is broken those that were there stay; at the start, it alone is missing. */
void read_tools(struct daemon *d);
/* Reads the files of sentences anew; one that is broken is logged and adds nothing. */
void read_sentences(struct daemon *d);
