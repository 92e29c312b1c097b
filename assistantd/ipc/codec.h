/* SPDX-License-Identifier: MIT */
/*
 * A message as one list of fields that serves both directions: each function puts a field
 * into the message, or takes it out and checks it. The first failure sticks.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "assistantd/ipc/defect.h"
#include "assistantd/ipc/message.h"
#include "util/buf.h"
#include "util/digest.h"

struct codec {
	struct ipc_message *m;
	bool put;
	int err;
};

#define CODEC_PUT(message) { .m = (message), .put = true }
#define CODEC_GET(message) { .m = (message) }

void codec_fail(struct codec *c, int err);
void codec_u32(struct codec *c, uint32_t *v);
/* Taken: a number below @end, else -EBADMSG. */
void codec_below(struct codec *c, uint32_t *v, uint32_t end);
void codec_bool(struct codec *c, bool *v);
void codec_u64(struct codec *c, uint64_t *v);
/* Taken: finite. */
void codec_f32(struct codec *c, float *v);
/* Any number, NaN included. */
void codec_f64(struct codec *c, double *v);
/* Taken: appended to @v. */
void codec_text(struct codec *c, struct buf *v);
/* Put: duplicated. Taken: the caller's. */
void codec_fd(struct codec *c, int *fd);
/* -1 stands for none. */
void codec_optional_fd(struct codec *c, int *fd);
void codec_digest(struct codec *c, struct digest *v);
void codec_defect(struct codec *c, struct ipc_defect *v);
/* After taking: nothing may be left over. Returns the codec's error. */
int codec_end(struct codec *c);
/* Closes and leaves -1. */
void codec_close(int *fd);

/* What holds no memory needs no release. */
#define CODEC_NOTHING(v) ((void)(v))

/*
 * The two directions of one message, struct prefix_name, of which code_name() lists the
 * fields. @empty initialises a struct that holds nothing.
 */
#define CODEC_DEFINE(prefix, name, empty, deinit)				\
	int prefix##_put_##name(struct ipc_message *m, const struct prefix##_##name *v)	\
	{									\
		struct codec c = CODEC_PUT(m);					\
										\
		/* Putting reads the fields only. */				\
		code_##name(&c, (struct prefix##_##name *)v);			\
		return c.err;							\
	}									\
										\
	int prefix##_get_##name(struct ipc_message *m, struct prefix##_##name *v)	\
	{									\
		struct codec c = CODEC_GET(m);					\
										\
		*v = (struct prefix##_##name)empty;				\
		code_##name(&c, v);						\
		if (codec_end(&c) < 0)						\
			deinit(v);						\
		return c.err;							\
	}
