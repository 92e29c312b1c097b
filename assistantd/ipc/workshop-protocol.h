/* SPDX-License-Identifier: MIT */
/*
 * What the front end and `assistant-engine workshop` say to each other: a process that looks
 * at adapters before any of them serves, so that a file which ends it ends nothing else. It
 * has one job at a time; what it says of a job carries the id of the question.
 *
 * The workshop speaks first, with ENGINE_HELLO.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "assistantd/ipc/defect.h"
#include "assistantd/ipc/message.h"
#include "util/digest.h"
#include "util/identity.h"

enum workshop_message {
	/* to the workshop */
	WORKSHOP_OPEN = 1,	/* struct workshop_open; answered by WORKSHOP_MODEL */
	WORKSHOP_INSPECT,	/* struct workshop_inspect; answered by INSPECTED */
	WORKSHOP_IMPORT,	/* struct workshop_import; answered by IMPORTED */
	WORKSHOP_PROVE,		/* struct workshop_prove; answered by PROVED */
	/* from the workshop, beside ENGINE_HELLO */
	WORKSHOP_MODEL = 65,	/* struct workshop_model */
	WORKSHOP_INSPECTED,	/* struct workshop_inspected */
	WORKSHOP_IMPORTED,	/* struct workshop_imported */
	WORKSHOP_PROVED,	/* struct workshop_proved */
};

enum {
	WORKSHOP_FILES_MAX = 8,		/* of one PEFT folder */
	WORKSHOP_KEYS_MAX = 16,		/* public keys that are trusted */
	WORKSHOP_LANGUAGES_MAX = 32,
	WORKSHOP_PROOF_VERSION = 2,	/* a verdict of another one is to be found again */
};

/* The base model of the jobs that follow, in place of another. */
struct workshop_open {
	int fd;			/* owned after decoding */
	bool has_digests;	/* they are known, and the file need not be read whole */
	struct digest digest, weights;
};

#define WORKSHOP_OPEN_NULL { .fd = -1 }

struct workshop_model {
	struct ipc_defect defect;
	/* where there is none */
	struct digest digest;	/* of the file */
	struct identity identity;
	uint32_t context;
};

/* Looks at a file, without a base model. */
struct workshop_inspect {
	int fd;			/* owned after decoding */
	struct buf keys[WORKSHOP_KEYS_MAX];	/* minisign public keys, as their files have them */
	uint32_t n_keys;
};

#define WORKSHOP_INSPECT_NULL { .fd = -1 }

enum workshop_kind { WORKSHOP_BARE, WORKSHOP_PACKAGE, WORKSHOP_KIND_COUNT };

/* As enum signature_state. */
enum workshop_signature { WORKSHOP_UNSIGNED, WORKSHOP_UNKNOWN_KEY, WORKSHOP_SIGNED,
			  WORKSHOP_SIGNATURE_COUNT };

struct workshop_inspected {
	struct ipc_defect defect;
	/* where there is none */
	struct digest digest;	/* of the file */
	uint64_t bytes;
	uint32_t kind;		/* enum workshop_kind: a GGUF LoRA without or with a manifest */
	struct buf manifest;	/* its text */
	struct buf architecture;
	uint32_t rank, matrices;	/* the largest rank; how many matrices it changes */
	float alpha;
	uint32_t n_invocation, n_tokens;	/* tokens that invoke it, and that it brings */
	uint32_t signature;	/* enum workshop_signature */
	struct buf key_id, comment;	/* comment: the trusted one */
};

struct workshop_file {
	struct buf name;
	int fd;			/* owned after decoding */
};

/* Makes a package for the open model out of a PEFT folder's files or of one GGUF LoRA. One
 * package is checked and handed back as it is, with the signature behind it. */
struct workshop_import {
	struct workshop_file files[WORKSHOP_FILES_MAX];
	uint32_t n_files;
	int signature_fd;	/* a .minisig of the package, or -1; owned after decoding */
	/* The manifest's; empty where it has none. A package brings its own. */
	struct buf name, task, style, title, prompt;
	struct buf languages[WORKSHOP_LANGUAGES_MAX];
	uint32_t n_languages;
	float scale;
	uint32_t sequence;	/* 0: 1 */
};

#define WORKSHOP_IMPORT_NULL { .files = { [0 ... WORKSHOP_FILES_MAX - 1] = { .fd = -1 } }, \
			       .signature_fd = -1, .scale = 1.0f }

struct workshop_imported {
	struct ipc_defect defect;
	/* where there is none */
	int fd;			/* a sealed memfd with the package; owned after decoding */
	struct digest digest;	/* of its bytes */
	uint64_t bytes;
	struct buf manifest;	/* its text */
};

#define WORKSHOP_IMPORTED_NULL { .fd = -1 }

/* Checks a package, or a bare GGUF LoRA, against the open model, and proves its effect. */
struct workshop_prove {
	int fd;			/* owned after decoding */
	struct digest digest;	/* that the file must have */
	float scale;		/* of one without a manifest */
};

#define WORKSHOP_PROVE_NULL { .fd = -1, .scale = 1.0f }

/* As enum manifest_mismatch; the first one, of a manifest, where there is one. */
enum workshop_mismatch { WORKSHOP_FITS, WORKSHOP_WEIGHTS, WORKSHOP_TOKENIZER, WORKSHOP_TEMPLATE,
			 WORKSHOP_MISMATCH_COUNT };

/* As enum proof_verdict. */
enum workshop_verdict { WORKSHOP_GOOD, WORKSHOP_NO_EFFECT, WORKSHOP_HARMFUL,
			WORKSHOP_CANARY_MISMATCH, WORKSHOP_VERDICT_COUNT };

struct workshop_proved {
	struct ipc_defect defect;	/* the file cannot be used with the model at all */
	/* where there is none */
	uint32_t mismatch;	/* enum workshop_mismatch: if one, nothing was proven */
	uint32_t verdict;	/* enum workshop_verdict */
	float effect;		/* largest share of the logits' spread that it changes */
	float loss_base, loss_adapted;	/* nats per token of the probes */
	uint32_t n_canaries, canary;	/* canary: the first that failed */
	struct buf text;	/* the verdict as a sentence */
};

/* Encoders fill an initialised message: 0 or the error of ipc_put_…(). */
int workshop_put_open(struct ipc_message *m, const struct workshop_open *v);
int workshop_put_model(struct ipc_message *m, const struct workshop_model *v);
int workshop_put_inspect(struct ipc_message *m, const struct workshop_inspect *v);
int workshop_put_inspected(struct ipc_message *m, const struct workshop_inspected *v);
int workshop_put_import(struct ipc_message *m, const struct workshop_import *v);
int workshop_put_imported(struct ipc_message *m, const struct workshop_imported *v);
int workshop_put_prove(struct ipc_message *m, const struct workshop_prove *v);
int workshop_put_proved(struct ipc_message *m, const struct workshop_proved *v);

/* Decoders: 0; -EBADMSG for a message of another form or a value out of range; -ENOMEM. */
int workshop_get_open(struct ipc_message *m, struct workshop_open *v);
int workshop_get_model(struct ipc_message *m, struct workshop_model *v);
int workshop_get_inspect(struct ipc_message *m, struct workshop_inspect *v);
int workshop_get_inspected(struct ipc_message *m, struct workshop_inspected *v);
int workshop_get_import(struct ipc_message *m, struct workshop_import *v);
int workshop_get_imported(struct ipc_message *m, struct workshop_imported *v);
int workshop_get_prove(struct ipc_message *m, struct workshop_prove *v);
int workshop_get_proved(struct ipc_message *m, struct workshop_proved *v);

/* Release what a decoder or a builder put in, descriptors included. */
void workshop_open_deinit(struct workshop_open *v);
void workshop_model_deinit(struct workshop_model *v);
void workshop_inspect_deinit(struct workshop_inspect *v);
void workshop_inspected_deinit(struct workshop_inspected *v);
void workshop_import_deinit(struct workshop_import *v);
void workshop_imported_deinit(struct workshop_imported *v);
void workshop_prove_deinit(struct workshop_prove *v);
void workshop_proved_deinit(struct workshop_proved *v);
