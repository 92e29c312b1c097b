/* SPDX-License-Identifier: MIT */
#include "assistantd/ipc/codec.h"

#include <math.h>
#include <string.h>

#include "util/cleanup.h"

void codec_fail(struct codec *c, int err)
{
	if (c->err == 0)
		c->err = err;
}

void codec_u32(struct codec *c, uint32_t *v)
{
	if (c->err == 0)
		c->err = c->put ? ipc_put_u32(c->m, *v) : ipc_get_u32(c->m, v);
}

void codec_below(struct codec *c, uint32_t *v, uint32_t end)
{
	codec_u32(c, v);
	if (*v >= end)
		codec_fail(c, -EBADMSG);
}

void codec_bool(struct codec *c, bool *v)
{
	uint32_t number = *v;

	codec_below(c, &number, 2);
	*v = c->err == 0 && number;
}

void codec_u64(struct codec *c, uint64_t *v)
{
	if (c->err == 0)
		c->err = c->put ? ipc_put_u64(c->m, *v) : ipc_get_u64(c->m, v);
}

void codec_f32(struct codec *c, float *v)
{
	if (c->err == 0)
		c->err = c->put ? ipc_put_f32(c->m, *v) : ipc_get_f32(c->m, v);
	if (!isfinite(*v))
		codec_fail(c, -EBADMSG);
}

void codec_f64(struct codec *c, double *v)
{
	uint64_t bits;

	memcpy(&bits, v, sizeof(bits));
	codec_u64(c, &bits);
	memcpy(v, &bits, sizeof(bits));
}

void codec_text(struct codec *c, struct buf *v)
{
	if (c->err != 0)
		return;
	c->err = c->put ? ipc_put_text(c->m, v->len ? v->data : "", v->len)
			: ipc_get_text(c->m, v);
}

void codec_fd(struct codec *c, int *fd)
{
	if (c->err == 0)
		c->err = c->put ? ipc_put_fd(c->m, *fd) : ipc_get_fd(c->m, fd);
}

void codec_optional_fd(struct codec *c, int *fd)
{
	bool there = *fd >= 0;

	codec_bool(c, &there);
	if (there)
		codec_fd(c, fd);
}

void codec_digest(struct codec *c, struct digest *v)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_NULL;

	if (c->put)
		codec_fail(c, buf_append(&bytes, v->bytes, sizeof(v->bytes)));
	codec_text(c, &bytes);
	if (c->err == 0 && bytes.len != sizeof(v->bytes))
		codec_fail(c, -EBADMSG);
	if (c->err == 0)
		memcpy(v->bytes, bytes.data, sizeof(v->bytes));
}

void codec_defect(struct codec *c, struct ipc_defect *v)
{
	codec_below(c, &v->code, DIAG_CODE_COUNT);
	codec_text(c, &v->field);
	codec_text(c, &v->text);
}

int codec_end(struct codec *c)
{
	if (c->err == 0)
		c->err = ipc_get_end(c->m);
	return c->err;
}

void codec_close(int *fd)
{
	closep(fd);
	*fd = -1;
}
