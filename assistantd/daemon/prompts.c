/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/prompts.h"

#include <errno.h>

#include "util/yaml.h"

struct prompts {
	struct yaml *yaml;
	const struct yaml_node *map;
};

static int check(struct prompts *p, struct diag *d)
{
	static const char *const keys[] = { "version", "prompts", NULL };
	const struct yaml_node *root = yaml_root(p->yaml), *version = yaml_get(root, "version");
	const char *text;
	uint64_t number;
	int r = yaml_check_keys(root, keys, d);

	if (r < 0)
		return r;
	p->map = yaml_get(root, "prompts");
	if (!version || !p->map)
		return yaml_error(root, -EINVAL, DIAG_TYPE, d, "version and prompts are needed");
	r = yaml_u64(version, 1, 1, &number, d);
	if (r == 0)
		r = yaml_expect(p->map, YAML_MAPPING, d);
	for (const struct yaml_node *n = p->map->first; r == 0 && n; n = n->next)
		r = yaml_str(n, &text, d);
	return r;
}

int prompts_read_fd(struct prompts **ret, int fd, struct diag *d)
{
	_cleanup_(prompts_freep) struct prompts *p = calloc(1, sizeof(*p));
	int r = p ? yaml_read_fd(&p->yaml, fd, d) : -ENOMEM;

	if (r == 0)
		r = check(p, d);
	if (r == 0)
		*ret = TAKE(p);
	return r;
}

struct prompts *prompts_free(struct prompts *p)
{
	if (!p)
		return NULL;
	yaml_tree_free(p->yaml);
	free(p);
	return NULL;
}

const char *prompts_find(const struct prompts *p, const char *task)
{
	const struct yaml_node *n = p ? yaml_get(p->map, task) : NULL;

	return n ? n->text : NULL;
}
