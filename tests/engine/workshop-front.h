/* SPDX-License-Identifier: MIT */
/* A workshop on a thread of its own, and the other end of its socket. Models and files are
 * those of tests/fixture.h. What goes wrong ends the test. */
#pragma once

#include <check.h>

#include "assistantd/ipc/ipc.h"
#include "tests/adapters/folder.h"
#include "tests/fixture.h"

/* Before and after each test: starts it; ends it, and it must have lived until then. */
void front_begin(void);
void front_end(void);
int front_socket(void);

/* Sends @m, which an encoder filled with the result @r, and puts the answer in its place. */
void front_ask(struct ipc_message *m, int r, uint32_t answer);

void front_expect(const struct ipc_defect *d, enum diag_code code, const char *what);

/* Opens a random model of that many layers, whose contents depend on @seed. */
struct identity front_open(uint32_t layers, uint64_t seed);
/* Descriptors stay the caller's, and what the answer holds becomes it. */
void front_open_fd(int fd, struct workshop_model *v);
void front_inspect(int fd, struct workshop_inspected *v);
void front_prove(int fd, struct workshop_proved *v);
void front_prove_as(int fd, const struct digest *digest, struct workshop_proved *v);
/* @name NULL: nothing is set, as for a package. */
void front_import(int fd, const char *name, struct workshop_imported *v);

/* The first @n files of a folder; @size: bytes that the last is made to have, 0: what it has. */
void front_import_folder(const struct folder *folder, size_t n, uint64_t size,
			 struct workshop_imported *v);

/* A LoRA for the models of front_open(), and a package of it for the one that is open. */
int front_lora(void);
int front_package(void);
