/* SPDX-License-Identifier: MIT */
/* What the machine could do at most, to set beside what the model does. */
#pragma once

struct bm_model;

/* Bytes per second of reading the model's mapping once with all its threads. */
double bm_peak_read(struct bm_model *m);
/* int8 multiply-and-add operations (two each) per second with all its threads, in the
 * registers; 0 where the kernels have no measure of it. */
double bm_peak_int8(struct bm_model *m);
