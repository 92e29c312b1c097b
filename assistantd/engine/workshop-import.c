/* SPDX-License-Identifier: MIT */
/* A package out of what somebody has: PEFT's files, a LoRA without a manifest, or a package. */
#include <errno.h>
#include <string.h>

#include "assistantd/engine/packaging.h"
#include "assistantd/engine/workshop-private.h"
#include "util/file.h"
#include "util/macro.h"

static const char default_prompt[] = "{{ text }}";

/* NULL for what was not given. */
static const char *optional(const struct buf *b)
{
	return b->len ? b->data : NULL;
}

static int write_error(int r, struct diag *d)
{
	return r < 0 ? diag_set(d, r, DIAG_SYSTEM, "", "%s", strerror(-r)) : 0;
}

/* What is handed over stays as it was looked at. */
static void hand_over(struct workshop_imported *v, struct packaged *p)
{
	v->fd = TAKE_FD(p->fd);
	v->digest = p->digest;
	v->bytes = p->bytes;
	v->manifest = p->manifest;
	p->manifest = (struct buf)BUF_NULL;
}

/* Its own manifest holds, and its signature with it. */
static int check_own(const struct workshop_import *q, struct diag *d)
{
	if (q->name.len || q->task.len || q->style.len || q->title.len || q->prompt.len ||
	    q->n_languages)
		return diag_set(d, -EINVAL, DIAG_DUP, "manifest",
				"the package brings its own: nothing can be set beside it");
	return 0;
}

static int hand_back(const struct workshop_import *q, const struct package_file *f,
		     struct workshop_imported *v, struct diag *d)
{
	const struct package *p = package_parts(f);
	_cleanup_(buf_deinit) struct buf signature = BUF_NULL;
	_cleanup_(packaged_deinit) struct packaged made = PACKAGED_NULL;
	_cleanup_close_ int fd = -1;
	int r = check_own(q, d);

	if (r == 0 && q->signature_fd >= 0 && p->signature)
		r = diag_set(d, -EINVAL, DIAG_DUP, "signature", "the package is signed already");
	if (r == 0 && q->signature_fd >= 0)
		r = file_read_all(q->signature_fd, PACKAGE_MAX_SIGNATURE, &signature, d);
	else if (r == 0 && p->signature)
		r = buf_append(&signature, p->signature, p->signature_len);
	if (r < 0)
		return r;
	fd = packaging_file("package", d);
	if (fd < 0)
		return fd;
	r = write_error(file_write(fd, p->content, p->content_len), d);
	if (r == 0 && (q->signature_fd >= 0 || p->signature))
		r = package_write_signature(fd, signature.data, signature.len, d);
	if (r == 0)
		r = packaging_finish(&made, &fd, d);
	if (r == 0)
		hand_over(v, &made);
	return r;
}

static void fill_manifest(struct manifest *m, const char **languages, const struct workshop *w,
			  const struct workshop_import *q)
{
	*m = (struct manifest){
		.name = q->name.len ? q->name.data : "",
		.task = q->task.len ? q->task.data : "",
		.style = optional(&q->style),
		.title = optional(&q->title),
		.prompt = q->prompt.len ? q->prompt.data : default_prompt,
		.languages = languages,
		.n_languages = q->n_languages,
		.sequence = MAX(q->sequence, 1u),
		.scale = q->scale,
		.bases = &w->digests.identity.weights,
		.n_bases = 1,
		.tokenizer = w->digests.identity.tokenizer,
		.template = w->digests.identity.template,
	};
	if (!m->title)
		m->title = m->name;
	for (uint32_t i = 0; i < q->n_languages; i++)
		languages[i] = q->languages[i].len ? q->languages[i].data : "";
}

/* The LoRA in @lora_fd, which is @f, with a manifest for the open model. */
static int make(struct workshop *w, const struct workshop_import *q, struct package_file *f,
		int lora_fd, struct workshop_imported *v, struct diag *d)
{
	_cleanup_(packaged_deinit) struct packaged made = PACKAGED_NULL;
	_cleanup_(adapter_unrefp) struct adapter *a = NULL;
	const char *languages[WORKSHOP_LANGUAGES_MAX];
	struct digest digest;
	struct manifest m;
	int r;

	if (q->signature_fd >= 0)
		return diag_set(d, -EINVAL, DIAG_SIG, "signature",
				"expected one of a package; here the package is only made");
	if ((r = package_digest(f, &digest, d)) < 0 ||
	    (r = adapter_load_fd(&a, w->model, lora_fd, d)) < 0)
		return r;
	if (!digest_equal(adapter_digest(a), &digest))
		return diag_set(d, -EINVAL, DIAG_SIG, "digest",
				"the file was changed while it was read");
	fill_manifest(&m, languages, w, q);
	r = packaging_make(&made, package_gguf(f), w->model, a, &m, NULL, 0, NULL, d);
	if (r == 0)
		hand_over(v, &made);
	return r;
}

static int from_gguf(struct workshop *w, const struct workshop_import *q, int fd,
		     struct workshop_imported *v, struct diag *d)
{
	_cleanup_(package_file_freep) struct package_file *f = NULL;
	_cleanup_(manifest_file_freep) struct manifest_file *manifest = NULL;
	int r = package_open_fd(&f, fd, d);

	if (r == 0)
		r = package_manifest(&manifest, package_gguf(f), d);
	if (r == PACKAGE_E_BARE)
		return make(w, q, f, fd, v, d);
	return r < 0 ? r : hand_back(q, f, v, d);
}

struct folder {
	struct buf contents[WORKSHOP_FILES_MAX];
	struct peft_file files[WORKSHOP_FILES_MAX];
};

static void folder_deinit(struct folder *f)
{
	for (size_t i = 0; i < WORKSHOP_FILES_MAX; i++)
		buf_deinit(&f->contents[i]);
}

/* The files are read into memory: one that is cut meanwhile is an error and no SIGBUS. */
static int convert(struct peft **ret, const struct workshop *w, const struct workshop_import *q,
		   struct diag *d)
{
	_cleanup_(folder_deinit) struct folder f = { .contents = { BUF_NULL } };
	uint64_t room = PEFT_MAX_SIZE;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < q->n_files; i++) {
		const char *name = q->files[i].name.len ? q->files[i].name.data : "";

		r = peft_read(&f.files[i], &f.contents[i], name, q->files[i].fd, &room, d);
	}
	return r < 0 ? r : peft_convert(ret, w->model, f.files, q->n_files, d);
}

static int from_peft(struct workshop *w, const struct workshop_import *q,
		     struct workshop_imported *v, struct diag *d)
{
	_cleanup_(gguf_writer_freep) struct gguf_writer *writer = NULL;
	_cleanup_(package_file_freep) struct package_file *f = NULL;
	_cleanup_(peft_freep) struct peft *peft = NULL;
	_cleanup_close_ int fd = -1;
	int r = convert(&peft, w, q, d);

	if (r < 0)
		return r;
	fd = packaging_file("lora", d);
	if (fd < 0)
		return fd;
	r = gguf_writer_new(&writer);
	if (r == 0)
		r = peft_write(peft, writer);
	if (r == 0)
		r = gguf_writer_write(writer, fd);
	if (r < 0)
		return write_error(r, d);
	r = package_open_fd(&f, fd, d);
	return r < 0 ? r : make(w, q, f, fd, v, d);
}

/* Of one file its name says whether it is the rest of a folder. */
static bool is_folder(const struct workshop_import *q)
{
	const char *name = q->files[0].name.len ? q->files[0].name.data : "";

	return q->n_files != 1 || strcmp(name, "adapter_config.json") == 0 ||
	       strcmp(name, "adapter_model.safetensors") == 0;
}

int workshop_make(struct workshop *w, const struct workshop_import *question,
		  struct workshop_imported *v, struct diag *d)
{
	if (!w->model)
		return diag_set(d, -EINVAL, DIAG_UNSUP, "model", "none is open");
	return is_folder(question) ? from_peft(w, question, v, d)
				   : from_gguf(w, question, question->files[0].fd, v, d);
}
