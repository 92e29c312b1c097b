/* SPDX-License-Identifier: MIT */
/* What other folders see of the model: these headers and no others of this folder. */
#pragma once

#include "base_model/chat.h"
#include "base_model/draft.h"
#include "base_model/family.h"
#include "base_model/gemm.h"
#include "base_model/gguf.h"
#include "base_model/gguf-write.h"
#include "base_model/identity.h"
#include "base_model/kernel-speed.h"
#include "base_model/likelihood.h"
#include "base_model/model.h"
#include "base_model/parts.h"
#include "base_model/pattern.h"
#include "base_model/peaks.h"
#include "base_model/pretokenize.h"
#include "base_model/quantize.h"
#include "base_model/sampler.h"
#include "base_model/stream.h"
#include "base_model/tokenizer.h"
#include "base_model/writer.h"
