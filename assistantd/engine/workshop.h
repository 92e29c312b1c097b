/* SPDX-License-Identifier: MIT */
/*
 * Looks at adapters before they serve: what they are, whether they fit a model, and what they
 * do to it. One question after the other (assistantd/ipc/workshop-protocol.h), on the caller's
 * thread; a bad file is an answer like any other.
 */
#pragma once

/* Answers what comes over @sock (not owned) until it is closed; models compute on @threads.
 * 0; the error of ipc_recv() or ipc_send(), -ENOMEM. */
int workshop_serve(int sock, unsigned threads);
