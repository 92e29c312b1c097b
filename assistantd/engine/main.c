/* SPDX-License-Identifier: MIT */
/* assistant-engine VERB …: the engine's tools for people and tests. */
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/verbs.h"
#include "util/macro.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
};

/* Kept in the order in which the usage shows them; the last entry ends the table. */
static const struct verb verbs[] = {
	{ "inspect", verb_inspect, "FILE [--json]" },
	{ "tokenize", verb_tokenize, "MODEL [--parse-special] < TEXT" },
	{ "detokenize", verb_detokenize, "MODEL < IDS" },
	{ "logits", verb_logits, "MODEL --tokens FILE [--lora FILE[:SCALE]]… --out FILE" },
	{ "chat", verb_chat,
	  "TEMPLATE.jinja|MODEL MESSAGES.json [--bos S] [--eos S] [--var K=V]… [--date DAY]" },
	{ "generate", verb_generate,
	  "MODEL [--lora FILE[:SCALE]]… --prompt TEXT --max N [--temp T] [--seed S]" },
	{ "complete", verb_complete,
	  "MODEL [--lora FILE[:SCALE]]… [--max N] < PROMPTS.jsonl > ANSWERS.jsonl" },
	{ "score", verb_score, "MODEL [--lora FILE[:SCALE]]… < TEXTS.jsonl > SCORES.jsonl" },
	{ "quantize", verb_quantize,
	  "MODEL --bits B --data FILE.jsonl [--data FILE]… --out FILE.gguf" },
	{ "import", verb_import, "BASE FOLDER --out ADAPTER" },
	{ "bench", verb_bench,
	  "MODEL [MEASUREMENT]… [--lora FILE]… [-p N] [-n N] [-t N] [-r ROUNDS] [--json]" },
	{ "package", verb_package,
	  "LORA.gguf --manifest FILE | PACKAGE --signature FILE.minisig | PACKAGE, --out FILE" },
	{ "train-tokenizer", verb_train_tokenizer, "--vocab N --out TOKENIZER.gguf FILE.jsonl…" },
	{ "train-base", verb_train_base, "--tokenizer TOKENIZER.gguf … --out BASE.gguf" },
	{ "train-lora", verb_train_lora, "BASE.gguf --data FILE.jsonl … --out ADAPTER.gguf" },
	{ "serve", verb_serve, "(started by assistantd)" },
	{ "training", verb_training, "(started by assistantd)" },
	{ "workshop", verb_workshop, "(started by assistantd)" },
	{ NULL, NULL, NULL },
};

static int usage(FILE *out)
{
	fputs("usage: assistant-engine VERB …\n\n", out);
	for (const struct verb *v = verbs; v->name; v++)
		fprintf(out, "  %s %s\n", v->name, v->usage);
	return VERB_USAGE;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr);
	if (strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return VERB_OK;
	}
	for (const struct verb *v = verbs; v->name; v++)
		if (strcmp(argv[1], v->name) == 0)
			return v->run(argc - 1, argv + 1);
	fprintf(stderr, "error: unknown verb: %s\n", argv[1]);
	return usage(stderr);
}
