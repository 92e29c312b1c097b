/* SPDX-License-Identifier: MIT */
/*
 * package: what a publisher of adapters does. A LoRA gets a manifest, a package a signature
 * that minisign made of it, and both come out again.
 *
 *   package FILE [--key FILE.pub]…                    tells what it holds
 *   package LORA.gguf --manifest FILE.yaml --out PACKAGE.gguf
 *   package PACKAGE.gguf --signature FILE.minisig --out SIGNED.gguf
 *   package PACKAGE.gguf --extract FOLDER             content.gguf, its .minisig, manifest.yaml
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "adapters/adapters.h"
#include "assistantd/engine/verbs.h"
#include "base_model/base_model.h"
#include "util/file.h"
#include "util/yaml.h"

#define MAX_KEYS 8
#define MAX_KEY_FILE 4096

struct options {
	const char *file, *manifest, *signature, *extract, *out;
	const char *keys[MAX_KEYS];
	size_t n_keys;
};

static int usage(void)
{
	fputs("usage: assistant-engine package FILE [--key FILE.pub]…\n"
	      "       assistant-engine package LORA.gguf --manifest FILE.yaml --out PACKAGE.gguf\n"
	      "       assistant-engine package PACKAGE.gguf --signature FILE.minisig --out FILE\n"
	      "       assistant-engine package PACKAGE.gguf --extract FOLDER\n", stderr);
	return VERB_USAGE;
}

static bool parse_options(struct options *o, int argc, char **argv)
{
	if (argc < 2 || argc % 2 != 0)
		return false;
	o->file = argv[1];
	for (int i = 2; i < argc; i += 2) {
		if (strcmp(argv[i], "--manifest") == 0)
			o->manifest = argv[i + 1];
		else if (strcmp(argv[i], "--signature") == 0)
			o->signature = argv[i + 1];
		else if (strcmp(argv[i], "--extract") == 0)
			o->extract = argv[i + 1];
		else if (strcmp(argv[i], "--out") == 0)
			o->out = argv[i + 1];
		else if (strcmp(argv[i], "--key") == 0 && o->n_keys < MAX_KEYS)
			o->keys[o->n_keys++] = argv[i + 1];
		else
			return false;
	}
	return !o->out == !(o->manifest || o->signature) && !(o->manifest && o->signature) &&
	       !(o->extract && o->out);
}

/* A small file of text; what is larger than @max is refused. */
static int read_text(const char *path, size_t max, struct buf *ret, struct diag *d)
{
	_cleanup_close_ int fd = verb_open(path, d);
	int r = fd < 0 ? -EINVAL : file_read_all(fd, max, ret, d);

	if (r == 0 && ret->len > max)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "", "larger than %zu bytes", max);
	return r;
}

static int write_bytes(int fd, const char *data, size_t len, struct diag *d)
{
	int r = file_write(fd, data, len);

	return r < 0 ? diag_set(d, r, DIAG_SYSTEM, "", "%s", strerror(-r)) : 0;
}

/* ASCII only: what a file says must not steer a terminal. */
static void show(const char *what, const char *text)
{
	printf("%-18s ", what);
	for (; *text; text++)
		if (*text >= 0x20 && *text < 0x7f)
			putchar(*text);
		else
			printf("\\x%02x", (unsigned char)*text);
	putchar('\n');
}

static void show_manifest(const struct manifest *m)
{
	char hex[DIGEST_HEX_LEN + 1];

	show("name", m->name);
	show("task", m->task);
	if (m->style)
		show("style", m->style);
	show("title", m->title);
	for (size_t i = 0; i < m->n_languages; i++)
		show("language", m->languages[i]);
	printf("%-18s %u\n", "sequence", m->sequence);
	for (size_t i = 0; i < m->n_bases; i++) {
		digest_to_hex(&m->bases[i], hex);
		show("base", hex);
	}
	digest_to_hex(&m->tokenizer, hex);
	show("tokenizer", hex);
	digest_to_hex(&m->template, hex);
	show("template", hex);
	printf("%-18s %zu\n", "canaries", m->n_canaries);
}

static void show_signature(const struct signature *s)
{
	static const char *const states[] = { "none", "unknown key", "valid" };

	show("signature", states[s->state]);
	if (*s->key_id)
		show("key", s->key_id);
	if (s->state == SIGNATURE_VALID)
		show("trusted comment", s->trusted_comment);
}

static int check_signature(struct signature *ret, const struct package *p, const struct options *o,
			   const char **file, struct diag *d)
{
	struct buf texts[MAX_KEYS] = { 0 };
	const char *keys[MAX_KEYS];
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->n_keys; i++) {
		*file = o->keys[i];
		r = read_text(o->keys[i], MAX_KEY_FILE, &texts[i], d);
		keys[i] = texts[i].len ? texts[i].data : "";
	}
	if (r == 0) {
		*file = o->file;
		r = signature_check(ret, p, keys, o->n_keys, d);
	}
	for (size_t i = 0; i < o->n_keys; i++)
		buf_deinit(&texts[i]);
	return r;
}

static int tell(struct package_file *f, const struct options *o, const char **file,
		struct diag *d)
{
	_cleanup_(manifest_file_freep) struct manifest_file *manifest = NULL;
	struct signature signature;
	struct digest digest;
	char hex[DIGEST_HEX_LEN + 1];
	int r = check_signature(&signature, package_parts(f), o, file, d);

	if (r < 0 || (r = package_digest(f, &digest, d)) < 0)
		return r;
	r = package_manifest(&manifest, package_gguf(f), d);
	if (r < 0)
		return r;
	digest_to_hex(&digest, hex);
	show("digest", hex);
	printf("%-18s %zu\n", "bytes", package_size(f));
	printf("%-18s %u\n", "rank", package_rank(package_gguf(f)));
	if (r == PACKAGE_E_BARE)
		show("manifest", "none");
	else
		show_manifest(manifest_of(manifest));
	show_signature(&signature);
	return 0;
}

/* What was written is read again: it is a package, and nothing else was meant to be. */
static int check_written(int fd, struct diag *d)
{
	_cleanup_(package_file_freep) struct package_file *f = NULL;
	_cleanup_(manifest_file_freep) struct manifest_file *manifest = NULL;
	struct signature signature;
	int r = package_open_fd(&f, fd, d);

	if (r < 0 || (r = package_manifest(&manifest, package_gguf(f), d)) < 0)
		return r;
	if (r == PACKAGE_E_BARE)
		return diag_set(d, -EINVAL, DIAG_PAIR, PACKAGE_MANIFEST_KEY, "missing");
	return signature_check(&signature, package_parts(f), NULL, 0, d);
}

static int write_with_manifest(int fd, const struct package_file *f, const struct buf *text,
			       const char **file, const struct options *o, struct diag *d)
{
	_cleanup_(manifest_file_freep) struct manifest_file *manifest = NULL;
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL;
	int r;

	*file = o->manifest;
	r = manifest_parse(&manifest, text->data, text->len, d);
	if (r < 0)
		return r;
	*file = o->out;
	r = gguf_writer_new(&w);
	if (r < 0 || (r = package_put_lora(w, package_gguf(f), d)) < 0 ||
	    (r = package_put_manifest(w, manifest_of(manifest), d)) < 0)
		return r;
	r = gguf_writer_write(w, fd);
	return r < 0 ? diag_set(d, r, DIAG_SYSTEM, "", "%s", strerror(-r)) : 0;
}

/* The place where it goes may be that of what it is made from. */
static int make(const struct package_file *f, const struct options *o, const char **file,
		struct diag *d)
{
	const struct package *p = package_parts(f);
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	_cleanup_free_ char *fresh = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	*file = o->manifest ? o->manifest : o->signature;
	r = read_text(*file, o->manifest ? YAML_MAX_SIZE : PACKAGE_MAX_SIGNATURE, &text, d);
	if (r < 0)
		return r;
	*file = o->out;
	fd = verb_create(o->out, &fresh, d);
	if (fd < 0)
		return fd;
	if (o->manifest)
		r = write_with_manifest(fd, f, &text, file, o, d);
	else if ((r = write_bytes(fd, p->content, p->content_len, d)) == 0)
		r = package_write_signature(fd, text.data, text.len, d);
	if (r == 0)
		r = check_written(fd, d);
	return verb_place(fresh, o->out, r, d);
}

static int extract_one(const char *folder, const char *name, const char *data, size_t len,
		       const char **file, struct diag *d)
{
	_cleanup_free_ char *path = NULL, *fresh = NULL;
	_cleanup_close_ int fd = -1;

	*file = folder;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	fd = verb_create(path, &fresh, d);
	return fd < 0 ? fd : verb_place(fresh, path, write_bytes(fd, data, len, d), d);
}

static int extract(const struct package_file *f, const struct options *o, const char **file,
		   struct diag *d)
{
	const struct package *p = package_parts(f);
	const char *text;
	size_t len;
	int r = gguf_str(package_gguf(f), PACKAGE_MANIFEST_KEY, &text, &len, d);

	if (r < 0)
		return r;
	if (mkdir(o->extract, 0755) < 0 && errno != EEXIST) {
		*file = o->extract;
		return diag_set(d, -errno, DIAG_SYSTEM, "", "%s", strerror(errno));
	}
	if (r == 0)
		r = extract_one(o->extract, "manifest.yaml", text, len, file, d);
	else
		r = 0;
	if (r == 0)
		r = extract_one(o->extract, "content.gguf", p->content, p->content_len, file, d);
	if (r == 0 && p->signature)
		r = extract_one(o->extract, "content.gguf.minisig", p->signature,
				p->signature_len, file, d);
	return r;
}

int verb_package(int argc, char **argv)
{
	_cleanup_(package_file_freep) struct package_file *f = NULL;
	_cleanup_close_ int fd = -1;
	struct options o = { 0 };
	struct diag d = DIAG_NULL;
	const char *file;
	int r;

	if (!parse_options(&o, argc, argv))
		return usage();
	file = o.file;
	fd = verb_open(o.file, &d);
	r = fd < 0 ? -EINVAL : package_open_fd(&f, fd, &d);
	if (r == 0 && o.out)
		r = make(f, &o, &file, &d);
	else if (r == 0 && o.extract)
		r = extract(f, &o, &file, &d);
	else if (r == 0)
		r = tell(f, &o, &file, &d);
	return r < 0 ? verb_fail(file, &d) : VERB_OK;
}
