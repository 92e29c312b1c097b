/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/data.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/daemon/languages.h"
#include "assistantd/daemon/log.h"
#include "assistantd/daemon/proofreader.h"
#include "assistantd/daemon/terms.h"
#include "assistantd/daemon/tones.h"
#include "assistantd/daemon/words.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/macro.h"
#include "util/yaml.h"

static int take_prompts(struct daemon *d, int fd, struct diag *diag)
{
	return prompts_read_fd(&d->prompts, fd, diag);
}

static int take_replies(struct daemon *d, int fd, struct diag *diag)
{
	return replies_read_fd(&d->replies, fd, diag);
}

static int take_hints(struct daemon *d, int fd, struct diag *diag)
{
	return hints_read_fd(&d->hints, fd, diag);
}

static int take_tones(struct daemon *d, int fd, struct diag *diag)
{
	return tones_read_fd(&d->tones, fd, diag);
}

static int take_rarity(struct daemon *d, int fd, struct diag *diag)
{
	return terms_read_fd(&d->rarity, fd, diag);
}

static int take_notice_kinds(struct daemon *d, int fd, struct diag *diag)
{
	return terms_read_fd(&d->notice_kinds, fd, diag);
}

static int take_message_kinds(struct daemon *d, int fd, struct diag *diag)
{
	return terms_read_fd(&d->message_kinds, fd, diag);
}

static int take_words(struct daemon *d, int fd, struct diag *diag)
{
	struct words *fresh = NULL;
	int r = words_read_fd(&fresh, fd, (const char *const *)d->config.languages,
			      d->config.n_languages, diag);

	if (r < 0)
		return r;
	words_free(d->words);
	d->words = fresh;
	return 0;
}

/* A file that is not there or broken leaves what was read before. */
static void read_shared(struct daemon *d, const char *name,
			int (*take)(struct daemon *d, int fd, struct diag *diag))
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	struct diag diag = DIAG_NULL;
	int r;

	if (asprintf(&path, "%s/%s", d->paths.shared, name) < 0) {
		path = NULL;
		log_error("%s: out of memory", name);
		return;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : take(d, fd, &diag);
	if (fd < 0)
		log_error("%s: %s", path, strerror(-r));
	else if (r < 0)
		log_error("%s:%s: %s", path, diag.field, diag.code ? diag.text : strerror(-r));
}

/* A message of a kind without replies would be answered by those of another. */
static void check_replies(struct daemon *d)
{
	struct diag diag = DIAG_NULL;

	if (!d->replies || !d->message_kinds ||
	    replies_check(d->replies, d->message_kinds, &diag) == 0)
		return;
	log_error("%s/replies.yaml: %s: %s", d->paths.shared, diag.field, diag.text);
	d->replies = replies_free(d->replies);
}

/* Up to a little more than a YAML document may have, whose parser then says so. */
static int read_yaml_text(const char *path, struct buf *text, struct diag *diag)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return diag_set(diag, -errno, DIAG_SYSTEM, "", "%s", strerror(errno));
	return file_read_all(fd, YAML_MAX_SIZE, text, diag);
}

/* The folder of the configuration file. */
static char *configuration_folder(const struct daemon *d)
{
	char *folder = strdup(d->paths.config), *end = folder ? strrchr(folder, '/') : NULL;

	if (end)
		*end = '\0';
	else if (folder)
		strcpy(folder, ".");
	return folder;
}

void read_sentences(struct daemon *d)
{
	_cleanup_(languages_freep) struct languages *fresh = NULL;
	_cleanup_free_ char *own = configuration_folder(d);
	const char *const folders[] = { d->paths.shared, own };
	int r = -ENOMEM;

	if (own)
		r = languages_read((const char *const *)d->config.languages,
				   d->config.n_languages, folders, ARRAY_SIZE(folders), &fresh);
	if (r < 0) {
		log_error("sentences: %s", strerror(-r));
		return;
	}
	read_shared(d, "words.yaml", take_words);
	d->names_stale = true;
	languages_free(d->languages);
	d->languages = TAKE(fresh);
}

/* Every file of the folder. A broken one adds nothing; -EINVAL says that there was one. */
static int read_tool_folder(struct tool_registry *set, const char *folder, bool shipped)
{
	_cleanup_free_ char *pattern = NULL;
	glob_t found = { 0 };
	int r = 0;

	if (asprintf(&pattern, "%s/tools/*.yaml", folder) < 0) {
		pattern = NULL;
		return -ENOMEM;
	}
	glob(pattern, 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		_cleanup_(buf_deinit) struct buf text = BUF_NULL;
		struct diag diag = DIAG_NULL;
		int bad = read_yaml_text(found.gl_pathv[i], &text, &diag);

		if (bad == 0)
			bad = tool_registry_load(set, text.data, text.len, shipped, &diag);
		if (bad < 0) {
			log_error("%s:%s: %s", found.gl_pathv[i], diag.field,
				  diag.code ? diag.text : strerror(-bad));
			r = bad;
		}
	}
	globfree(&found);
	return r;
}

void read_tools(struct daemon *d)
{
	_cleanup_(tool_registry_freep) struct tool_registry *fresh = NULL;
	_cleanup_free_ char *own = configuration_folder(d);
	bool first = !d->tool_registry;
	int r = own ? tool_registry_new(&fresh) : -ENOMEM;

	if (r == 0 && first)
		r = tool_registry_new(&d->tool_registry);
	if (r < 0) {
		log_error("tools: %s", strerror(-r));
		return;
	}
	r = read_tool_folder(fresh, d->paths.shared, true);
	if (r == 0 || first)
		r = read_tool_folder(fresh, own, false);
	/* At the start, what is whole serves; later, what served until now. */
	if (r == 0 || first)
		r = tool_registry_replace(d->tool_registry, fresh);
	if (r < 0 && !first)
		log_error("tools: those that were there stay");
}

/* Of the first language for which there is one. */
static void read_proofreader(struct daemon *d)
{
	struct diag diag = DIAG_NULL;
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < d->config.n_languages; i++)
		r = proofreader_new(&d->proofreader, d->paths.shared, d->config.dictionaries,
				    d->config.languages[i], &diag);
	if (r < 0)
		log_warning("proofreading: %s: %s", diag.field, diag.text);
}

void read_data_files(struct daemon *d)
{
	read_proofreader(d);
	read_shared(d, "prompts.yaml", take_prompts);
	read_shared(d, "replies.yaml", take_replies);
	read_shared(d, "hints.yaml", take_hints);
	read_shared(d, "tones.yaml", take_tones);
	read_shared(d, "terms/rarity.tsv", take_rarity);
	read_shared(d, "terms/notices.tsv", take_notice_kinds);
	read_shared(d, "terms/messages.tsv", take_message_kinds);
	check_replies(d);
	read_tools(d);
	read_sentences(d);
}
