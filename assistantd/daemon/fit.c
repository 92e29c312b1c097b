/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/fit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "assistantd/daemon/log.h"
#include "assistantd/daemon/models.h"
#include "assistantd/daemon/verdicts.h"
#include "util/macro.h"

enum { SPOILT_MAX = 64 };

struct spoilt_file {
	struct digest adapter;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
	char text[256];
};

struct spoilt_files {
	struct spoilt_file list[SPOILT_MAX];
	size_t n;
};

int spoilt_files_new(struct spoilt_files **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

struct spoilt_files *spoilt_files_free(struct spoilt_files *s)
{
	free(s);
	return NULL;
}

static bool is_same(const struct spoilt_file *f, const struct stat *st)
{
	return f->dev == st->st_dev && f->ino == st->st_ino && f->size == st->st_size &&
	       f->changed.tv_sec == st->st_ctim.tv_sec && f->changed.tv_nsec == st->st_ctim.tv_nsec;
}

static const struct spoilt_file *find(const struct spoilt_files *s, const struct digest *adapter,
				      const struct stat *st)
{
	for (size_t i = 0; i < s->n; i++)
		if (digest_equal(&s->list[i].adapter, adapter) && is_same(&s->list[i], st))
			return &s->list[i];
	return NULL;
}

void spoilt_files_note(struct spoilt_files *s, const struct installed *i, const char *text)
{
	_cleanup_close_ int fd = library_open(i);
	char digest[DIGEST_HEX_LEN + 1];
	struct spoilt_file *f;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || find(s, &i->entry->digest, &st))
		return;
	/* The oldest gives way: it costs one more attempt. */
	if (s->n == SPOILT_MAX)
		memmove(s->list, s->list + 1, --s->n * sizeof(*s->list));
	f = &s->list[s->n++];
	*f = (struct spoilt_file){ i->entry->digest, st.st_dev, st.st_ino, st.st_size,
				   st.st_ctim, "" };
	snprintf(f->text, sizeof(f->text), "%s", text);
	digest_to_hex(&i->entry->digest, digest);
	log_warning("adapter %s (%s): %s", i->entry->manifest.name, digest, text);
}

const char *fit_name(enum fit_state state)
{
	static const char *const names[FIT_COUNT] = {
		[FIT_GOOD] = "", [FIT_UNPROVEN] = "proof", [FIT_ABSENT] = "absent",
		[FIT_FILE] = "file", [FIT_DISABLED] = "disabled", [FIT_WEIGHTS] = "weights",
		[FIT_TOKENIZER] = "tokenizer", [FIT_TEMPLATE] = "template",
		[FIT_SIGNATURE] = "signature", [FIT_PROOF] = "proof",
	};

	return names[state];
}

static void __attribute__((format(printf, 3, 4))) say(struct fit *f, enum fit_state state,
						       const char *fmt, ...)
{
	va_list args;

	f->state = state;
	va_start(args, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
}

/* False when the file cannot be used. */
static bool check_file(const struct daemon *d, const struct installed *i, struct fit *ret)
{
	_cleanup_close_ int fd = library_open(i);
	const struct spoilt_file *spoilt;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		say(ret, FIT_ABSENT, "its file %s/%s cannot be opened: %s", i->folder,
		    i->entry->file, strerror(fd < 0 ? -fd : errno));
		return false;
	}
	spoilt = find(d->spoilt, &i->entry->digest, &st);
	if (spoilt)
		say(ret, FIT_FILE, "its file %s/%s is not the one that was installed: %s",
		    i->folder, i->entry->file, spoilt->text);
	return !spoilt;
}

static void compare(const struct manifest *m, const struct identity *model, struct fit *ret)
{
	switch (manifest_mismatch(m, model)) {
	case MANIFEST_FITS:
		return;
	case MANIFEST_WEIGHTS:
		say(ret, FIT_WEIGHTS, "it was made for another model than the one that runs");
		digest_to_hex(&m->bases[0], ret->expected);
		digest_to_hex(&model->weights, ret->found);
		return;
	case MANIFEST_TOKENIZER:
		say(ret, FIT_TOKENIZER, "the model has these weights, but another tokenizer than "
		    "it was made with");
		digest_to_hex(&m->tokenizer, ret->expected);
		digest_to_hex(&model->tokenizer, ret->found);
		return;
	case MANIFEST_TEMPLATE:
		say(ret, FIT_TEMPLATE, "the model has these weights, but another chat template "
		    "than it was made with");
		digest_to_hex(&m->template, ret->expected);
		digest_to_hex(&model->template, ret->found);
		return;
	}
}

static bool is_trusted(const struct daemon *d, const struct installed *i)
{
	/* What came with the program was verified with the program. */
	return !d->config.require_signature || !i->users ||
	       (*i->entry->signature && strcmp(i->entry->signature, CATALOG_UNKNOWN_KEY) != 0);
}

/* What came with the program is off, too, where the user has switched off what stands for it. */
static bool is_enabled(const struct daemon *d, const struct installed *i)
{
	const struct manifest *m = &i->entry->manifest;
	struct installed at;

	for (size_t k = 0; !i->users && library_at(d->library, k, &at) && at.users; k++)
		if (at.entry->state == CATALOG_ACTIVE && !at.entry->enabled &&
		    strcmp(at.entry->manifest.name, m->name) == 0 &&
		    models_made_for(&at.entry->manifest, &m->bases[0]))
			return false;
	return i->entry->enabled;
}

void fit_find(const struct daemon *d, const struct installed *i, struct fit *ret)
{
	const struct engine_model *model = engine_model(d->engine);
	const struct verdict *v = verdicts_find(d->verdicts, &i->entry->digest, &model->digest);

	*ret = (struct fit){ .state = FIT_GOOD };
	if (!check_file(d, i, ret))
		return;
	if (!is_enabled(d, i)) {
		say(ret, FIT_DISABLED, "it is disabled");
		return;
	}
	compare(&i->entry->manifest, &model->identity, ret);
	if (ret->state != FIT_GOOD)
		return;
	if (!is_trusted(d, i))
		say(ret, FIT_SIGNATURE, "it has no signature of a trusted key, which the "
		    "configuration requires");
	else if (!v)
		say(ret, FIT_UNPROVEN, "its effect on the model has not been proven yet");
	else if (v->kind != VERDICT_GOOD)
		say(ret, FIT_PROOF, "%s", v->text);
}
