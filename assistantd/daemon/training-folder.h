/* SPDX-License-Identifier: MIT */
/*
 * Where a run of training is kept: a folder named after its number, with copies of the user's
 * data, the checkpoint, at the end the report, and run.json, which says what was ordered and what
 * became of it. A folder is there whole or not at all. All of this may wait for a disk.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TRAINING_DATA "data.jsonl"
#define TRAINING_HELD_OUT "held-out.jsonl"
#define TRAINING_CHECKPOINT "checkpoint"
#define TRAINING_REPORT "report.html"
#define TRAINING_DESCRIPTION "run.json"

/*
 * Makes the folder with copies of @data and @held_out (-1: none) and with @text as its run.json,
 * all synced. -ENOSPC where less than @room bytes would be left for the run, -EINVAL for what is
 * no file or is empty, -EFBIG for more than TRAINING_DATA_MAX; the system's errors.
 */
#define TRAINING_DATA_MAX (UINT64_C(1) << 30)
int training_folder_create(const char *folder, const char *text, int data, int held_out,
			   uint64_t room);
/* Writes run.json anew: 0 or -errno, with the old one as it was. */
int training_folder_save(const char *folder, const char *text);
/* A file of the folder: a descriptor or -errno. */
int training_folder_open(const char *folder, const char *file, int flags);
bool training_folder_has(const char *folder, const char *file);
/* A copy of @report, synced: 0; -EINVAL for what is no file or empty, -EFBIG; -errno, and then
 * there is none. */
int training_folder_keep(const char *folder, int report);
/* Removes what the run needs to go on: it cannot afterwards. */
void training_folder_clean(const char *folder);
void training_folder_remove(const char *folder);

/* What is not whole yet, or any more, is named so, behind the number. */
#define TRAINING_PARTIAL ".new"
void training_folder_remove_partial(const char *partial);
