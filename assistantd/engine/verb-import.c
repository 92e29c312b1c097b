/* SPDX-License-Identifier: MIT */
/* import BASE FOLDER --out ADAPTER: a GGUF LoRA made of an adapter that PEFT saved. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/verb-model.h"
#include "assistantd/engine/verbs.h"
#include "util/buf.h"
#include "util/macro.h"

static const char *const names[] = {
	"adapter_config.json", "adapter_model.safetensors", "adapter_model.bin",
	"added_tokens.json", "tokenizer_config.json", "tokenizer.json",
};

struct folder {
	struct buf contents[ARRAY_SIZE(names)];
	struct peft_file files[ARRAY_SIZE(names)];
	size_t n;
	uint64_t room;
};

static void folder_deinit(struct folder *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		buf_deinit(&f->contents[i]);
}

/* A file that is not there is left out: the conversion says which it needs. */
static int folder_add(struct folder *f, const char *path, const char *name)
{
	_cleanup_free_ char *file = NULL;
	_cleanup_close_ int fd = -1;
	struct diag d = DIAG_NULL;

	if (asprintf(&file, "%s/%s", path, name) < 0)
		return VERB_BAD_INPUT;
	if (access(file, F_OK) < 0 && errno == ENOENT)
		return VERB_OK;
	fd = verb_open(file, &d);
	if (fd < 0)
		return verb_fail(file, &d);
	if (peft_read(&f->files[f->n], &f->contents[f->n], name, fd, &f->room, &d) < 0)
		return verb_fail(path, &d);
	f->n++;
	return VERB_OK;
}

static int folder_read(struct folder *f, const char *path)
{
	int status = VERB_OK;

	for (size_t i = 0; status == VERB_OK && i < ARRAY_SIZE(names); i++)
		status = folder_add(f, path, names[i]);
	return status;
}

static int write_adapter(const struct peft *p, const char *path)
{
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL;
	_cleanup_free_ char *fresh = NULL;
	struct diag d = DIAG_NULL;
	_cleanup_close_ int fd = verb_create(path, &fresh, &d);
	int r = fd;

	if (fd >= 0) {
		r = gguf_writer_new(&w);
		if (r == 0)
			r = peft_write(p, w);
		if (r == 0)
			r = gguf_writer_write(w, fd);
		if (r < 0)
			diag_set(&d, r, DIAG_SYSTEM, "", "%s", strerror(-r));
		r = verb_place(fresh, path, r, &d);
	}
	return r < 0 ? verb_fail(path, &d) : VERB_OK;
}

static int import(struct verb_model *vm, const char *folder, const char *out)
{
	_cleanup_(folder_deinit) struct folder f = { .room = PEFT_MAX_SIZE };
	_cleanup_(peft_freep) struct peft *p = NULL;
	struct diag d = DIAG_NULL;
	int status = folder_read(&f, folder);

	if (status != VERB_OK)
		return status;
	if (peft_convert(&p, vm->model, f.files, f.n, &d) < 0)
		return verb_fail(folder, &d);
	return write_adapter(p, out);
}

int verb_import(int argc, char **argv)
{
	const char *base, *folder = argc > 2 ? argv[2] : NULL, *out = NULL;
	const struct verb_option own[] = { { .name = "--out", .text = &out } };
	struct verb_options options;
	struct verb_model vm;
	int status;

	/* What is left is `import BASE --out …`. */
	for (int i = 2; i + 1 < argc; i++)
		argv[i] = argv[i + 1];
	if (!folder || !verb_parse(argc - 1, argv, &base, &options, own, ARRAY_SIZE(own)) || !out) {
		fputs("usage: assistant-engine import BASE FOLDER --out ADAPTER\n", stderr);
		return VERB_USAGE;
	}
	status = verb_model_init(&vm, base, &options);
	if (status == VERB_OK)
		status = import(&vm, folder, out);
	verb_model_deinit(&vm);
	return status;
}
