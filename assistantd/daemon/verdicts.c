/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/verdicts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/log.h"
#include "assistantd/daemon/saving.h"
#include "assistantd/ipc/ipc.h"
#include "util/file.h"
#include "util/macro.h"
#include "util/utf8.h"

enum { VERDICTS_MAX = 256, FILE_MAX = 256 * 1024 };

struct verdicts {
	char *path;
	struct worker *worker;
	struct verdict *list;	/* newest first */
	size_t n;
};

const char *verdict_name(enum verdict_kind kind)
{
	static const char *const names[] = { "good", "no-effect", "harmful", "canary", "unusable",
					     "unknown" };

	return names[kind];
}

static bool parse_kind(const char *name, enum verdict_kind *ret)
{
	for (int k = 0; k < VERDICT_UNKNOWN; k++)
		if (strcmp(verdict_name(k), name) == 0) {
			*ret = k;
			return true;
		}
	return false;
}

/* ADAPTER BASE PROOF-VERSION VERDICT EFFECT LOSS LOSS TEXT */
static bool parse_line(const char *line, struct verdict *ret)
{
	char adapter[DIGEST_HEX_LEN + 1], base[DIGEST_HEX_LEN + 1], kind[16];
	int text = 0;
	unsigned version;

	*ret = (struct verdict){ 0 };
	if (sscanf(line, "%64s %64s %u %15s %f %f %f %n", adapter, base, &version, kind,
		   &ret->effect, &ret->loss_base, &ret->loss_adapted, &text) != 7 || !text ||
	    !line[text])
		return false;
	snprintf(ret->text, sizeof(ret->text), "%s", line + text);
	return version == WORKSHOP_PROOF_VERSION && parse_kind(kind, &ret->kind) &&
	       digest_from_hex(adapter, &ret->adapter) == 0 &&
	       digest_from_hex(base, &ret->base) == 0 &&
	       utf8_valid(ret->text, strlen(ret->text));
}

static void read_list(struct verdicts *v)
{
	_cleanup_close_ int fd = open(v->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	char *rest = NULL;

	if (fd < 0 || file_read_all(fd, FILE_MAX, &text, NULL) < 0 || text.len > FILE_MAX)
		return;
	for (char *line = text.len ? strtok_r(text.data, "\n", &rest) : NULL;
	     line && v->n < VERDICTS_MAX; line = strtok_r(NULL, "\n", &rest))
		v->n += parse_line(line, &v->list[v->n]);
}

int verdicts_new(struct verdicts **ret, const char *path, struct worker *worker)
{
	struct verdicts *v = calloc(1, sizeof(*v));

	if (!v || !(v->path = strdup(path)) ||
	    !(v->list = calloc(VERDICTS_MAX, sizeof(*v->list)))) {
		verdicts_free(v);
		return -ENOMEM;
	}
	v->worker = worker;
	read_list(v);
	*ret = v;
	return 0;
}

struct verdicts *verdicts_free(struct verdicts *v)
{
	if (!v)
		return NULL;
	free(v->list);
	free(v->path);
	free(v);
	return NULL;
}

static size_t index_of(const struct verdicts *v, const struct digest *adapter,
		       const struct digest *base)
{
	size_t i = 0;

	while (i < v->n && !(digest_equal(&v->list[i].adapter, adapter) &&
			     digest_equal(&v->list[i].base, base)))
		i++;
	return i;
}

const struct verdict *verdicts_find(const struct verdicts *v, const struct digest *adapter,
				    const struct digest *base)
{
	size_t i = index_of(v, adapter, base);

	return i < v->n ? &v->list[i] : NULL;
}

static int print(const struct verdicts *v, struct buf *out)
{
	char adapter[DIGEST_HEX_LEN + 1], base[DIGEST_HEX_LEN + 1];
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->n; i++) {
		const struct verdict *at = &v->list[i];

		if (at->kind == VERDICT_UNKNOWN)
			continue;
		digest_to_hex(&at->adapter, adapter);
		digest_to_hex(&at->base, base);
		r = buf_printf(out, "%s %s %d %s %g %g %g %s\n", adapter, base,
			       WORKSHOP_PROOF_VERSION, verdict_name(at->kind), (double)at->effect,
			       (double)at->loss_base, (double)at->loss_adapted, at->text);
	}
	return r;
}

static void write_list(struct verdicts *v)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	int r = print(v, &text);

	if (r == 0)
		r = saving_post(v->worker, v->path, &text, false, NULL, NULL);
	if (r < 0)
		log_error("%s: %s", v->path, strerror(-r));
}

void verdicts_keep(struct verdicts *v, const struct verdict *fresh)
{
	size_t i = index_of(v, &fresh->adapter, &fresh->base);
	struct verdict copy = *fresh;

	if (i == v->n)
		v->n = MIN(v->n + 1, (size_t)VERDICTS_MAX);
	/* The oldest one falls off the end of a full list. */
	memmove(v->list + 1, v->list, MIN(i, v->n - 1) * sizeof(*v->list));
	for (char *c = copy.text; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	v->list[0] = copy;
	if (copy.kind != VERDICT_UNKNOWN)
		write_list(v);
}

void verdicts_forget_unknown(struct verdicts *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		if (v->list[i].kind != VERDICT_UNKNOWN)
			v->list[n++] = v->list[i];
	v->n = n;
}
