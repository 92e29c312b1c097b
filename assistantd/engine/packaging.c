/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/packaging.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "base_model/base_model.h"
#include "util/macro.h"

static int system_error(int r, struct diag *d)
{
	return r < 0 ? diag_set(d, r, DIAG_SYSTEM, "", "%s", strerror(-r)) : 0;
}

void packaged_deinit(struct packaged *p)
{
	closep(&p->fd);
	buf_deinit(&p->manifest);
	*p = (struct packaged)PACKAGED_NULL;
}

int packaging_file(const char *name, struct diag *d)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return fd >= 0 ? fd : system_error(-errno, d);
}

int packaging_seal(int fd, struct diag *d)
{
	int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

	return fcntl(fd, F_ADD_SEALS, seals) < 0 ? system_error(-errno, d) : 0;
}

int packaging_finish(struct packaged *ret, int *fd, struct diag *d)
{
	_cleanup_(package_file_freep) struct package_file *f = NULL;
	_cleanup_(manifest_file_freep) struct manifest_file *manifest = NULL;
	const char *text;
	size_t len;
	int r;

	if ((r = packaging_seal(*fd, d)) < 0 ||
	    (r = package_open_fd(&f, *fd, d)) < 0 ||
	    (r = package_manifest(&manifest, package_gguf(f), d)) < 0 ||
	    (r = gguf_str(package_gguf(f), PACKAGE_MANIFEST_KEY, &text, &len, d)) < 0 ||
	    (r = buf_append(&ret->manifest, text, len)) < 0 ||
	    (r = package_digest(f, &ret->digest, d)) < 0)
		return r;
	ret->bytes = package_size(f);
	ret->fd = TAKE_FD(*fd);
	return 0;
}

static int write_package(int fd, const struct gguf *lora, const struct manifest *m,
			 struct diag *d)
{
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL;
	int r = gguf_writer_new(&w);

	if (r < 0 || (r = package_put_lora(w, lora, d)) < 0 ||
	    (r = package_put_manifest(w, m, d)) < 0)
		return r;
	return system_error(gguf_writer_write(w, fd), d);
}

int packaging_make(struct packaged *ret, const struct gguf *lora, struct bm_model *model,
		   const struct adapter *a, struct manifest *m, const char *const *own,
		   size_t n_own, const struct stop *stop, struct diag *d)
{
	_cleanup_(canary_record_deinit) struct canary_record canaries = CANARY_RECORD_NULL;
	_cleanup_close_ int fd = -1;
	int r = canaries_record(&canaries, model, a, m->scale, m, own, n_own, stop, d);

	if (r < 0)
		return r;
	m->rank = adapter_rank(a);
	m->canaries = canaries.canaries;
	m->n_canaries = canaries.n_canaries;
	fd = packaging_file("package", d);
	r = fd < 0 ? fd : write_package(fd, lora, m, d);
	if (r == 0)
		r = packaging_finish(ret, &fd, d);
	ret->n_canaries = (uint32_t)canaries.n_canaries;
	m->canaries = NULL;	/* they end here */
	m->n_canaries = 0;
	return r;
}
