/* SPDX-License-Identifier: MIT */
#include "tests/tools_api/shipped.h"

#include <check.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/file.h"
#include "util/yaml.h"

struct tool_registry *shipped_tools(void)
{
	const char *source = getenv("srcdir");
	struct tool_registry *r = NULL;
	glob_t found = { 0 };
	char pattern[512];

	snprintf(pattern, sizeof(pattern), "%s/examples/tools/*.yaml", source ? source : ".");
	ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
	ck_assert_int_eq(tool_registry_new(&r), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		_cleanup_close_ int fd = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC);
		_cleanup_(buf_deinit) struct buf text = BUF_NULL;
		struct diag d = DIAG_NULL;

		ck_assert_int_eq(file_read_all(fd, YAML_MAX_SIZE, &text, &d), 0);
		ck_assert_msg(tool_registry_load(r, text.data, text.len, true, &d) == 0,
			      "%s:%s: %s", found.gl_pathv[i], d.field, d.text);
	}
	globfree(&found);
	return r;
}
