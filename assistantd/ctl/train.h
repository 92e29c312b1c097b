/* SPDX-License-Identifier: MIT */
/* adapter train: runs of training. */
#pragma once

#include "assistantd/ctl/ctl.h"

int adapter_train(struct ctl *c);
/* train-data.c: the regular file @path, or for "-" all of standard input: a descriptor, or -1 after
 * a message. */
int train_open_data(const char *path);
/* One line about the runs, behind what @label makes of it: status's and doctor's. */
void train_summary(struct ctl *c, void (*label)(bool ok, const char *text));
