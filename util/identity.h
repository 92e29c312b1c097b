/* SPDX-License-Identifier: MIT */
/* What an adapter is bound to: the content of its base model, never a name or a path. */
#pragma once

#include "util/digest.h"

struct identity {
	struct digest weights;		/* of all tensors */
	struct digest tokenizer;	/* of all that cuts text into tokens */
	struct digest template;		/* of the chat template; of no bytes where there is none */
};
