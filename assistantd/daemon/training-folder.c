/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/training-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "assistantd/daemon/config.h"
#include "assistantd/daemon/files.h"
#include "assistantd/daemon/log.h"
#include "util/cleanup.h"
#include "util/macro.h"

#define REPORT_MAX (UINT64_C(64) << 20)

static const char *const files[] = { TRAINING_DATA, TRAINING_HELD_OUT, TRAINING_CHECKPOINT,
				     TRAINING_REPORT, TRAINING_DESCRIPTION,
				     TRAINING_DESCRIPTION ".new" };
enum { FILES_TO_GO_ON = 3 };

static char *partial_of(const char *folder)
{
	char *path;

	return asprintf(&path, "%s" TRAINING_PARTIAL, folder) < 0 ? NULL : path;
}

static void remove_files(const char *folder, const char *const *names, size_t n)
{
	_cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	for (size_t i = 0; fd >= 0 && i < n; i++)
		unlinkat(fd, names[i], 0);
}

void training_folder_remove_partial(const char *folder)
{
	remove_files(folder, files, ARRAY_SIZE(files));
	if (rmdir(folder) < 0 && errno != ENOENT)
		log_error("%s: %s", folder, strerror(errno));
}

void training_folder_clean(const char *folder)
{
	remove_files(folder, files, FILES_TO_GO_ON);
}

void training_folder_remove(const char *folder)
{
	_cleanup_free_ char *partial = partial_of(folder);
	/* Half of one would be taken up again. */
	int r = partial ? files_place(folder, partial) : -ENOMEM;

	if (r == 0)
		training_folder_remove_partial(partial);
	else if (r != -ENOENT)
		log_error("%s: %s", folder, strerror(-r));
}

int training_folder_open(const char *folder, const char *file, int flags)
{
	_cleanup_free_ char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/%s", folder, file) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	return fd < 0 ? -errno : fd;
}

bool training_folder_has(const char *folder, const char *file)
{
	_cleanup_close_ int fd = training_folder_open(folder, file, O_PATH);

	return fd >= 0;
}

int training_folder_keep(const char *folder, int report)
{
	_cleanup_close_ int to = training_folder_open(folder, TRAINING_REPORT,
						      O_WRONLY | O_CREAT | O_TRUNC);

	int r = to < 0 ? to : files_copy(report, to, REPORT_MAX);

	/* A part of it would be taken for all in the next life. */
	if (r < 0)
		remove_files(folder, (const char *const[]){ TRAINING_REPORT }, 1);
	return r;
}

int training_folder_save(const char *folder, const char *text)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/" TRAINING_DESCRIPTION, folder) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return files_replace(path, text, strlen(text), true);
}

static int copy_in(const char *folder, const char *file, int from)
{
	_cleanup_close_ int to = -1;

	if (from < 0)
		return 0;
	to = training_folder_open(folder, file, O_WRONLY | O_CREAT | O_EXCL);
	return to < 0 ? to : files_copy(from, to, TRAINING_DATA_MAX);
}

/* Whether there is room for the run and for copies of its data. */
static int check_room(const char *folder, int data, int held_out, uint64_t room)
{
	struct statvfs fs;
	struct stat st;

	for (int i = 0; i < 2; i++)
		if (fstat(i ? held_out : data, &st) == 0 && S_ISREG(st.st_mode))
			room += (uint64_t)st.st_size;
	if (statvfs(folder, &fs) < 0)
		return -errno;
	return (uint64_t)fs.f_bavail * fs.f_frsize < room ? -ENOSPC : 0;
}

static int fill(const char *fresh, const char *text, int data, int held_out, uint64_t room)
{
	int r = check_room(fresh, data, held_out, room);

	if (r == 0)
		r = copy_in(fresh, TRAINING_DATA, data);
	if (r == 0)
		r = copy_in(fresh, TRAINING_HELD_OUT, held_out);
	return r == 0 ? training_folder_save(fresh, text) : r;
}

int training_folder_create(const char *folder, const char *text, int data, int held_out,
			   uint64_t room)
{
	_cleanup_free_ char *fresh = partial_of(folder);
	int r = fresh ? make_folders(fresh) : -ENOMEM;

	if (r == 0)
		r = fill(fresh, text, data, held_out, room);
	if (r == 0)
		r = files_place(fresh, folder);
	if (r < 0 && fresh)
		training_folder_remove_partial(fresh);
	return r;
}
