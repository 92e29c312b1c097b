/* SPDX-License-Identifier: MIT */
/* What the programs see of their messages: these headers and no others of this folder. */
#pragma once

#include "assistantd/ipc/defect.h"
#include "assistantd/ipc/engine-protocol.h"
#include "assistantd/ipc/exec-protocol.h"
#include "assistantd/ipc/message.h"
#include "assistantd/ipc/tools-protocol.h"
#include "assistantd/ipc/train-protocol.h"
#include "assistantd/ipc/workshop-protocol.h"
