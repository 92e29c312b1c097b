/* SPDX-License-Identifier: MIT */
/* Text of a template to nodes: recursive descent, depth bounded. */
#include <errno.h>
#include <string.h>

#include "intents/intents-private.h"

struct parser {
	const char *s;
	unsigned depth;
	struct diag *d;
};

void node_free(struct node *n)
{
	struct node *next;

	for (; n; n = next) {
		next = n->next;
		node_free(n->first);
		free(n->text);
		free(n->slot);
		free(n);
	}
}
static int fail(struct parser *p, const char *what)
{
	return diag_set(p->d, -EINVAL, DIAG_SYNTAX, "template", "%s", what);
}

static int parse_choice(struct parser *p, char end, struct node **ret);

static struct node *node_new(enum node_kind kind, const char *text, size_t len)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->kind = kind;
	if (text) {
		n->text = strndup(text, len);
		if (!n->text) {
			free(n);
			return NULL;
		}
	}
	return n;
}

/* <rule>, {list}, {list:slot} */
static int parse_reference(struct parser *p, struct node **ret)
{
	bool list = *p->s++ == '{';
	size_t n = strcspn(p->s, list ? ":}" : ">"), slot = 0;
	_cleanup_(node_freep) struct node *node = NULL;

	if (n == 0 || strcspn(p->s, "[]()|;<{") < n)
		return fail(p, "name of a rule or list expected");
	node = node_new(list ? NODE_LIST : NODE_RULE, p->s, n);
	if (!node)
		return -ENOMEM;
	p->s += n;
	if (list) {
		if (*p->s == ':') {
			slot = strcspn(++p->s, "}");
			if (slot == 0)
				return fail(p, "name of a slot expected");
			node->slot = strndup(p->s, slot);
			p->s += slot;
		} else {
			node->slot = strdup(node->text);
		}
		if (!node->slot)
			return -ENOMEM;
	}
	if (*p->s != (list ? '}' : '>'))
		return fail(p, "a reference is not closed");
	p->s++;
	*ret = TAKE(node);
	return 0;
}

/* Up to the next character that means something; one behind a backslash does not. */
static int parse_text(struct parser *p, struct node **ret)
{
	bool escaped = *p->s == '\\';
	size_t n = escaped ? 1 : strcspn(p->s, "[](){}<>|;\\");

	p->s += escaped;
	if (!*p->s)
		return fail(p, "a character is missing behind the backslash");
	if (n == 0)
		return fail(p, "a bracket is closed that was not opened");
	/* A whole character. */
	while (escaped && ((unsigned char)p->s[n] & 0xc0) == 0x80)
		n++;
	*ret = node_new(NODE_TEXT, p->s, n);
	p->s += n;
	return *ret ? 0 : -ENOMEM;
}

static int parse_item(struct parser *p, struct node **ret)
{
	struct node *inner = NULL;
	char open = *p->s;
	int r;

	if (open == '<' || open == '{')
		return parse_reference(p, ret);
	if (open != '[' && open != '(')
		return parse_text(p, ret);
	p->s++;
	r = parse_choice(p, open == '[' ? ']' : ')', &inner);
	if (r || open == '(') {
		*ret = inner;
		return r;
	}
	*ret = node_new(NODE_OPT, NULL, 0);
	if (!*ret) {
		node_free(inner);
		return -ENOMEM;
	}
	(*ret)->first = inner;
	return 0;
}

static int parse_sequence(struct parser *p, struct node **ret)
{
	_cleanup_(node_freep) struct node *seq = node_new(NODE_SEQ, NULL, 0);
	struct node **last;
	int r;

	if (!seq)
		return -ENOMEM;
	last = &seq->first;
	while (*p->s && !strchr("|;])", *p->s)) {
		r = parse_item(p, last);
		if (r)
			return r;
		last = &(*last)->next;
	}
	*ret = TAKE(seq);
	return 0;
}

/* Sequences split by | or ;, up to @end, which is consumed. */
static int parse_choice(struct parser *p, char end, struct node **ret)
{
	_cleanup_(node_freep) struct node *choice = node_new(NODE_ALT, NULL, 0);
	struct node **last;
	char split = 0;
	int r;

	if (!choice)
		return -ENOMEM;
	if (++p->depth > TEMPLATE_DEPTH)
		return fail(p, "too many levels");
	last = &choice->first;
	for (;;) {
		r = parse_sequence(p, last);
		if (r)
			return r;
		last = &(*last)->next;
		choice->n_children++;
		if (*p->s == end)
			break;
		if (*p->s != '|' && *p->s != ';')
			return fail(p, *p->s ? "brackets do not pair" : "a bracket is not closed");
		if (split && split != *p->s)
			return fail(p, "| and ; in one bracket");
		split = *p->s++;
	}
	if (split == ';' && choice->n_children > TEMPLATE_ORDER_MAX)
		return fail(p, "more than 8 in any order");
	if (split == ';')
		choice->kind = NODE_PERM;
	if (end)
		p->s++;
	p->depth--;
	*ret = TAKE(choice);
	return 0;
}

int template_parse(struct node **ret, const char *text, struct diag *d)
{
	struct parser p = { .s = text, .d = d };

	return parse_choice(&p, '\0', ret);
}
